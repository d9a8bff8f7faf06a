"""The synthetic source ``micro-motion``: subjects' micro-actions, rendered as video files.

Other packages import from here alone; ``import-linter`` holds that.
"""

from __future__ import annotations

from ssmar_bench.sources.synthetic.checksums import changed_file, write_checksums
from ssmar_bench.sources.synthetic.contact_sheet import write_contact_sheet
from ssmar_bench.sources.synthetic.dataset import (
    REVISION,
    SOURCE,
    SyntheticOptions,
    read_options,
    write_dataset,
    write_outline,
)
from ssmar_bench.sources.synthetic.drawing import Frames
from ssmar_bench.sources.synthetic.motion import ACTIONS
from ssmar_bench.sources.synthetic.pretext import PRETEXT, render_pretext_clip
from ssmar_bench.sources.synthetic.rendering import ActionInterval, encode_video, render_subject

__all__ = [
    "ACTIONS",
    "PRETEXT",
    "REVISION",
    "SOURCE",
    "ActionInterval",
    "Frames",
    "SyntheticOptions",
    "changed_file",
    "encode_video",
    "read_options",
    "render_pretext_clip",
    "render_subject",
    "write_checksums",
    "write_contact_sheet",
    "write_dataset",
    "write_outline",
]
