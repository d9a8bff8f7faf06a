"""Checks that every algorithm passes, ours and a user's, on a tiny problem without any data.

In a test of your own, one test a check: ``test_my_method = conformance("my-method")``. Anywhere else:
``outcomes = examine_all(MethodUnderTest.of("my-method"))``, or of a class
``MethodUnderTest("mine", MyMethod, {"threshold": 0.95})``.
"""

from __future__ import annotations

from ssmar_bench.testing import (  # noqa: F401  # registered
    basic_checks,
    devices,
    effects,
    extremes,
    kill_and_resume,
    memory,
    method_config_check,
    prediction_checks,
    shapes,
    view_checks,
)
from ssmar_bench.testing.check import CHECKS, FIRST, Check, Outcome, examine, examine_all, ordered_checks
from ssmar_bench.testing.conformance import conformance
from ssmar_bench.testing.method_under_test import MethodUnderTest

__all__ = [
    "CHECKS",
    "FIRST",
    "Check",
    "MethodUnderTest",
    "Outcome",
    "conformance",
    "examine",
    "examine_all",
    "ordered_checks",
]
