"""A trained network from a file, with its classifier: what a run has kept, or a checkpoint of other code."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ssmar_bench.backbones.foreign_keys import is_of_head, named_alike
from ssmar_bench.backbones.pretrained import State, fill, read_state

STUDENT = "network."
"""Before the weights of the student in what a run keeps (``work/weights.pt``)."""
CLASSIFIER = ("classifier.weight", "classifier.bias")


def run_weights(path: Path) -> State | None:
    """The student's weights of a run of this package, by the names of its network; None for a file of other code.

    Raises:
        UserError: there is no such file, or it holds no weights.
    """
    state = read_state(path)
    own = {key.removeprefix(STUDENT): value for key, value in state.items() if key.startswith(STUDENT)}
    whole = all(key in own for key in CLASSIFIER) and any(key.startswith("backbone.") for key in own)
    return own if whole else None


def load_run_weights(network: nn.Module, own: State, path: Path, classifier: bool) -> bool:
    """Load what :func:`run_weights` found; whether the classifier, if it is asked for, is one of as many classes.

    Raises:
        UserError: the weights are another network's.
    """
    fresh = network.state_dict()
    fits = classifier and all(own[key].shape == fresh[key].shape for key in CLASSIFIER)
    heads = own if fits else fresh
    fill(network, {**own, **{key: heads[key] for key in CLASSIFIER}}, path)
    return fits


def load_classifier(classifier: nn.Linear, path: Path) -> bool:
    """Load a checkpoint's classifier if it has a single linear one of as many classes and features; whether it has."""
    state = named_alike(read_state(path), ())
    found = [
        (value, state[bias])
        for key, value in state.items()
        if is_of_head(key)
        and value.shape == classifier.weight.shape
        and (bias := f"{key.removesuffix('weight')}bias") in state
    ]
    if len(found) != 1 or found[0][1].shape != classifier.bias.shape:
        return False
    classifier.load_state_dict(dict(zip(("weight", "bias"), found[0], strict=True)))
    return True
