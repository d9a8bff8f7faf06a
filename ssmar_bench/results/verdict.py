"""Our accuracy beside the paper's one number, judged by our spread over seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from scipy import special

from ssmar_bench.results.paired_test import MIN_SEEDS


@dataclass(frozen=True)
class PaperComparison:
    """Ours minus the paper's in points (``gap``), how far chance carries (``reach``; NaN for one seed), and words."""

    gap: float
    reach: float
    words: str


def compare_with_paper(accuracy: pd.Series[float], paper: float, level: float = 0.05) -> PaperComparison:
    """Compares ``accuracy`` (in [0, 1], one a seed) with ``paper`` (in per cent).

    The paper prints one number, most likely one run. One more run of ours would fall, with probability 1 - ``level``,
    within t * s * sqrt(1 + 1/n) of our mean (the prediction interval of normal data): a number inside is agreement.
    With fewer than ``MIN_SEEDS`` seeds the words say so: two of them agree with almost anything.
    """
    ours = 100 * accuracy
    gap = float(ours.mean()) - paper
    if len(ours) < 2:
        return PaperComparison(gap, math.nan, "one seed, no verdict")
    reach = float(special.stdtrit(len(ours) - 1, 1 - level / 2) * ours.std(ddof=1) * math.sqrt(1 + 1 / len(ours)))
    words = "agrees" if abs(gap) <= reach else "higher" if gap > 0 else "lower"
    return PaperComparison(gap, reach, words if len(ours) >= MIN_SEEDS else f"{words}, no claim with {len(ours)} seeds")
