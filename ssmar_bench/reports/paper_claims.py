"""The paper's claims against what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ssmar_bench.reports.formatting import ABSENT
from ssmar_bench.reports.section import Section
from ssmar_bench.reports.table_formats import Table
from ssmar_bench.results.summary import ClaimResult, ColumnEvidence

VERDICTS = (
    "Supported and contradicted are said of tested differences alone (five or more seeds, subjects resampled, Holm's "
    "correction within the claim). Agrees and disagrees speak of the sign of the mean alone, mixed of several signs; "
    "0.0 agrees with nothing. Differences are points, mean ± standard deviation over seeds. A comparison could "
    "not be made where a run is missing or too few pseudo-labels passed the threshold."
)

MANY = 3
"""Comparisons in a column beyond which the page of claims shows the extremes; the CSV has all."""


def claims_section(answers: Sequence[ClaimResult], on: str) -> Section:
    """The claims with verdicts on one kind of data."""
    rows = tuple(
        (
            answer.claim.claim,
            f"{answer.claim.where}. {answer.claim.note}".strip(),
            _seen(answer),
            answer.verdict,
        )
        for answer in answers
    )
    table = Table(
        name=f"claims-{on}",
        title=f"What the paper claims, and what is seen on {on}.",
        notes=(VERDICTS,),
        header=("Claim", "Where", "Ours", "Verdict"),
        rows=rows,
        left=4,
        wraps=frozenset({0, 1, 2, 3}),
    )
    return Section(f"claims-{on}", f"The paper's claims, {on}", (), (table,))


def _seen(answer: ClaimResult) -> str:
    """What was seen, column by column; of many comparisons how many agree, and the two extremes."""
    by_column: dict[str, list[ColumnEvidence]] = {}
    for one in answer.seen:
        by_column.setdefault(one.column, []).append(one)
    sentences = []
    for column, own in by_column.items():
        words = ", ".join(one.words for one in own)
        if len(own) > MANY:
            ends = sorted(own, key=lambda one: one.value)
            words = f"{sum(one.agrees for one in own)} of {len(own)} agree, from {ends[0].words} to {ends[-1].words}"
        sentences.append(f"{column}: {words}")
    return "; ".join(sentences) or ABSENT


def claims_frame(answers: Sequence[ClaimResult]) -> pd.DataFrame:
    """One row a comparison."""
    return pd.DataFrame(
        [
            {
                "claim": answer.claim.claim,
                "column": one.column,
                "seen": one.words,
                "agrees": one.agrees,
                "seeds": one.seeds,
                "p": one.p,
                "verdict": answer.verdict,
            }
            for answer in answers
            for one in answer.seen
        ],
        columns=["claim", "column", "seen", "agrees", "seeds", "p", "verdict"],
    )
