"""The check of hyper-parameters: two methods that differ in one of them run side by side until they part."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from ssmar_bench.core.contract import Method
from ssmar_bench.testing.check import register_check, require_that
from ssmar_bench.testing.method_under_test import MethodUnderTest, end_training, equal_states, start_epoch

ADVICE = {
    "loss": "use it in loss(), or declare where it acts: Annotated[..., Acts('prediction')] and its like",
    "round": "use it in epoch_start() or train_end(), or declare where it acts",
    "prediction": "use it in predict() alone, or declare where it acts",
    "schedule": "it must act at one point of the run and not at another, with the same weights",
}


def other_values(info: FieldInfo, value: Any) -> Iterator[Any]:
    """Values to compare ``value`` with, that its type and bounds suggest; the most different first."""
    for kind in (info.annotation, *get_args(info.annotation)):
        if get_origin(kind) is Literal:
            yield from (choice for choice in get_args(kind) if choice != value)
    if isinstance(value, bool):
        yield not value
        return
    notes = info.metadata
    bounds = [getattr(note, end) for note in notes for end in ("ge", "gt", "le", "lt") if hasattr(note, end)]
    numeric = next(
        (kind for kind in (Fraction, float, int) if kind in (info.annotation, *get_args(info.annotation))), None
    )
    if numeric is None:
        return
    optional = NoneType in get_args(info.annotation)
    if value is None:
        yield from (numeric(candidate) for candidate in (Fraction(1, 2), 1, 3))
        return
    number = numeric(value)
    whole = numeric is int
    yield from (bound for bound in bounds if bound != number)
    yield from (
        number * 4,
        number // 2 if whole else number / 2,
        number + 1,
        number + (1 - number) / 2 if not whole else 0,
    )
    if optional:
        yield None


def candidate_subjects(examined: MethodUnderTest, name: str) -> Iterator[MethodUnderTest]:
    """The subject with other values of hyper-parameter ``name`` that its Config accepts, three at most."""
    declared = examined.fields()[name].other
    info = examined.algorithm.Config.model_fields[name]
    found = 0
    for value in [declared] if declared is not None else other_values(info, examined.values[name]):
        changed = examined.under(**{name: value})
        try:
            config = examined.algorithm.Config.model_validate(dict(changed.values))
            if examined.algorithm.check is not Method.check:
                changed.build().check(examined.tiny.epochs)
        except ValueError:
            continue
        if getattr(config, name) != getattr(examined.algorithm.Config.model_validate(dict(examined.values)), name):
            yield changed
            found += 1
        if found == 3:
            return


def first_difference(one: MethodUnderTest, other: MethodUnderTest) -> tuple[str, int] | None:
    """Where two runs first differ, and in which epoch: ``loss``, ``round`` or ``prediction``; None if nowhere."""
    tiny = one.tiny
    methods = [examined.build() for examined in (one, other)]

    def alike() -> bool:
        return equal_states(*(method.state_dict() for method in methods))

    for epoch in range(tiny.epochs):
        before = alike()
        for method in methods:
            start_epoch(method, tiny, epoch)
        if before and not alike():
            return "round", epoch
        if epoch % 2:
            continue  # two steps in every other epoch, because some memories last for an epoch alone
        losses = [one.train(method, epoch, 2, first=epoch, rate=0.01) for method in methods]
        if not all(equal_states(a.terms, b.terms) for a, b in zip(*losses, strict=True)):
            return "loss", epoch
    if not equal_states(*(one.predict(method) for method in methods)):
        return "prediction", tiny.epochs
    before = alike()
    for method in methods:
        end_training(method, tiny)
    if before and not alike():
        return "round", tiny.epochs
    return None if equal_states(*(one.predict(method) for method in methods)) else ("prediction", tiny.epochs)


def agree_somewhere(one: MethodUnderTest, other: MethodUnderTest) -> bool:
    """Whether there is an epoch in which untrained methods have the same loss."""
    return any(
        equal_states(*(examined.loss(examined.at(epoch), epoch, 1).terms for examined in (one, other)))
        for epoch in (0, one.tiny.epochs // 2, one.tiny.epochs - 1)
    )


def acts_where_declared(one: MethodUnderTest, other: MethodUnderTest, on: str) -> bool:
    """Whether the difference between two subjects is first seen where it is declared."""
    found = first_difference(one, other)
    if found is None or on != "schedule":
        return found is not None and found[0] == on
    where, epoch = found
    return where != "prediction" and (epoch > 0 or agree_somewhere(one, other))


@register_check
def every_hyper_parameter_acts_where_it_says(examined: MethodUnderTest) -> None:
    """Every hyper-parameter has an effect, first seen where its field declares it."""
    for name, declared in examined.fields().items():
        base = examined.on(sharp=True, unlabelled=40).under(**declared.when)
        changes = candidate_subjects(base, name)
        if declared.on == "nowhere":
            acting = any(first_difference(base, changed) is not None for changed in islice(changes, 1))
            require_that(not acting, f"'{name}' declares that it acts nowhere, and it acts; declare where.")
            continue
        tried, seen = [], False
        for changed in changes:
            tried.append(repr(changed.values[name]))
            if seen := acts_where_declared(base, changed, declared.on):
                break
        require_that(tried, f"'{name}': no other value to compare with was found; declare Acts(other=...).")
        sentence = (
            f"'{name}' declares that it acts on the {declared.on}, and nothing of it is seen there when "
            f"{base.values[name]!r} becomes {', '.join(tried)}; {ADVICE[declared.on]}."
        )
        require_that(seen, sentence)
