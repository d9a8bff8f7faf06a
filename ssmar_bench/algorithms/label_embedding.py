"""MANet's label embedding (Guo et al., IEEE TCSVT 2024): what labelled clips show must also tell their label's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import Batch, Context, HyperParameters, Losses, Progress, View, Views
from ssmar_bench.core.seeds import generator

MEAN_SQUARE = 0.0785
"""Of the vectors' numbers, as in the official table: with 52 classes both losses then start at about 3.9."""
INITIAL_STD = 0.001
"""Of the head's initial weights, as in the official code: at first it answers 0 to everything."""


class LabelEmbedding(Student):
    """Cross-entropy on weak views of labelled clips, and the distance of a second head's answer to the label's vector.

    The second head looks at each frame by itself, and its answers are averaged over the frames. It takes no part in
    predicting.
    """

    class Config(HyperParameters):
        """Hyper-parameters of MANet's loss.

        Attributes:
            weight: of the squared distance.
            vectors: what a label's vector is drawn for: each of the ``words`` of its name, so that labels with common
                words are near each other; or the ``label`` as a whole, so that none are.
            dimensions: of a vector, and of the head's hidden layer.
            dropout: share of a frame's features that the head does not see in training.
        """

        weight: Annotated[float, Field(ge=0)]
        vectors: Literal["words", "label"]
        dimensions: Annotated[int, Field(ge=1)]
        dropout: Annotated[float, Field(ge=0, lt=1)]

    config: Config
    revision = 1
    needs_unlabelled = False
    vectors: Tensor

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        size = config.dimensions
        self.head = context.module("label embedding", lambda: embedding_head(self.network.features, size))
        table = label_vectors(context.class_names, size, of_words=config.vectors == "words")
        self.register_buffer("vectors", table, persistent=False)

    def views(self) -> Views:
        """A weak view."""
        return Views(labelled={"weak": View("weak")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """Mean cross-entropy, and the weighted mean square over batch and dimensions."""
        output = self.network(batch.labelled.clips["weak"])
        seen = functional.dropout(output.frames, self.config.dropout, self.training)
        distance = functional.mse_loss(self.head(seen).mean(1), self.vectors[batch.labelled.label])
        return Losses(
            {
                "labelled": functional.cross_entropy(output.logits, batch.labelled.label),
                "labelled_embedding": self.config.weight * distance,
            }
        )


def embedding_head(features: int, size: int) -> nn.Sequential:
    """Features (..., features) of frames to vectors (..., size), through one hidden layer of that size."""
    layers = nn.Linear(features, size), nn.Linear(size, size)
    for layer in layers:
        nn.init.normal_(layer.weight, std=INITIAL_STD)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1])


def label_vectors(names: Sequence[str], size: int, of_words: bool = True) -> Tensor:
    """A vector for each label, the same on every machine and for every seed.

    Args:
        names: of the C classes.
        size: of a vector.
        of_words: whether a label's vector is the mean of its words' vectors, or one of its own.

    Returns:
        (C, size), scaled so that the mean square is :data:`MEAN_SQUARE`.
    """
    parts = [(re.findall(r"[^\W_]+", name.casefold()) if of_words else []) or [name] for name in names]
    drawn = [[generator("label vector", part).standard_normal(size) for part in own] for own in parts]
    table = torch.from_numpy(np.stack([np.mean(own, axis=0) for own in drawn])).float()
    return table * (MEAN_SQUARE / table.square().mean()).sqrt()
