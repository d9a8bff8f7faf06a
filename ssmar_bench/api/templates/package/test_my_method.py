"""One test for each check of ssmar-bench's conformance kit."""

from __future__ import annotations

from ssmar_bench.testing import conformance

test_my_method = conformance("my-method")
