"""``ssmar-bench methods``: the rows that tables can have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ssmar_bench.cli.completion import complete_method, complete_set
from ssmar_bench.cli.json_output import Json, print_json
from ssmar_bench.cli.plugins import Plugins, print_broken, use_plugins
from ssmar_bench.cli.strict_options import App
from ssmar_bench.core.errors import meant
from ssmar_bench.core.printable import visible
from ssmar_bench.screen import Screen

if TYPE_CHECKING:
    from ssmar_bench.core.contract import View
    from ssmar_bench.testing.cost import Cost

COLOURS = {"passed": "green", "failed": "bold red", "not applicable": "dim"}

app = App(no_args_is_help=True, help="Methods: what each is, whether it keeps the contract, and new ones.")


def _console(width: int = 120) -> Screen:
    return Screen(width)


@app.command("list")
def list_methods(
    names: Annotated[
        list[str] | None, typer.Argument(autocompletion=complete_set, help="Methods, or sets of them such as table1.")
    ] = None,
    plugin: Plugins = None,
    json: Json = False,
) -> None:
    """The methods, their algorithms, what each is compared with by the tests, and where each comes from."""
    from ssmar_bench import api

    use_plugins(plugin)
    if json:
        keys = ("name", "label", "algorithm", "citation")
        print_json(
            [
                {key: getattr(config, key) for key in keys}
                | {"compared_with": api.reference_of(config), "from": provider}
                for config, provider in api.list_methods(names or None)
            ]
        )
        return
    table = Table("method", "label", "algorithm", "compared with", "from")
    for method_config, provider in api.list_methods(names or None):
        short = provider.rpartition("/")[2]  # of a file its name: a path would leave no room for anything else
        table.add_row(
            method_config.name, method_config.label, method_config.algorithm, api.reference_of(method_config), short
        )
    console = _console(150)
    console.print(table)
    for note in filter(None, api.set_notes(names or [])):
        console.print(note)
    if not names:
        print_broken(api.broken_methods(), console)


@app.command("show")
def show(
    name: Annotated[
        str, typer.Argument(autocompletion=complete_method, help="A method's name, or the path of a method config.")
    ],
    plugin: Plugins = None,
) -> None:
    """All of a method: citation, views, cost, hyper-parameters with their sources, deviations, reference check."""
    from ssmar_bench import api

    use_plugins(plugin)
    described = api.describe(name)
    method_config, console = described.method_config, _console()
    console.print(
        Text.assemble((method_config.label, "bold"), f" ({method_config.name}; algorithm {method_config.algorithm})")
    )
    console.print(method_config.citation)
    if method_config.notes:
        console.print(method_config.notes)
    console.print(f"From {described.provider}")
    console.print()
    if described.views is not None:
        console.print(f"Views a step: {_views('labelled', described.views.labelled)}", end="")
        more = _views("unlabelled", described.views.unlabelled)
        console.print(f"; {more}" if more else "")
        console.print(f"Forward passes a step: {', later '.join(map(_cost, described.costs))}")
    if described.unavailable:
        console.print(described.unavailable)
    console.print(f"Compared with: {_reference_check(method_config)}")

    table = Table("hyper-parameter", "value", "acts on", "source")
    for key, entry in method_config.hyperparameters.items():
        acts = described.acts.get(key)
        table.add_row(key, _value(entry.value), "" if acts is None else acts.on, entry.source)
    console.print(table)
    if method_config.as_semilearn:
        table = Table("as semilearn has it", "value", "source")
        for key, entry in method_config.as_semilearn.items():
            table.add_row(key, _value(entry.value), entry.source)
        console.print(table)
    for key, value in method_config.overrides.items():
        console.print(f"It overrides the benchmark: {key} = {_value(value)}")
    if method_config.deviations:
        console.print("Deviations:")
        for deviation in method_config.deviations:
            console.print(f"  - {deviation}")


@app.command("check")
def check(
    name: Annotated[
        str, typer.Argument(autocompletion=complete_method, help="A method's name, or the path of a method config.")
    ],
    plugin: Plugins = None,
) -> None:
    """Try whether a method keeps the contract: what failed, and how to mend it (status 1: something failed)."""
    from ssmar_bench import api

    use_plugins(plugin)
    console, count = _console(), dict.fromkeys(COLOURS, 0)
    with console.status(Text(f"checking {visible(name)}")):
        for outcome in api.run_checks(name):
            count[outcome.state] += 1
            console.print(
                Text.assemble((f"{outcome.state:>14}", COLOURS[outcome.state]), f"  {visible(outcome.check)}")
            )
            if outcome.message:
                console.print(Padding(outcome.message, (0, 0, 0, 16), expand=False))
    said = ", ".join(f"{number} {state}" for state, number in count.items() if number)
    console.print(f"{name}: {said}.")
    if count["failed"]:
        raise typer.Exit(1)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Of the method and its package: small letters, digits and hyphens.")],
    template: Annotated[str, typer.Option(help="fixmatch, teacher or offline: what it starts from.")] = "fixmatch",
    out: Annotated[Path, typer.Option(help="Where the new folder is made.")] = Path(),
) -> None:
    """Write a small package with a method that works at once: algorithm, method config, test, entry point."""
    from ssmar_bench import api

    folder = api.new_method(name, template, out)
    typer.echo(f"{folder}: {api.TEMPLATES[meant(template, api.TEMPLATES)]}")
    typer.echo(f"next: pip install --editable {folder}; ssmar-bench methods check {name}")


def _value(value: Any) -> str:
    """As YAML has it, so that it can be copied into a method config."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


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


def _reference_check(method_config: Any) -> str:
    from ssmar_bench import api

    said, reference_check = api.reference_of(method_config), method_config.reference_check
    if reference_check is None:
        return said
    if reference_check.where:
        said += f" ({reference_check.where})"
    else:
        said += f" of the loss, over {reference_check.steps} steps"
    return f"{said}; {reference_check.note}" if reference_check.note else said
