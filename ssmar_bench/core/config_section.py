"""What every section of a benchmark config has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of every section: frozen, unknown keys refused.

    A key with a default was added later: the default is its neutral value, at which everything is as it was before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_config(self) -> dict[str, Any]:
        """Plain data for a run's spec; neutral values are left out, so that a new key renames no old run."""
        return self.model_dump(mode="json", exclude_defaults=True)
