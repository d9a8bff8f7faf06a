"""The group of methods to which a method belongs: what a reader compares it with first."""

from __future__ import annotations

from ssmar_bench.results.plot_selection import ablations

VIDEO = ("aplt", "ltg", "svformer", "tcl")
"""Algorithms that were made for videos."""

GROUPS = ("Baselines", "Image SSL", "Video SSL", "Controls", "Ablations", "Other settings")
"""In the order in which they are listed."""


def group_of(method: str, main: bool) -> str:
    """Which of ``GROUPS`` a method belongs to; one that is not shipped counts as image SSL.

    Args:
        method: its name.
        main: whether it was run under the setting by which it is known on its benchmark.
    """
    if not main:
        return "Other settings"
    if method in ("supervised", "pseudolabel"):
        return "Baselines"
    if method.startswith(("supervised-", "usb-")) or method.endswith("-strong-labelled"):
        return "Controls"
    if method in ablations():
        return "Ablations"
    return "Video SSL" if method.split("-")[0] in VIDEO else "Image SSL"
