"""Rank orders: mean ranks over columns; Friedman and Nemenyi tests over independent data sets (Demsar, 2006)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

DATA_SETS = 5
"""Fewer independent data sets support neither test."""

PERMUTED = 20_000


@dataclass(frozen=True)
class Ranking:
    """Mean ranks (1 is best) of rows, over the columns in which every one of those rows has a value."""

    ranks: pd.Series[float]
    by_column: pd.DataFrame

    @property
    def columns(self) -> int:
        """Over how many columns the means are taken."""
        return self.by_column.shape[1] if len(self.by_column) else 0


def mean_ranks(scores: pd.DataFrame) -> Ranking:
    """Ranks of ``scores`` (rows x columns; NaN is missing); ties share the mean of their places.

    Rows without any value and columns without every other row are left out.
    """
    there = scores.dropna(how="all").dropna(axis=1, how="any")
    by_column = there.rank(ascending=False, method="average")
    return Ranking(by_column.mean(axis=1), by_column)


@dataclass(frozen=True)
class Friedman:
    """Friedman's test over ``sets`` data sets, and the difference of mean ranks that Nemenyi's test asks for."""

    statistic: float
    p: float
    critical_difference: float
    ranks: pd.Series[float]
    sets: int


def friedman(scores: pd.DataFrame, level: float = 0.05) -> Friedman | None:
    """Tests of ``scores`` (methods x independent data sets, complete); None for too few of either.

    The p-value is that of ``PERMUTED`` random orders within every data set: the chi-squared distribution holds for many
    data sets alone.
    """
    methods, sets = scores.shape
    if sets < DATA_SETS or methods < 3:
        return None
    from scipy import stats  # which takes a second to import

    places = scores.rank(ascending=False)
    found = stats.friedmanchisquare(*scores.to_numpy())
    rng = np.random.default_rng(0)
    orders = [rng.permuted(np.tile(places[name].to_numpy(), (PERMUTED, 1)), axis=1) for name in scores]
    chance = (np.sum(orders, axis=0) ** 2).sum(axis=1)  # grows with the statistic, whatever the ties
    seen = float((places.sum(axis=1) ** 2).sum())
    p = (1 + int((chance >= seen - 1e-9).sum())) / (1 + PERMUTED)
    quantile = stats.studentized_range.ppf(1 - level, methods, math.inf) / math.sqrt(2)
    distance = float(quantile * math.sqrt(methods * (methods + 1) / (6 * sets)))
    return Friedman(float(found.statistic), p, distance, places.mean(axis=1), sets)
