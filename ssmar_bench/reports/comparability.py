"""What a table says where its rows are not comparable."""

from __future__ import annotations

from collections.abc import Mapping

from ssmar_bench.results.comparability import OPTIMISER, TrainingSetup

WORDS = {"lr": "rate", "weight_decay": "weight decay", "gradient_clipping": "gradient clipping"}


def own_columns(rows: Mapping[str, TrainingSetup]) -> dict[str, dict[str, str]]:
    """Heading -> row -> text of the columns that rows need: none where all have one network and one start."""
    texts = {
        "Network": {row: one.network for row, one in rows.items()},
        "Initial weights": {row: one.start for row, one in rows.items()},
    }
    return texts if any(len(set(column.values())) > 1 for column in texts.values()) else {}


def own_optimisers(rows: Mapping[str, TrainingSetup]) -> tuple[str, ...]:
    """A sentence that says which rows have which optimiser, where they differ."""
    differing = [i for i in range(len(OPTIMISER)) if len({one.optimiser[i] for one in rows.values()}) > 1]
    groups: dict[str, list[str]] = {}
    for row, one in rows.items():
        settings = [f"{WORDS.get(OPTIMISER[i], OPTIMISER[i])} {_value(one.optimiser[i])}" for i in differing]
        groups.setdefault(", ".join(settings), []).append(row)
    if len(groups) < 2:
        return ()
    said = "; ".join(f"{', '.join(members)}: {settings}" for settings, members in groups.items())
    return (f"Not all rows have one optimiser. {said}.",)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
