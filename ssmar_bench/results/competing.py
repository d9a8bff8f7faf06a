"""Where methods compete: at every ratio below 1, and at 1 where there are clips that were never labelled."""

from __future__ import annotations

import pandas as pd


def competing(rows: pd.DataFrame) -> pd.Series[bool]:
    """Marks the runs of one benchmark that are compared with others.

    At ratio 1 there is usually nothing unlabelled: the supervised method is then the upper bound of the others. With
    clips that were never labelled it is a method like the others.

    Args:
        rows: of ``Runs.runs``, all of one benchmark.
    """
    whole = rows["ratio"] == 1
    unlabelled = bool((rows.loc[whole, "count_never_labelled"] > 0).any())
    return ~whole | unlabelled
