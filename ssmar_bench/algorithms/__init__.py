"""The algorithms, one file each; ``parts/`` holds what several share. Looked up by name, imported when asked for."""

from __future__ import annotations

from ssmar_bench.algorithms import usb
from ssmar_bench.core.registry import Registry

ALGORITHMS = Registry(
    "algorithm",
    {
        "supervised": "ssmar_bench.algorithms.supervised:Supervised",
        "fixmatch": "ssmar_bench.algorithms.fixmatch:FixMatch",
        "aplt": "ssmar_bench.algorithms.aplt:APLT",
        **{f"usb-{name}": f"ssmar_bench.algorithms.usb:{name}" for name in usb.ADAPTED},
    },
)
