"""The sources that there are: what a user must know before a file of theirs is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """A data set as it is known without its files.

    Attributes:
        name: as benchmark configs and ``--data`` say it.
        title: one line for the user.
        reader: ``module:function`` of ``(root, source, options, listener) -> Listing``; imported when it is used.
        facts: module with the owners' class names and counts (``FACTS``), or "" for a synthetic source.
        licensed: whether its frames and lists may only be used by who has signed for them; a report asks before it
            shows a frame or a clip's name.
        terms: what its owners allow, as far as it is known.
        get: where it comes from.
        options: what a benchmark config may choose, name -> allowed values, the first one being the default.
        layouts: the layouts that its owners distribute, all of which are read; the first one is the usual one.
    """

    name: str
    title: str
    reader: str
    facts: str
    licensed: bool
    terms: str
    get: str
    options: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    layouts: tuple[str, ...] = ()


SPLITS = {"split": (1, 2, 3)}
_HERE = "ssmar_bench.sources"

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "ma52",
            "MA-52: 22,422 micro-actions of 205 interviewed subjects, 52 classes",
            f"{_HERE}.ma52:survey",
            f"{_HERE}.official.ma52",
            licensed=True,
            terms="signed agreement; non-commercial scientific use",
            get="the form at github.com/VUT-HFUT/Micro-Action, then Hugging Face kunli-cs/MA-52",
            layouts=("code", "unzipped", "zips"),
        ),
        Source(
            "imigue",
            "iMiGUE: 18,499 micro-gestures of 72 tennis players in 359 interviews, 32 classes",
            f"{_HERE}.imigue:survey",
            f"{_HERE}.official.imigue",
            licensed=True,
            terms="on request; no permission to pass anything on was found",
            get="the request form at github.com/linuxsino/iMiGUE, or the MiGA challenge",
            layouts=("full", "miga-2025", "miga"),
        ),
        Source(
            "smg",
            "SMG: 3,699 micro-gestures of 40 subjects in 40 long videos, 17 classes",
            f"{_HERE}.smg:survey",
            f"{_HERE}.official.smg",
            licensed=True,
            terms="on request; no permission to pass anything on was found",
            get="the request form at github.com/mikecheninoulu/SMG, or the MiGA challenge",
            layouts=("full", "miga"),
        ),
        Source(
            "ucf101",
            "UCF101: 13,320 clips of 101 actions, three official splits",
            f"{_HERE}.ucf101:survey",
            f"{_HERE}.official.ucf101",
            licensed=False,
            terms="public download; taken from the web by its owners, research use",
            get="crcv.ucf.edu/data/UCF101.php (UCF101.rar and the action recognition splits)",
            options=SPLITS,
        ),
        Source(
            "hmdb51",
            "HMDB51: 51 actions from films and the web, three official splits",
            f"{_HERE}.hmdb51:survey",
            f"{_HERE}.official.hmdb51",
            licensed=False,
            terms="public download; CC BY 4.0 by its page",
            get="serre-lab.clps.brown.edu/resources/HMDB (hmdb51_org.rar and test_train_splits.rar)",
            options=SPLITS,
        ),
        Source(
            "micro-motion",
            "Micro-Motion: synthetic subjects, rendered here, in MA-52's layout",
            f"{_HERE}.ma52:survey",
            "",
            licensed=False,
            terms="made by this program",
            get="rendered when a benchmark needs it, or by `ssmar-bench data synthesize micro-motion`",
        ),
    )
}
