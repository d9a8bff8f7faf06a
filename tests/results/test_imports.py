from __future__ import annotations

import subprocess
import sys

ROOMS = (
    "ssmar_bench.results.comparison_table, ssmar_bench.results.curve_statistics, ssmar_bench.results.caption_facts, "
    "ssmar_bench.api.reports"
)


def test_results_and_reports_need_nothing_that_takes_a_second_to_import() -> None:
    code = f"import sys, {ROOMS}; print(*sorted({{'torch', 'scipy.stats', 'matplotlib.pyplot'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
