"""Names rows of tables: what runs are one row, and what it is called."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.record_schema import MethodFacts
from ssmar_bench.results.variants import label_suffixes, main_variant


def name_rows(rows: list[dict[str, Any]], specs: Mapping[str, RunSpec], facts: Mapping[str, MethodFacts]) -> None:
    """Fill in ``label`` and ``main``: a failed run has no label of its own, and variants of one method differ."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    labels: dict[str, str] = {}
    for row in rows:
        groups[row["benchmark"], row["method"]].append(row)
        if row["state"] == "done" or row["label"] != row["method"]:
            labels.setdefault(row["method"], row["label"])
    names = {method: labels.get(method, method) for _, method in groups}
    twice = Counter(names.values())
    for (_, method), members in groups.items():
        label = names[method]
        if twice[label] > 1:  # two method configs with one label must not become one row
            label = f"{label} ({method})"
        own = [(row["variant"], specs[row["folder"]]) for row in members]
        defaults = {row["variant"] for row in members if facts[row["folder"]].is_default()}
        departing = {row["variant"]: facts[row["folder"]] for row in members}
        endings, best = label_suffixes(own, defaults, departing), main_variant(own, defaults)
        for row in members:
            row["label"] = label + endings[row["variant"]]
            row["main"] = row["variant"] == best
    _keep_truths_apart(rows)


def _keep_truths_apart(rows: list[dict[str, Any]]) -> None:
    """Runs that were recorded with other labels than most of their benchmark's runs are rows of their own."""
    truths: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row["truth"]:
            truths[row["benchmark"]][row["truth"]] += 1
    usual = {benchmark: counts.most_common(1)[0][0] for benchmark, counts in truths.items()}
    for row in rows:
        if row["truth"] and row["truth"] != usual[row["benchmark"]]:
            row["label"] += f" [truth={row['truth']}]"
            row["variant"] += f"-{row['truth']}"
            row["main"] = False
