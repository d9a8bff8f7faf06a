"""The section ``parts`` of a benchmark config: from which clips a split is made, and how."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, ValidationInfo, field_validator, model_validator

from ssmar_bench.core.config_section import Section


class CarvedTest(Section):
    """A test part of our own, carved out of the training parts in the order of hashes; one of the two fields is given.

    Attributes:
        clips_per_class: that many clips of every class; 0 for none.
        subjects: whole subjects, until they hold this share of the clips; 0 for none.
    """

    clips_per_class: StrictInt = Field(default=0, ge=0)
    subjects: float = Field(default=0, ge=0, lt=1)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.clips_per_class) == bool(self.subjects):
            raise ValueError("give either clips_per_class or subjects")
        return self


class SplitConfig(Section):
    """Which clips are trained, validated and tested on, and how the labelled ones are chosen.

    Nothing of this enters a run's identity but by the split that comes out of it.

    Attributes:
        train: the source's official parts that are trained on.
        carved_test: a test part carved out of ``train``, where the official parts are not tested on.
        test: the source's official parts that are tested on; empty with ``carved_test``.
        unlabelled: parts of which the clips without any label are trained on, too, at every ratio.
        validation: share of the clips in ``train`` that are validated on.
        validation_by: whether whole subjects or single clips are held out for it.
        labelled_by: ``clip`` labels the ratio of each class; ``subject`` labels everything of some subjects and nothing
            of the others, so that the ratio holds for all classes together and only nearly.
        labelled_per_class: this many labelled clips of every class whatever its size; 0 labels by ratio, and any
            other number needs the one ratio that it amounts to.
    """

    train: list[str] = Field(min_length=1)
    carved_test: CarvedTest | None = None
    test: list[str] = Field(default_factory=list, validate_default=True)
    unlabelled: list[str] = Field(default_factory=list)
    validation: float = Field(gt=0, lt=1)
    validation_by: Literal["subject", "clip"]
    labelled_by: Literal["clip", "subject"] = "clip"
    labelled_per_class: Annotated[StrictInt, Field(ge=0)] = 0

    @field_validator("test")
    @classmethod
    def _either_official_or_carved(cls, test: list[str], info: ValidationInfo) -> list[str]:
        carved = info.data.get("carved_test") is not None
        if carved == bool(test):
            raise ValueError("write test: [] beside carved_test" if carved else "name the parts that are tested on")
        both = sorted({*test} & {*info.data.get("train", [])})
        if both:
            raise ValueError(f"'{both[0]}' is trained on")
        return test

    @field_validator("labelled_per_class")
    @classmethod
    def _not_by_subject(cls, count: int, info: ValidationInfo) -> int:
        if count and info.data.get("labelled_by") == "subject":
            raise ValueError("subjects cannot be labelled by a number of clips of every class; use labelled_by: clip")
        return count
