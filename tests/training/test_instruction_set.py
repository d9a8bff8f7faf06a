"""A run on the CPU names the instruction set that decides its last bits, and is trained again with the same one."""

import os
import subprocess
import sys

import pytest
import torch

from ssmar_bench.training import instruction_set as instruction_sets

NAME = "import torch; print(torch.backends.cpu.get_cpu_capability())"


@pytest.mark.parametrize(
    ("here", "wanted", "expected"),
    [
        ("AVX512", "AVX2", {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}),
        ("AVX512", "AVX512", {}),
        ("AVX512", "", {}),  # a record of before
        ("AVX2", "AVX512", {}),
        ("DEFAULT", "AVX2", {}),
    ],
)
def test_only_an_earlier_instruction_set_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, here: str, wanted: str, expected: dict[str, str]
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: here)
    assert instruction_sets.limit_to(wanted) == expected


@pytest.mark.skipif(instruction_sets.instruction_set() != "AVX512", reason="this processor has no AVX512")
def test_a_process_with_these_variables_computes_with_the_earlier_one() -> None:
    variables = os.environ | instruction_sets.limit_to("AVX2")
    found = subprocess.run([sys.executable, "-c", NAME], env=variables, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "AVX2"
