"""semilearn's own algorithms ("USB", Wang et al., NeurIPS 2022) as methods: ``usb-fixmatch`` and its like.

Each attribute of this package is one of them (``usb.fixmatch``), made from the installed semilearn when it is asked
for: the algorithm's own ``train_step`` behind our contract, its own argument list as our ``Config``.
"""

from __future__ import annotations

from typing import Any

ADAPTED = (
    "adamatch",
    "comatch",
    "crmatch",
    "defixmatch",
    "fixmatch",
    "flexmatch",
    "freematch",
    "meanteacher",
    "mixmatch",
    "pimodel",
    "pseudolabel",
    "remixmatch",
    "simmatch",
    "softmatch",
    "supervised",
    "uda",
    "vat",
)
"""All of semilearn 0.3.2 but Dash, whose warm-up is a training loop of its own that evaluates on the test set."""


def __getattr__(name: str) -> Any:
    if name not in ADAPTED:
        raise AttributeError(name)
    from ssmar_bench.algorithms.usb.adapter import adapted

    return adapted(name)
