"""Which vector instructions of the processor torch computes with: they decide the last bits of a run on the CPU.

Measured: a run gives the same record, bit for bit, on processors of two makers with the same instruction set, and
another record on one processor with another instruction set (``docs/python.md``).
"""

from __future__ import annotations

import torch

ORDERED = ("AVX2", "AVX512")
"""Those that a processor with a later one has, too."""


def instruction_set() -> str:
    """The one that torch uses in this process, as ``AVX512``; ``DEFAULT`` or another word on other processors."""
    return torch.backends.cpu.get_cpu_capability()


def limit_to(wanted: str) -> dict[str, str]:
    """Environment variables of a process that computes with ``wanted``: none where it cannot, or does so already."""
    here = instruction_set()
    if wanted not in ORDERED or here not in ORDERED or ORDERED.index(wanted) >= ORDERED.index(here):
        return {}
    return {"ATEN_CPU_CAPABILITY": wanted.lower(), "ONEDNN_MAX_CPU_ISA": wanted}
