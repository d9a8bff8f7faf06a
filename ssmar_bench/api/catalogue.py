"""The methods that there are."""

from __future__ import annotations

from ssmar_bench.core import recipe as recipes
from ssmar_bench.core.recipe import Recipe


def methods() -> list[Recipe]:
    """The shipped methods' recipes."""
    return [recipes.read(name)[0] for name in recipes.RECIPES.names()]
