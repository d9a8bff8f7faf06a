"""What runs said of the test clips, and whether two methods differ by more than chance."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

from ssmar_bench.api.find_run import find_record
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.metrics import confusion_matrix
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.results import record_logs
from ssmar_bench.results.paired_test import LEVEL, correct_counts, paired_difference
from ssmar_bench.results.record_schema import Metrics, read_part
from ssmar_bench.results.records import Runs, load_runs


def predictions(run: Path | str, results: Path | str = RESULTS) -> pd.DataFrame:
    """What a finished run said of every test clip.

    Args:
        run: its folder, its name, or a start of names that one run alone has.
        results: the folder that ``run`` wrote in.

    Returns:
        Columns ``clip`` and ``subject`` (digests of their ids), ``label`` and ``prediction`` (names of classes),
        ``confidence`` (probability of the prediction, where the record holds it), ``correct``.

    Raises:
        UserError: no such run, several, one that is not finished or kept no predictions, or a damaged record.
    """
    found = find_record(run, results_of(results))
    frame = record_logs.predictions(found.record)
    if frame.empty:
        raise UserError(f"Run {found.name} has no predictions: it is not finished, or its record holds none.")
    names = dict(enumerate(read_part(Metrics, found.record / "metrics.json").classes))
    named = {column: frame[column].map(names) for column in ("label", "prediction")}
    return frame.assign(correct=frame["label"] == frame["prediction"], **named)


def confusion(run: Path | str, results: Path | str = RESULTS) -> pd.DataFrame:
    """Test clips of a finished run by true class (rows) and predicted class (columns), in the benchmark's order.

    Arguments and errors as in :func:`predictions`.
    """
    found = find_record(run, results_of(results))
    frame = predictions(run, results)
    classes = read_part(Metrics, found.record / "metrics.json").classes
    label, prediction = (pd.Categorical(frame[name], classes).codes for name in ("label", "prediction"))
    counts = confusion_matrix(label.astype(np.int64), prediction.astype(np.int64), len(classes))
    return pd.DataFrame(counts, index=pd.Index(classes, name="label"), columns=pd.Index(classes, name="prediction"))


def compare(one: str, other: str, results: Path | str = RESULTS, benchmark: str | None = None) -> pd.DataFrame:
    """Accuracy of one method minus another's, paired by seed, with seeds and subjects resampled.

    Each is taken under the setting by which it is known on the benchmark (``main`` in ``api.results``).

    Args:
        one: a method's name.
        other: another one's.
        results: the folder that ``run`` wrote in.
        benchmark: only on this one; None for all on which both have runs.

    Returns:
        A row a benchmark and labelled ratio: ``benchmark``, ``ratio``, ``difference`` in [-1, 1], ``std`` over seeds,
        ``error`` (standard error over seeds and subjects), ``p`` (two-sided, before any correction for several
        comparisons), ``seeds`` that both have, ``significant`` (``yes``, ``no``, or ``not tested`` with fewer than
        five common seeds or eight test subjects).

    Raises:
        UserError: a method without finished runs, no benchmark and ratio with a seed that both have, or a damaged
            record.
    """
    loaded = load_runs(results_of(results))
    rows = []
    frames = [_of(loaded, name, benchmark) for name in (one, other)]
    for key, own in frames[0].groupby(["benchmark", "ratio"]):
        theirs = frames[1][(frames[1]["benchmark"] == key[0]) & (frames[1]["ratio"] == key[1])]
        if theirs.empty:
            continue
        found = paired_difference(correct_counts(loaded, own), correct_counts(loaded, theirs))
        if found is not None:
            said = "not tested" if math.isnan(found.p) else "yes" if found.p < LEVEL else "no"
            rows.append((*key, found.mean, found.std, found.error, found.p, found.seeds, said))
    if not rows:
        raise UserError(f"{one} and {other} have no finished runs on one benchmark with one ratio and one seed.")
    columns = ["benchmark", "ratio", "difference", "std", "error", "p", "seeds", "significant"]
    return pd.DataFrame(rows, columns=columns)


def _of(loaded: Runs, method: str, benchmark: str | None) -> pd.DataFrame:
    """The finished runs of a method under its main setting."""
    done = loaded.runs[(loaded.runs["state"] == "done") & loaded.runs["main"].astype(bool)]
    if benchmark is not None:
        done = done[done["benchmark"] == benchmark]
    rows = done[done["method"].str.casefold() == method.casefold()]
    if rows.empty:
        where = f" on {benchmark}" if benchmark else ""
        raise UserError(f"There is no finished run of {method}{where}{nearest(method, set(done['method']))}")
    return rows
