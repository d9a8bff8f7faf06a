"""What a finished run's record must hold; a file that does not is named in a :class:`UserError`."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from ssmar_bench.core import metrics
from ssmar_bench.core.files import LARGEST, parse_json
from ssmar_bench.core.printable import Line, odd_sign, shortened
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.damaged_record import damaged_record
from ssmar_bench.results.record_place import RecordPlace

Model = TypeVar("Model", bound=BaseModel)

DEPTH = 16
"""Levels of a record's JSON."""


class RecordModel(BaseModel):
    """Base of every part: frozen, nothing converted, finite numbers; keys of later versions are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


MOST = 2**53
"""Whole numbers up to it are numbers of a table, too."""
Count = Annotated[int, Field(ge=0, le=MOST)]
Share = Annotated[float, Field(ge=0, le=1)]
Ratio = Annotated[float, Field(gt=0, le=1)]
Name = Annotated[Line, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=200)]
Label = Annotated[Line, Field(min_length=1, max_length=200)]


def _known_scores(value: Any) -> Any:
    """The known metrics of a part, in their order."""
    return {key: value[key] for key in metrics.metric_keys() if key in value} if isinstance(value, dict) else value


def _check_scores(values: dict[str, float]) -> dict[str, float]:
    """Every metric is within its bounds; all but the first may be younger than the record, and are then not there."""
    first = metrics.METRICS[0].key
    if first not in values:
        raise PydanticCustomError("score", "{key}: field required", {"key": first})
    for metric in metrics.METRICS:
        if not metric.low <= values.get(metric.key, metric.low) <= metric.high:
            raise PydanticCustomError(
                "score",
                "{key}: input should be within {low:g} and {high:g}",
                {"key": metric.key, "low": metric.low, "high": metric.high},
            )
    return values


Scores = Annotated[dict[str, float], BeforeValidator(_known_scores), AfterValidator(_check_scores)]
"""Metric -> value on one part."""


class Counts(RecordModel):
    """Clips of each part, those of ``unlabelled`` that have no label anywhere, and subjects of the test part.

    0 subjects: they are not known.
    """

    labelled: Count
    unlabelled: Count
    never_labelled: Count = 0
    validation: Count
    test: Count
    test_subjects: Count


class Metrics(RecordModel):
    """``record/metrics.json``."""

    identity: Line
    label: Label
    classes: list[Label] = Field(min_length=2)
    counts: Counts
    validation: Scores
    validation_ema: Scores | None = None
    test: Scores
    test_ema: Scores
    majority: Share
    steps: Count
    epochs: int = Field(ge=0, le=1_000_000)
    clips_seen: Count
    forward_passes: Count
    parameters: Count
    mock: bool = False
    truth: str = ""


class MethodFacts(RecordModel):
    """``record/method.json``: what tables need to know of the method, as :mod:`ssmar_bench.core.method_facts` has it.

    Attributes:
        departures: settings that are not the method config's on the benchmark config; None: nobody knows.
        profile, beyond_profile: the profile that explains most of them, "" for none, and the settings that it does not.
    """

    label: Label
    initial_weights: Line
    citation: str = ""
    departures: dict[str, Any] | None = None
    profile: Line = ""
    beyond_profile: dict[str, Any] = Field(default_factory=dict)
    benchmark_seeds: list[int] = Field(default_factory=list)

    @property
    def departures_text(self) -> str:
        """``small, train.epochs = 6``: the profile, and the settings that depart from it; "" for the defaults."""
        settings = self.beyond_profile if self.profile else self.departures or {}
        return ", ".join([*filter(None, [self.profile]), *(f"{key} = {value}" for key, value in settings.items())])

    def is_default(self, network: str = "", wanted: str | None = None) -> bool:
        """Whether nothing departs from the defaults, but for the ``network`` if it is the ``wanted`` one."""
        if self.departures is None or (wanted is not None and network != wanted):
            return False
        return set(self.departures) <= (set() if wanted is None else {"backbone.name"})


class Timings(RecordModel):
    """``record/timings.json``: with ``environment.json`` what another training writes differently.

    Attributes:
        train_seconds: of the training.
        ended: when the training ended, in UTC as ``2026-11-26T12:00:00Z``; "" in older records.
    """

    train_seconds: float = Field(ge=0, le=1e12)
    ended: Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$")] = ""


class Environment(RootModel[dict[str, str]]):
    """``record/environment.json``."""

    model_config = ConfigDict(frozen=True, strict=True)


class SourceSection(RecordModel):
    """What a report reads of a spec's ``source``."""

    name: Label


class BackboneSection(RecordModel):
    """What a report reads of a spec's ``backbone``."""

    name: Label
    weights: Line
    input: Label


def _spec_model() -> type[BaseModel]:
    """Every field of :class:`RunSpec`, with names that can be shown."""
    kinds: dict[Any, Any] = {str: Line, int: Count}
    own: dict[str, Any] = {
        "benchmark": Name,
        "method": Name,
        "ratio": Ratio,
        "source": SourceSection,
        "backbone": BackboneSection,
    }
    hints = get_type_hints(RunSpec)
    found: dict[str, Any] = {
        field.name: (
            own.get(field.name, kinds.get(hints[field.name], hints[field.name])),
            ... if field.default is MISSING else field.default,
        )
        for field in fields(RunSpec)
    }
    return create_model("Spec", __config__=ConfigDict(strict=True, extra="forbid", allow_inf_nan=False), **found)


Spec = _spec_model()
"""``record/spec.json``."""

OWN = ("benchmark", "split", "ratio", "seed")
"""Keys of a spec in which most runs of one method differ."""

OwnOfSpec = create_model(
    "OwnOfSpec", __base__=RecordModel, benchmark=(Name, ...), split=(Line, ...), ratio=(Ratio, ...), seed=(Count, ...)
)
"""Those keys alone."""


OTHER_CLIPS = "its test clips are not those of the other seeds"


def there(path: RecordPlace) -> bool:
    """Whether there is anything of this name; a link that leads nowhere is."""
    return path.is_symlink() or path.exists()


def require_file(path: RecordPlace) -> None:
    """Make sure that ``path`` is a file: no link, no folder, no pipe.

    Raises:
        UserError: it is something else, or not there.
    """
    if path.is_symlink():
        raise damaged_record(path, "it is a symbolic link")
    if not path.is_file():
        raise damaged_record(path, "it is no file" if path.exists() else "it is missing")


def read_object(path: RecordPlace) -> dict[str, Any]:
    """The JSON object in ``path``.

    Raises:
        UserError: names ``path``, if it cannot be read, is not an object, or holds text that is not printable.
    """
    data = b""
    try:
        data = _read_bytes(path)
        value = parse_json(data)
    except (OSError, ValueError) as error:
        raise damaged_record(path, f"it cannot be read as JSON ({error})") from error
    if not isinstance(value, dict):
        raise damaged_record(path, "expected a JSON object")
    if not _is_plain(data):
        _require_plain(value, path, DEPTH)
    return value


def _read_bytes(path: RecordPlace) -> bytes:
    """The content of a file that may be a JSON text.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large.
        UserError: it is no file, or missing.
    """
    require_file(path)
    if isinstance(path, Path) and path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")
    return path.read_bytes()


def _is_plain(data: bytes) -> bool:
    """Whether a JSON text can be seen at once to hold printable text alone, and few levels."""
    if not data or b"\\" in data or data.count(b"{") + data.count(b"[") > DEPTH:
        return False
    return not odd_sign(data.decode(), lines=True)


def _require_plain(value: Any, path: RecordPlace, depth: int) -> None:
    if not depth:
        raise damaged_record(path, f"it is nested deeper than {DEPTH} levels")
    if isinstance(value, str) and (sign := odd_sign(value, lines=True)):
        raise damaged_record(path, f"expected printable text, found the sign {sign}")
    for inner in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        _require_plain(inner, path, depth - 1)


def read_part(model: type[Model], path: RecordPlace) -> Model:
    """``path`` as a ``model``.

    Raises:
        UserError: names ``path`` and the first key that does not fit.
    """
    try:
        kept: Model | None = _known(model, _read_bytes(path))  # the same text is in many records
        return kept if kept is not None else model.model_validate(read_object(path))
    except (OSError, ValueError) as error:
        if not isinstance(error, ValidationError):
            raise damaged_record(path, f"it cannot be read as JSON ({error})") from error
        fault = error.errors()[0]
        key = shortened(".".join(str(part) for part in fault["loc"]))
        raise damaged_record(path, f"{key}: {fault['msg'][0].lower()}{fault['msg'][1:]}") from error


@lru_cache(maxsize=4096)
def _known(model: type[Model], data: bytes) -> Model | None:
    """A plain text as a ``model``; None where it must be looked at closely."""
    try:
        return model.model_validate(parse_json(data)) if _is_plain(data) else None
    except ValueError:
        return None
