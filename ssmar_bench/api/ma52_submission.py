"""Predictions as the owners of MA-52 take them for their hidden test part: ``prediction.csv`` in a zip file.

The format is that of the README of their repository (``mar_scripts``, "Codabench Submission"): a row a clip with its
file name, its five most probable actions and its five most probable parts of the body, as ids; the file in the zip file
without a folder around it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ssmar_bench.api.video_predictions import Prediction, require_new_file
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import write_bytes
from ssmar_bench.sources.published_facts import read_facts

TOP = 5
INSIDE = "prediction.csv"
COLUMNS = ("vid", *(f"{kind}_pred_{place}" for kind in ("action", "body") for place in range(1, TOP + 1)))


def class_ids(classes: Sequence[str]) -> dict[str, int]:
    """MA-52's id of each class of a model, by its name in the owners' list.

    Raises:
        UserError: a class is none of MA-52's.
    """
    of_name = {name.casefold(): label for label, name in read_facts("ma52.yaml").names.items()}
    unknown = [name for name in classes if name.casefold() not in of_name]
    if unknown:
        raise UserError(
            f"--format ma52: '{unknown[0]}' is no class of MA-52; give a run that was trained on a benchmark of MA-52."
        )
    return {name: of_name[name.casefold()] for name in classes}


def submission_csv(predictions: Iterable[Prediction], classes: Sequence[str]) -> str:
    """The owners' table, a row a clip, by file name.

    The probability of a part of the body is the sum of those of its actions. What a model does not know has
    probability 0; equal ones stand in the order of their ids.

    Args:
        predictions: with the probabilities of all classes.
        classes: of the model.

    Raises:
        UserError: a class is none of MA-52's, a video could not be read, or two have the same name.
    """
    ids, facts = class_ids(classes), read_facts("ma52.yaml")
    parts = list(dict.fromkeys(facts.groups[label] for label in sorted(facts.groups)))
    part_of = {label: parts.index(group) for label, group in facts.groups.items()}
    rows: dict[str, list[int]] = {}
    for one in sorted(predictions, key=lambda prediction: prediction.video.name):
        if one.problem:
            raise UserError(f"{one.video}: {one.problem}; a submission needs every clip, so nothing was written.")
        if one.video.name in rows:
            raise UserError(f"{one.video}: another video has the same name; a submission knows clips by their names.")
        action = dict.fromkeys(facts.names, 0.0) | {ids[name]: share for name, share in one.ranked}
        body = dict.fromkeys(range(len(parts)), 0.0)
        for label, share in action.items():
            body[part_of[label]] += share
        rows[one.video.name] = [*_most_probable(action), *_most_probable(body)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([name, *row] for name, row in rows.items())
    return text.getvalue()


def _most_probable(shares: Mapping[int, float]) -> list[int]:
    return sorted(shares, key=lambda label: (-shares[label], label))[:TOP]


def places(out: Path) -> tuple[Path, Path]:
    """The table and the zip file that ``--out`` stands for.

    Raises:
        UserError: it ends in neither ``.zip`` nor ``.csv``, or one of them exists or cannot be written.
    """
    if out.suffix.lower() not in (".zip", ".csv"):
        raise UserError(f"--out {out}: a submission is a .zip file; give a name that ends in .zip.")
    both = out.with_suffix(".csv"), out.with_suffix(".zip")
    for path in both:
        require_new_file(path, f"--out {path}")
    return both


def write_submission(out: Path, text: str) -> tuple[Path, Path]:
    """Write the table, and the zip file with it as ``prediction.csv``; where they are.

    Raises:
        UserError: as :func:`places`, or the disk is full.
    """
    table, archive = places(out)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(INSIDE), text)  # of no date: equal predictions are equal files
    try:
        write_bytes(table, text.encode())
        write_bytes(archive, packed.getvalue())
    except OSError as error:
        raise UserError(f"--out {out} cannot be written ({error.strerror or error}); give another file.") from error
    return table, archive


def clips_note(count: int) -> str:
    """A sentence where a submission has another number of clips than the hidden test part; else ""."""
    whole = read_facts("ma52.yaml").clips["test"]
    return (
        "" if count == whole else f"The hidden test part of MA-52 has {whole:,} clips; this submission has {count:,}."
    )
