"""Pretext clips share no action and no subject with any benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from ssmar_bench import api
from ssmar_bench.sources.synthetic import ACTIONS, PRETEXT, SyntheticOptions, pretext, render_pretext_clip
from ssmar_bench.sources.synthetic.drawing import draw_appearance
from ssmar_bench.sources.synthetic.motion import CHANNELS, Action, Array, action_motion
from ssmar_bench.sources.synthetic.rendering import seeded

EMBEDDED = [config for config in api.benchmarks() if config.source.name == "micro-motion"]


def _moved(action: Action, number: int) -> Array:
    return action_motion(action, 24, np.random.default_rng(number))


@pytest.mark.parametrize("action", PRETEXT.values(), ids=lambda action: action.__name__)
def test_no_pretext_action_moves_as_a_benchmark_action_does(action: Action) -> None:
    """The same joints in the same direction at the same time would be the same action."""
    for number in range(20):
        for other in ACTIONS.values():
            ours, theirs = _moved(action, number).ravel(), _moved(other, number).ravel()
            if ours.any():
                cosine = ours @ theirs / (np.linalg.norm(ours) * np.linalg.norm(theirs))
                assert cosine < 0.98, (action.__name__, other.__name__)


def test_all_pretext_actions_but_rest_move_something() -> None:
    still = [action.__name__ for action in PRETEXT.values() if not _moved(action, 0).any()]
    assert still == ["resting"]
    assert {_moved(action, 0).shape for action in PRETEXT.values()} == {(24, len(CHANNELS))}


@pytest.mark.parametrize("config", EMBEDDED, ids=lambda config: config.name)
def test_no_benchmark_has_the_seed_of_the_pretext_subjects(config: api.BenchmarkConfig) -> None:
    options = config.source.options
    assert options.get("seed", SyntheticOptions().seed) != pretext.SEED


def test_no_pretext_subject_looks_like_one_of_a_benchmark() -> None:
    looks = {
        seed: [repr(draw_appearance(seeded(seed, "person", subject, "look"))) for subject in range(pretext.SUBJECTS)]
        for seed in (pretext.SEED, 0, 5, 11)
    }
    assert len(set(looks[pretext.SEED])) == pretext.SUBJECTS
    assert all(set(looks[pretext.SEED]).isdisjoint(others) for seed, others in looks.items() if seed != pretext.SEED)


def test_a_pretext_clip_depends_on_its_number_alone() -> None:
    first, label = render_pretext_clip(7, 32, 8)
    again, same = render_pretext_clip(7, 32, 8)
    other, _ = render_pretext_clip(7 + len(PRETEXT), 32, 8)
    assert label == same == 7
    assert first.shape == (8, 32, 32, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
