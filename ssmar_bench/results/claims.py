"""The paper's claims against our runs: ``results/paper/claims.yaml``, and a verdict on each.

With fewer than five seeds nothing is tested, and the verdict says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ssmar_bench.core import published_tables
from ssmar_bench.core.config_section import Section
from ssmar_bench.core.paths import shipped_folder
from ssmar_bench.core.yaml_file import load_yaml, validate
from ssmar_bench.results.claim_rules import Claim, ColumnEvidence, Evidence, Rule, format_points
from ssmar_bench.results.filled_table import FilledTable
from ssmar_bench.results.paired_test import LEVEL, holm
from ssmar_bench.results.records import Runs


class Claims(Section):
    """``results/paper/claims.yaml``."""

    claims: list[Rule]


@dataclass(frozen=True)
class ClaimResult:
    """A claim, what was seen column by column, and the verdict."""

    claim: Claim
    seen: tuple[ColumnEvidence, ...]
    verdict: str


def read_claims() -> list[Claim]:
    """The paper's claims."""
    return list(validate(Claims, load_yaml(shipped_folder(published_tables.FOLDER) / "claims.yaml")).claims)


def evaluate_claims(runs: Runs, tables: Mapping[str, FilledTable]) -> list[ClaimResult]:
    """Every claim on the kind of data of ``tables``, which are all tables by their names.

    Raises:
        UserError: a damaged record.
    """
    answers = []
    for claim in read_claims():
        table = tables[claim.table]
        known = Evidence(runs, table.columns, table.cells, tuple(table.table.rows))
        columns = [column for column in known.columns if claim.ratios is None or column.ratio in claim.ratios]
        found = [one for column in columns for one in claim.evaluate(known, column)]
        seen = tuple(one for one in found if one is not None)
        answers.append(ClaimResult(claim, seen, claim_verdict(seen, len(found) - len(seen))))
    return answers


def claim_verdict(seen: tuple[ColumnEvidence, ...], missing: int = 0) -> str:
    """``supported`` or ``contradicted`` only if every comparison is there and significant; else what the signs say."""
    if not seen:
        return "not measured"
    words = _signs(seen, complete=not missing)
    return f"{words}; {missing} of {len(seen) + missing} comparisons could not be made" if missing else words


def _signs(seen: tuple[ColumnEvidence, ...], complete: bool) -> str:
    share = sum(one.agrees for one in seen)
    none = not share and all(format_points(one.value) == 0 for one in seen)
    if 0 < share < len(seen):
        return f"mixed: {share} of {len(seen)} agree"
    p = holm([one.p for one in seen])
    significant = all(value < LEVEL for value in p)  # NaN is not
    if complete and significant:
        return "supported" if share else "contradicted"
    few = min(one.seeds for one in seen)
    untested = f"not tested ({few} seed{'s'[: few != 1]})"
    tested = "significant" if significant else "not significant"
    sign = "no difference" if none else "agrees" if share else "disagrees"
    return f"{sign}, {untested if any(map(math.isnan, p)) else tested}"
