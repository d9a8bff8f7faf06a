"""The algorithms, one file each; ``shared/`` holds what several share. Looked up by name, imported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmar_bench.algorithms import usb
from ssmar_bench.core import catalog
from ssmar_bench.core.catalog import ObjectCatalog
from ssmar_bench.core.errors import UserError

if TYPE_CHECKING:  # the contract needs torch, and a listing of names does not
    from ssmar_bench.core.catalog import Entry
    from ssmar_bench.core.contract import Method
    from ssmar_bench.core.method_config import MethodConfig
    from ssmar_bench.core.yaml_file import Document


class Algorithms(ObjectCatalog):
    """The registry of classes that keep the contract, as far as a class can show it."""

    def load(self, name: str) -> type[Method]:
        """The algorithm ``name``.

        Raises:
            UserError: it is unknown, cannot be imported, or is no whole implementation of ``Method``.
        """
        from ssmar_bench.core.contract import HyperParameters, Method

        found = super().load(name)
        provider = f"algorithm '{name}' of {self.entry(name).provider}"
        if not (isinstance(found, type) and issubclass(found, Method)):
            raise UserError(f"{provider}: {found!r} is no subclass of ssmar_bench.core.contract.Method.")
        config = getattr(found, "Config", None)
        if not (isinstance(config, type) and issubclass(config, HyperParameters)):
            raise UserError(
                f"{provider}: it needs a class Config(HyperParameters) with its hyper-parameters as fields."
            )
        if type(getattr(found, "revision", None)) is not int:
            raise UserError(f"{provider}: it needs a revision, a whole number: write revision = 1.")
        lacking = sorted(found.__abstractmethods__)
        if lacking:
            raise UserError(f"{provider}: it does not define {', '.join(lacking)}().")
        return found

    def entry_of(self, method_config: MethodConfig, source: Document) -> Entry:
        """What is known of the algorithm that ``method_config`` names; ``source`` is what it was read from.

        Raises:
            UserError: as :meth:`entry`, with the method config's file and line.
        """
        try:
            return self.entry(method_config.algorithm)
        except UserError as error:
            raise UserError(f"{source.where(('algorithm',))}: {error}") from error

    def plugin_file(self, name: str) -> str:
        """First 16 digits of the SHA-256 of the plugin's file that ``name`` is in; "" where it is in none."""
        return next((entry.provider.digest[:16] for entry in self.entries() if entry.name == name), "")

    def of(self, method_config: MethodConfig, source: Document) -> type[Method]:
        """The algorithm that ``method_config`` names; errors as :meth:`entry_of` and :meth:`load`."""
        return self.load(self.entry_of(method_config, source).name)


ALGORITHMS = Algorithms(
    "algorithm",
    {
        "supervised": "ssmar_bench.algorithms.supervised:Supervised",
        "pseudolabel": "ssmar_bench.algorithms.pseudolabel:PseudoLabel",
        "mean-teacher": "ssmar_bench.algorithms.mean_teacher:MeanTeacher",
        "vat": "ssmar_bench.algorithms.vat:VAT",
        "mixmatch": "ssmar_bench.algorithms.mixmatch:MixMatch",
        "uda": "ssmar_bench.algorithms.uda:UDA",
        "fixmatch": "ssmar_bench.algorithms.fixmatch:FixMatch",
        "flexmatch": "ssmar_bench.algorithms.flexmatch:FlexMatch",
        "freematch": "ssmar_bench.algorithms.freematch:FreeMatch",
        "softmatch": "ssmar_bench.algorithms.softmatch:SoftMatch",
        "infomatch": "ssmar_bench.algorithms.infomatch:InfoMatch",
        "finessl": "ssmar_bench.algorithms.finessl:FineSSL",
        "tcl": "ssmar_bench.algorithms.tcl:TCL",
        "ltg": "ssmar_bench.algorithms.ltg:LTG",
        "svformer": "ssmar_bench.algorithms.svformer:SVFormer",
        "aplt": "ssmar_bench.algorithms.aplt:APLT",
        "dual-student": "ssmar_bench.algorithms.dual_student:DualStudent",
        "cmpl": "ssmar_bench.algorithms.cmpl:CMPL",
        "fullmatch": "ssmar_bench.algorithms.fullmatch:FullMatch",
        "cgmatch": "ssmar_bench.algorithms.cgmatch:CGMatch",
        "protocon": "ssmar_bench.algorithms.protocon:ProtoCon",
        "sefar": "ssmar_bench.algorithms.sefar:SeFAR",
        "label-embedding": "ssmar_bench.algorithms.label_embedding:LabelEmbedding",
        "noisy-student": "ssmar_bench.algorithms.noisy_student:NoisyStudent",
        **{f"usb-{name}": f"ssmar_bench.algorithms.usb:{name}" for name in usb.ADAPTED},
        "aplt-ablation": "ssmar_bench.algorithms.aplt_ablation:Ablation",
        "fixmatch-offline": "ssmar_bench.algorithms.fixmatch_offline:OfflineFixMatch",
    },
    catalog.METHODS,
)
