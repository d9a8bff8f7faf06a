"""All checks as a pytest test of your own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ssmar_bench.core import catalog
from ssmar_bench.testing.check import examine, ordered_checks
from ssmar_bench.testing.method_under_test import MethodUnderTest


def conformance(method: str, plugin: str | Path | None = None) -> Callable[[str], None]:
    """All checks as one pytest test with a case each; assign it to a name that begins with ``test``.

    Args:
        method: the method's name, or the path of its method config.
        plugin: the file that brings it, where it is not installed.
    """
    import pytest

    @pytest.mark.parametrize("check", ordered_checks())
    def test(check: str) -> None:
        if plugin is not None:
            catalog.use_plugin_file(Path(plugin))
        outcome = examine(MethodUnderTest.of(method), check)
        if outcome.state == "not applicable":
            pytest.skip(outcome.message)
        if outcome.state == "failed":
            pytest.fail(outcome.message, pytrace=False)

    return test
