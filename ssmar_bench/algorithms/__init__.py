"""The algorithms, one file each; ``parts/`` holds what several share. Looked up by name, imported when asked for."""

from __future__ import annotations

from ssmar_bench.algorithms import usb
from ssmar_bench.core.registry import Registry

ALGORITHMS = Registry(
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
        **{f"usb-{name}": f"ssmar_bench.algorithms.usb:{name}" for name in usb.ADAPTED},
        "aplt-ablation": "ssmar_bench.algorithms.aplt_ablation:Ablation",
        "fixmatch-offline": "ssmar_bench.algorithms.fixmatch_offline:OfflineFixMatch",
    },
)
