"""The check of a method config and configuration: they say everything, once, with its source."""

from __future__ import annotations

from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.contract import HyperParameters
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.identity import canonical_json
from ssmar_bench.core.yaml_file import Document, validate
from ssmar_bench.testing.check import FailedError, register_check, require_that
from ssmar_bench.testing.method_under_test import MethodUnderTest


@register_check
def the_method_config_is_complete(examined: MethodUnderTest) -> None:
    """The method config has every hyper-parameter with a source and nothing else, and records can hold them all."""
    config = examined.algorithm.Config
    optional = sorted(key for key, info in config.model_fields.items() if not info.is_required())
    require_that(
        not optional, f"Config has defaults for {', '.join(optional)}; take them out: values are in the method config."
    )
    lacking = sorted(config.model_fields.keys() - examined.values.keys())
    require_that(
        not lacking, f"the method config lacks {', '.join(lacking)}; write 'KEY: {{value: ..., source: ...}}' for each."
    )
    unknown = sorted(examined.values.keys() - config.model_fields.keys())
    require_that(not unknown, f"the method config has {', '.join(unknown)}, which Config does not know; take them out.")
    read = _values(examined)
    plain = read.model_dump(mode="json")
    require_that(canonical_json(plain), "its values are no plain data.")
    require_that(
        config.model_validate(plain) == read,
        "its values are others after being written as JSON and read again, as a run does; use numbers and texts.",
    )
    if examined.method:
        method_config, source = method_configs.read_method_config(examined.method)
        for key in ("label", "citation"):
            require_that(
                getattr(method_config, key).strip(),
                f"{source.where((key,))}: {key} is empty; a table's reader needs it.",
            )


def _values(examined: MethodUnderTest) -> HyperParameters:
    """The validated values; a fault is reported with the method config's file and line, where there is one."""
    lines = {}
    if examined.method:
        _, source = method_configs.read_method_config(examined.method)
        lines = {place[1:]: line for place, line in source.lines.items() if place[:1] == ("hyperparameters",)}
    try:
        return validate(examined.algorithm.Config, Document(dict(examined.values), lines))
    except UserError as error:
        raise FailedError(str(error)) from error
