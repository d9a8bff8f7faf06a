"""FixMatch (Sohn et al., NeurIPS 2020): confident labels of weak views supervise strong views."""

from __future__ import annotations

from torch import Tensor

from ssmar_bench.algorithms.shared.pseudo_labels import Threshold, confident_labels
from ssmar_bench.algorithms.shared.weak_to_strong import WeakToStrong
from ssmar_bench.core.contract import PseudoLabels, View, Views


class FixMatch(WeakToStrong):
    """L = H(y, p(weak x)) + weight * 1[max q >= threshold] H(argmax q, p(strong u)), q = p(weak u)."""

    class Config(WeakToStrong.Config):
        """Hyper-parameters of FixMatch.

        Attributes:
            threshold: tau.
            strong_labelled: also learn strong views of labelled clips (a control, not part of FixMatch).
        """

        threshold: Threshold
        strong_labelled: bool

    config: Config
    revision = 1

    def views(self) -> Views:
        """The family's, and strong labelled for the control."""
        views = super().views()
        strong = {"strong": View("strong")} if self.config.strong_labelled else {}
        return Views(labelled={**views.labelled, **strong}, unlabelled=views.unlabelled)

    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """Hard labels with weight 1 or 0, by a fixed threshold."""
        return confident_labels(index, weak, self.config.threshold)
