"""Schedule of the offline rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

LONGEST = 1000
"""Epochs up to which a long enough run is looked for."""


def round_epochs(epochs: int, warm_up: Fraction, every: Fraction) -> list[int]:
    """Epochs (from 0, of ``epochs``) before which a round is run: at the share ``warm_up``, then every ``every``."""
    rounds, share = [], warm_up
    while share < 1:
        rounds.append(round(share * epochs))
        share += every
    return rounds


def numbered_rounds(rounds: Sequence[int]) -> dict[str, float]:
    """For a run's record: ``round_1`` -> the number of epochs before the first round, and so on."""
    return {f"round_{number}": float(epoch) for number, epoch in enumerate(rounds, 1)}


def check_rounds(algorithm: str, epochs: int, rounds_of: Callable[[int], Sequence[int]]) -> None:
    """Raises ``ValueError`` for a run so short that two rounds fall together or one falls outside.

    Args:
        algorithm: its name, for the error, which says how many epochs suffice.
        epochs: of the run.
        rounds_of: gives the epochs before which rounds are run, for a number of epochs.
    """
    if not _fit(epochs, rounds_of(epochs)):
        enough = next((count for count in range(epochs + 1, LONGEST) if _fit(count, rounds_of(count))), 0)
        rounds = ", ".join(map(str, rounds_of(epochs)))
        raise ValueError(
            f"{algorithm} needs a longer run: in {epochs} epochs its offline rounds would be after epochs "
            f"{rounds}, which must all differ and lie inside the run; raise train.epochs"
            + (f" to {enough} or more" if enough else "")
        )


def _fit(epochs: int, rounds: Sequence[int]) -> bool:
    return len(set(rounds)) == len(rounds) and rounds[0] >= 1 and rounds[-1] < epochs
