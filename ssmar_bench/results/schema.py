"""What a finished run's record must hold; a file that does not is named in a :class:`UserError`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json

Model = TypeVar("Model", bound=BaseModel)


class Part(BaseModel):
    """Base of every part: frozen, finite numbers; keys of later versions are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Scores(Part):
    """Three scores in [0, 1]."""

    accuracy: float = Field(ge=0, le=1)
    macro_f1: float = Field(ge=0, le=1)
    balanced_accuracy: float = Field(ge=0, le=1)


class Counts(Part):
    """Clips of each part, and people of the test part."""

    labelled: int = Field(ge=0)
    unlabelled: int = Field(ge=0)
    validation: int = Field(ge=0)
    test: int = Field(ge=0)
    test_people: int = Field(ge=0)


class Metrics(Part):
    """``record/metrics.json``."""

    identity: str
    label: str
    classes: list[str]
    counts: Counts
    validation: Scores
    test: Scores
    test_ema: Scores
    majority: float = Field(ge=0, le=1)
    steps: int = Field(ge=0)
    epochs: int = Field(ge=0)
    clips_seen: int = Field(ge=0)
    clips_forwarded: int = Field(ge=0)
    parameters: int = Field(ge=0)
    counterfeit: bool = False
    truth: str = ""


class Timings(Part):
    """``record/timings.json``, the only file that two machines write differently."""

    train_seconds: float = Field(ge=0)


def damaged(path: Path, why: str) -> UserError:
    """The error of a record that cannot be used; it says which file and what to do."""
    return UserError(f"{path}: damaged record: {why}; restore the file, or remove the run's folder and run it again.")


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in ``path``.

    Raises:
        UserError: names ``path``, if it cannot be read or is not an object.
    """
    try:
        value = read_json(path)
    except (OSError, ValueError) as error:
        raise damaged(path, f"it cannot be read as JSON ({error})") from error
    if not isinstance(value, dict):
        raise damaged(path, "expected a JSON object")
    return value


def read_part(model: type[Model], path: Path) -> Model:
    """``path`` as a ``model``.

    Raises:
        UserError: names ``path`` and the first key that does not fit.
    """
    try:
        return model.model_validate(read_object(path))
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise damaged(path, f"{key}: {fault['msg'][0].lower()}{fault['msg'][1:]}") from error
