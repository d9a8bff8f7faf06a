"""Turns a finished run's working files into its record, by joining them with the truth."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssmar_bench.core import digests, method_facts
from ssmar_bench.core.files import json_bytes, write_changed
from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.core.metrics import accuracy_at_coverage, scores
from ssmar_bench.core.run_folder import ENDED, HISTORY, RunFolder
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.split import GroundTruth, Split, salted_id
from ssmar_bench.runs import pseudo_label_history
from ssmar_bench.runs.environment import environment
from ssmar_bench.runs.run_facts import RunFacts
from ssmar_bench.training import pseudo_label_log

COVERAGES = (10, 25, 50, 75)
LOGGED = ["series", "clip", "label", "pseudo_label", "weight", "confidence"]
"""Columns of what is said of pseudo-labels."""
Array = npt.NDArray[Any]


def pseudo_label_rows(series_by_name: dict[str, dict[str, Array]], truth: Array, epoch: int) -> list[tuple[Any, ...]]:
    """Curve rows (epoch, series, quantity, value) of one epoch's pseudo-label log, joined with the true labels.

    Accuracies are of the clips whose label is known; where none is, there is no such row.
    """
    rows: list[tuple[Any, ...]] = []
    for series, fields in sorted(series_by_name.items()):
        true, used = truth[fields["index"]], fields["weight"] > 0
        values = {"clips": float(len(true)), "coverage": float(used.mean())}
        known = true != UNKNOWN
        if known.any():
            correct, confidence, used = (fields["label"] == true)[known], fields["confidence"][known], used[known]
            values["accuracy"] = float(correct.mean())
            if used.any():
                values["accuracy_selected"] = float(correct[used].mean())
            for percent in COVERAGES:
                values[f"accuracy_at_{percent}"] = accuracy_at_coverage(correct, confidence, percent / 100)
        rows += [(epoch, series, quantity, value) for quantity, value in values.items()]
    return rows


def _csv(frame: pd.DataFrame) -> bytes:
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, float_format="%.6g", lineterminator="\n")
    return buffer.getvalue().encode()


def _predictions(spec: RunSpec, split: Split, truth: GroundTruth, arrays: dict[str, Array]) -> pd.DataFrame:
    names = [truth.subject[clip] for clip in split.test]
    return pd.DataFrame(
        {
            "clip": [salted_id(spec.benchmark, clip) for clip in split.test],
            "subject": [salted_id(spec.benchmark, name) if name else "" for name in names],
            "label": [truth.label[clip] for clip in split.test],
            "prediction": arrays["test"].argmax(1),
            "confidence": np.round(arrays["test"].max(1).astype(float), 4),
            "prediction_ema": arrays["test_ema"].argmax(1),
        }
    ).sort_values("clip", ignore_index=True)  # the order of training would tell whose label is where


def _pseudo_labels(ids: Sequence[str], truth: Array, last: dict[str, dict[str, Array]]) -> pd.DataFrame:
    names = np.array(ids)
    frames = [
        pd.DataFrame(
            {
                "series": series,
                "clip": names[fields["index"]],
                "label": truth[fields["index"]],
                "pseudo_label": fields["label"],
                "weight": fields["weight"],
                "confidence": np.round(fields["confidence"].astype(float), 4),
            },
            columns=LOGGED,
        )
        for series, fields in sorted(last.items())
    ]
    if not frames:
        return pd.DataFrame()
    return pd.concat(frames).sort_values(["series", "clip"], kind="stable", ignore_index=True)


def write_record(
    folder: RunFolder,
    label: str,
    split: Split,
    truth: GroundTruth,
    left_out: Mapping[str, str] | None = None,
    videos: str = "",
    given: tuple[str, str] = ("", ""),
    facts: RunFacts | None = None,
) -> None:
    """Write the record of a run whose training has ended, all at once; ``metrics.json`` last, since it means done.

    Args:
        folder: the run's folder; the caller holds its lease.
        label: the method config's name in tables.
        split: the run's split, with the source's ids.
        truth: labels and subjects of all clips of the benchmark, and whether they are a mock data set's.
        left_out: why clips of the benchmark are in no part of the split, by their ids.
        videos: digest of the video files' sizes.
        given: paths of the files of benchmark and method, where they are known by files and not by name.
        facts: of the grid's runs.
    """
    spec = folder.spec()
    split = split.in_opaque_order()  # as the training process had it
    outcome = json.loads(folder.kept(ENDED))
    with np.load(io.BytesIO(folder.kept("predictions.npz")), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    unlabelled = np.array([truth.label[clip] for clip in split.unlabelled], dtype=np.int64)
    rows = [tuple(row) for row in outcome["curve"]]
    ids = [salted_id(spec.benchmark, clip) for clip in split.unlabelled]
    followed = pseudo_label_history.clips_to_follow(ids, unlabelled)
    history: list[tuple[Any, ...]] = []
    last: dict[str, dict[str, Array]] = {}
    for epoch in range(1, outcome["epochs"] + 1):
        last = pseudo_label_log.read_pseudo_label_log(folder.kept(pseudo_label_log.name_of(epoch)))
        rows += pseudo_label_rows(last, unlabelled, epoch)
        history += pseudo_label_history.epoch_rows(epoch, last, followed)
    curves = pd.DataFrame(rows, columns=["epoch", "series", "quantity", "value"])
    seconds = outcome["epoch_seconds"]
    timings = {
        "train_seconds": sum(seconds),
        "epochs": [round(value, 3) for value in seconds],
        **({"ended": outcome["ended"]} if "ended" in outcome else {}),
    }
    metrics = _metrics(spec, label, split, truth, outcome, arrays)
    if left_out:
        metrics["left_out"] = {salted_id(spec.benchmark, clip): why for clip, why in left_out.items()}
    if truth.mock:
        metrics["mock"] = True
    metrics |= {"truth": truth.digest(split.clips()), "videos": videos}
    files = {
        "spec.json": (folder.record / "spec.json").read_bytes(),
        "curves.csv": _csv(curves.sort_values(["epoch", "series", "quantity"])),
        "predictions.csv": _csv(_predictions(spec, split, truth, arrays)),
        "pseudo_labels.csv": _csv(_pseudo_labels(ids, unlabelled, last)),
        "environment.json": json_bytes(environment(spec.algorithm, outcome)),
        method_facts.FILE: (facts or RunFacts()).content(spec, label, given),
        "timings.json": json_bytes(timings),
        "metrics.json": json_bytes(metrics),
    }
    if history:
        files[HISTORY] = _csv(pd.DataFrame(history, columns=["epoch", *LOGGED]))
    digests.write_files(folder.record, files)


def write_facts(folder: RunFolder, spec: RunSpec, label: str, given: tuple[str, str], facts: RunFacts) -> None:
    """Write what tables need to know of the method, also of a run that will fail; the caller holds the lease.

    Raises:
        UserError: it cannot be written.
    """
    path = folder.record / method_facts.FILE
    try:
        write_changed(path, facts.content(spec, label, given))
    except OSError as error:
        raise digests.unwritable(path, error) from error


def _metrics(
    spec: RunSpec, label: str, split: Split, truth: GroundTruth, outcome: dict[str, Any], arrays: dict[str, Array]
) -> dict[str, Any]:
    classes = len(split.classes)
    known = {part: np.array([truth.label[clip] for clip in getattr(split, part)]) for part in ("validation", "test")}
    train = Counter(truth.label[clip] for clip in (*split.labelled, *split.unlabelled))
    del train[UNKNOWN]
    most = min(train.items(), key=lambda item: (-item[1], item[0]))[0]
    return {
        "identity": spec.identity(),
        "label": label,
        "classes": list(split.classes),
        "counts": {
            **{part: len(getattr(split, part)) for part in ("labelled", "unlabelled", "validation", "test")},
            **({"never_labelled": len(split.never_labelled)} if split.never_labelled else {}),
            "test_subjects": len({truth.subject[clip] for clip in split.test} - {""}),
        },
        **{
            name: scores(known[name.removesuffix("_ema")], values.argmax(1), classes)
            for name, values in arrays.items()
            if "/" not in name
        },
        **_heads(known, arrays, classes),
        "majority": float((known["test"] == most).mean()),
        **{key: outcome[key] for key in ("steps", "epochs", "clips_seen", "forward_passes", "parameters")},
        **({"resolved": outcome["resolved"]} if outcome.get("resolved") else {}),
    }


def _heads(known: Mapping[str, Array], arrays: Mapping[str, Array], classes: int) -> dict[str, Any]:
    """``heads``: the scores of each of a method's heads by part, where it has several."""
    heads: dict[str, dict[str, dict[str, float]]] = {}
    for name, values in arrays.items():
        part, _, head = name.partition("/")
        if head:
            heads.setdefault(head, {})[part] = scores(known[part], values.argmax(1), classes)
    return {"heads": heads} if heads else {}
