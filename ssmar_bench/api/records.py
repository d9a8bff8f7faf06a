"""What was measured, as data frames."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd

from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.results.records import Runs, load_runs


def results(folder: Path | str = RESULTS, benchmark: str | None = None) -> pd.DataFrame:
    """Every run under ``folder/runs``, a row each.

    Args:
        folder: the one that ``run`` wrote in; without ``runs/`` in it there are no rows.
        benchmark: only the runs of this benchmark.

    Returns:
        Columns, accuracies in [0, 1], and all numbers NaN unless ``state`` is ``done``:

        - ``benchmark``, ``method``, ``label`` (as tables print it), ``variant`` (equal for runs that differ in ratio
          and seed alone), ``ratio``, ``seed``;
        - ``state`` (``done``, ``failed`` or ``unfinished``), ``reason`` (why it failed);
        - ``accuracy`` and every other metric of :data:`ssmar_bench.core.metrics.METRICS` by its key, on the test part
          with the last weights; the same with ``ema_`` before them for the averaged weights, and with ``validation_``
          for the validation part; NaN, too, in records that are older than the metric;
        - ``majority``: accuracy of always answering the most frequent class;
        - ``steps``, ``epochs``, ``clips_seen``, ``forward_passes``, ``parameters``, ``train_seconds``;
        - ``labelled``, ``unlabelled``, ``validation``, ``test``: clips of each part; ``never_labelled``: those of
          ``unlabelled`` that have no label anywhere; ``test_subjects`` (0: not known), ``classes``;
        - ``folder`` (the run's name), ``split`` (fingerprint of its split);
        - ``main`` (whether its setting is the one by which its method is known on its benchmark), ``mock``
          (whether its videos are), ``code`` (made by the method's code of ``today``, by ``other``, or ``unknown``),
          ``truth`` (digest of the labels that it was recorded with, "" in records of engine 1), ``ended`` (when
          its training did, in UTC; "" in older records).

    A damaged record is left out, with a warning that names its file.
    """
    loaded = _load(Path(folder))
    frame = loaded.runs if benchmark is None else loaded.of(benchmark)
    return frame.rename(columns=_plain).reset_index(drop=True)


def curves(folder: Path | str = RESULTS, benchmark: str | None = None) -> pd.DataFrame:
    """The curves of every finished run under ``folder/runs``: a row for each value of each epoch.

    Args:
        folder: the one that ``run`` wrote in.
        benchmark: only the runs of this benchmark.

    Returns:
        Columns ``benchmark``, ``method``, ``label``, ``variant``, ``ratio``, ``seed``, ``folder``, ``epoch`` (from 1),
        ``series``, ``quantity``, ``value``. Series ``train`` has the mean of each loss and the learning rate,
        ``validation`` its scores; ``online``, ``offline`` and ``full_pool`` have the number, share (``coverage``) and
        accuracy of pseudo-labels. Scores and shares are in [0, 1].

    A damaged record is left out, with a warning that names its file.
    """
    loaded = _load(Path(folder))
    wanted = sorted(set(loaded.runs["benchmark"])) if benchmark is None else [benchmark]
    frames = [loaded.curves(name).assign(benchmark=name) for name in wanted or [""]]
    texts = [column for column in frames[0].columns if isinstance(frames[0][column].dtype, pd.CategoricalDtype)]
    frame = pd.concat([one.astype(dict.fromkeys(texts, str)) for one in frames], ignore_index=True)
    return frame[["benchmark", *frame.columns.drop("benchmark")]]


def _load(folder: Path) -> Runs:
    loaded = load_runs(results_of(folder))
    for one in loaded.damage:
        warnings.warn(one.why, stacklevel=3)
    return loaded


def _plain(column: str) -> str:
    """A column's name for the user: scores are the test part's unless they say otherwise."""
    if column.startswith("test_"):
        return column.removeprefix("test_")
    return column.removeprefix("count_")
