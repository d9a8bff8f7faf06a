"""semilearn's argument lists as typed configurations, with what is known of each argument."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from ssmar_bench.algorithms.usb.upstream import algorithms
from ssmar_bench.core.contract import Acts, HyperParameters

CONCATENATING = (
    "adamatch", "comatch", "crmatch", "defixmatch", "fixmatch", "flexmatch", "freematch", "simmatch", "softmatch", "uda"
)  # fmt: skip
"""Those that read ``use_cat``: one forward pass over all views instead of one each."""

UNWEIGHTED = ("crmatch", "supervised")
"""Those that do not read ``ulb_loss_ratio``."""

TEACHING = ("meanteacher", "simmatch")
"""Those whose averaged weights enter the loss."""

_SOFT = {"hard_label": False}
_FORGETFUL = {"ema_p": 0.5}
EFFECTS: dict[tuple[str, str], Acts] = {
    **{(name, "T"): Acts("nowhere") for name in ("adamatch", "defixmatch", "fixmatch", "flexmatch", "uda")},
    **{(name, "T"): Acts(when=_SOFT) for name in ("freematch", "softmatch")},
    **{
        (name, "p_cutoff"): Acts(all=0.0)
        for name in ("adamatch", "comatch", "crmatch", "defixmatch", "fixmatch", "pseudolabel", "simmatch", "uda")
    },
    ("comatch", "hard_label"): Acts("nowhere"),
    ("comatch", "smoothing_alpha"): Acts(when={"queue_batch": 1}),
    ("crmatch", "hard_label"): Acts("nowhere"),
    ("flexmatch", "p_cutoff"): Acts(when={"thresh_warmup": False}),
    ("freematch", "clip_thresh"): Acts(when={"ema_p": 0.0, "use_quantile": True, "ent_loss_ratio": 0.5}),
    ("freematch", "use_quantile"): Acts(when=_FORGETFUL),
    ("simmatch", "K"): Acts("nowhere"),
    ("softmatch", "dist_align"): Acts("nowhere"),
    ("softmatch", "dist_uniform"): Acts(when=_FORGETFUL),
    ("softmatch", "n_sigma"): Acts(when=_FORGETFUL),
    ("uda", "tsa_schedule"): Acts(other="linear"),
}
"""Arguments that do not simply act on the loss. ``nowhere``: parsed, stored and never used (semilearn's own fault)."""

REFUSED: dict[tuple[str, str], tuple[Any, str]] = {
    ("mixmatch", "mixup_manifold"): (False, "trains the classifier alone: its features are made without gradient"),
    ("remixmatch", "mixup_manifold"): (False, "trains the classifier alone: its features are made without gradient"),
    ("remixmatch", "rot_loss_ratio"): (0, "needs rotated copies of every clip, which the contract has no view for"),
    ("crmatch", "rot_loss_ratio"): (0, "needs rotated copies of every clip, which the contract has no view for"),
    ("softmatch", "per_class"): (False, "raises an AttributeError in semilearn 0.3.2"),
    ("vat", "vat_embed"): (False, "is for word embeddings"),
}
"""Values other than the one given here cannot work, and why."""


def _only(allowed: Any, reason: str) -> AfterValidator:
    def check(value: Any) -> Any:
        if value != allowed:
            raise ValueError(f"anything but {allowed} {reason}")
        return value

    return AfterValidator(check)


def config_of(name: str) -> type[HyperParameters]:
    """The configuration of semilearn's algorithm ``name``: its own arguments and the general ones that it reads."""
    fields: dict[str, Any] = {}
    for argument in algorithms()[name].get_argument():
        key = argument.name.removeprefix("--")
        kind = argument.type if argument.type in (int, float, str) else bool  # else a function that reads a bool
        notes: list[Any] = [EFFECTS[name, key]] if (name, key) in EFFECTS else []
        if (name, key) in REFUSED:
            notes = [_only(*REFUSED[name, key]), Acts("nowhere")]
        fields[key] = (Annotated[kind, Field(strict=kind is bool), *notes], ...)
    if name in CONCATENATING:
        fields["use_cat"] = (bool, ...)
    if name not in UNWEIGHTED:
        passing = Acts(when={"p_cutoff": 0.0} if "p_cutoff" in fields else {})  # a loss without a clip has no weight
        fields["ulb_loss_ratio"] = (Annotated[float, Field(ge=0), passing], ...)
    averaged = Acts() if name in TEACHING else Acts("prediction", when={"predict_with": "ema"})
    fields["ema_m"] = (Annotated[float, Field(ge=0, le=1), averaged], ...)
    fields["predict_with"] = (Annotated[Literal["model", "ema"], Acts("prediction", when={"ema_m": 0.9})], ...)
    return create_model(f"Usb{name}Config", __base__=HyperParameters, __doc__=f"Arguments of {name}.", **fields)
