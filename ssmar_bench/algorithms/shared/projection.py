"""A head that projects features for a contrastive loss."""

from __future__ import annotations

from torch import Tensor, nn


class ProjectionHead(nn.Module):
    """Features (B, D) to embeddings (B, width): three linear layers with BatchNorm, the last one without its affine.

    Args:
        features: D.
        width: of all three layers.
    """

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before in (features, width):
            layers += [nn.Linear(before, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Linear(width, width, bias=False), nn.BatchNorm1d(width, affine=False))

    def forward(self, features: Tensor) -> Tensor:
        """Embeddings of features."""
        embeddings: Tensor = self.layers(features)
        return embeddings
