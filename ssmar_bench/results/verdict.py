"""Our accuracy beside the paper's one number, judged by our spread over seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from scipy import stats


@dataclass(frozen=True)
class Verdict:
    """``gap`` is ours minus the paper's in points; ``words`` say whether seeds alone could explain it."""

    gap: float
    words: str


def verdict(accuracy: pd.Series[float], paper: float, level: float = 0.05) -> Verdict:
    """Compares ``accuracy`` (in [0, 1], one a seed) with ``paper`` (in per cent).

    The paper prints one number, most likely one run. One more run of ours would fall, with probability 1 - ``level``,
    within t * s * sqrt(1 + 1/n) of our mean (the prediction interval of normal data): a number inside is agreement.
    """
    ours = 100 * accuracy
    gap = float(ours.mean()) - paper
    if len(ours) < 2:
        return Verdict(gap, "one seed, no verdict")
    reach = float(stats.t.ppf(1 - level / 2, len(ours) - 1) * ours.std(ddof=1) * math.sqrt(1 + 1 / len(ours)))
    return Verdict(gap, "agrees" if abs(gap) <= reach else "higher" if gap > 0 else "lower")
