"""Views that many methods ask for."""

from __future__ import annotations

from ssmar_bench.core.contract import View, Views


def weak_and_strong() -> Views:
    """Weak labelled; weak and strong unlabelled, on the same frames."""
    return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak"), "strong": View("strong")})
