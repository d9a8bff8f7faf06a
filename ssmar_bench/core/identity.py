"""Canonical JSON and its digest: one text for one meaning, so that a hash can name a thing."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; refuses NaN and anything that is not plain data."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: Any, length: int = 16) -> str:
    """The first ``length`` hexadecimal digits of the SHA-256 of :func:`canonical_json` ``value``."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:length]
