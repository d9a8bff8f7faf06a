"""``ssmar-bench methods``: the rows that tables can have."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from ssmar_bench.core.contract import View
    from ssmar_bench.testing.cost import Cost

app = typer.Typer(no_args_is_help=True, help="Methods: their papers, views, costs and hyper-parameters.")


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 120, highlight=False)


@app.command("list")
def list_methods(
    names: Annotated[list[str] | None, typer.Argument(help="Methods, or sets of them such as table1.")] = None,
) -> None:
    """The methods, their algorithms, and what each is compared with by the tests."""
    from ssmar_bench import api

    table = Table("method", "label", "algorithm", "compared with")
    for recipe in api.methods(names or None):
        table.add_row(recipe.name, recipe.label, recipe.algorithm, api.compared(recipe))
    _console().print(table)
    for note in filter(None, api.set_notes(names or [])):
        _console().print(escape(note))


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="A method's name, or the path of a recipe.")]) -> None:
    """All of a method: citation, views, cost, hyper-parameters with their sources, deviations and parity."""
    from ssmar_bench import api

    described = api.describe(name)
    recipe, console = described.recipe, _console()
    console.print(f"[bold]{escape(recipe.label)}[/bold] ({recipe.name}; algorithm {recipe.algorithm})")
    console.print(escape(recipe.citation))
    if recipe.notes:
        console.print(escape(recipe.notes))
    console.print()
    if described.views is not None:
        console.print(f"Views a step: {_views('labelled', described.views.labelled)}", end="")
        more = _views("unlabelled", described.views.unlabelled)
        console.print(f"; {more}" if more else "")
        console.print(f"Forward passes a step: {', later '.join(map(_cost, described.costs))}")
    if described.unavailable:
        console.print(escape(described.unavailable))
    console.print(f"Compared with: {_parity(recipe)}")

    table = Table("hyper-parameter", "value", "acts on", "source")
    for key, entry in recipe.hyperparameters.items():
        acts = described.acts.get(key)
        table.add_row(key, _value(entry.value), "" if acts is None else acts.on, escape(entry.source))
    console.print(table)
    if recipe.as_semilearn:
        table = Table("as semilearn has it", "value", "source")
        for key, entry in recipe.as_semilearn.items():
            table.add_row(key, _value(entry.value), escape(entry.source))
        console.print(table)
    for key, value in recipe.overrides.items():
        console.print(f"It overrides the benchmark: {key} = {_value(value)}")
    if recipe.deviations:
        console.print("Deviations:")
        for deviation in recipe.deviations:
            console.print(f"  - {escape(deviation)}")


def _value(value: Any) -> str:
    """As YAML has it, so that it can be copied into a recipe."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else escape(str(value))


def _views(pool: str, views: Mapping[str, View]) -> str:
    if not views:
        return ""
    return f"{pool} {', '.join(_view(name, view) for name, view in views.items())}"


def _view(name: str, view: View) -> str:
    """``strong``, ``slow (weak, 4 frames)`` or ``weak_gradient (weak, temporal gradient)``."""
    said = [
        "" if name == view.aug else view.aug,
        "" if view.frames is None else f"{view.frames} frames",
        "temporal gradient" if view.modality == "tgrad" else "",
    ]
    shown = ", ".join(word for word in said if word)
    return f"{name} ({shown})" if shown else name


def _cost(cost: Cost) -> str:
    passes = "1 pass" if cost.passes == 1 else f"{cost.passes} passes"
    return f"{passes} of {cost.clips:g} clips for each labelled one ({cost.with_gradient:g} with gradient)"


def _parity(recipe: Any) -> str:
    from ssmar_bench import api

    said, parity = api.compared(recipe), recipe.parity
    if parity is None:
        return said
    if parity.where:
        said += f" ({parity.where})"
    else:
        said += f" of the loss, over {parity.steps} steps"
    return f"{said}; {parity.note}" if parity.note else said
