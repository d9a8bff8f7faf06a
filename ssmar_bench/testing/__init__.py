"""Checks that every algorithm passes, ours and a user's, on a tiny problem without any data.

outcomes = examine_all(Subject("mine", MyMethod, {"threshold": 0.95}))
"""

from __future__ import annotations

from ssmar_bench.testing import checks, effects  # noqa: F401  # they register their checks
from ssmar_bench.testing.check import CHECKS, Check, Outcome, examine, examine_all
from ssmar_bench.testing.subject import Subject

__all__ = ["CHECKS", "Check", "Outcome", "Subject", "examine", "examine_all"]
