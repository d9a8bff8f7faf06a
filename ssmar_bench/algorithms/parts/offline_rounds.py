"""Schedule of the offline rounds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


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


def check_rounds(algorithm: str, epochs: int, rounds: Sequence[int]) -> None:
    """Raises ``ValueError`` for a run so short that two rounds fall together or one falls outside."""
    if len(set(rounds)) < len(rounds) or rounds[0] < 1 or rounds[-1] >= epochs:
        raise ValueError(
            f"{algorithm} needs a longer run: in {epochs} epochs its offline rounds would be after epochs "
            f"{', '.join(map(str, rounds))}, which must all differ and lie inside the run; raise train.epochs"
        )
