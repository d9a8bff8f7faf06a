"""What the tests of networks share."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest


@pytest.fixture(autouse=True)
def _hub_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the hub of pretrained weights can be reached from here makes no difference."""
    monkeypatch.setattr("urllib.request.urlopen", MagicMock())
