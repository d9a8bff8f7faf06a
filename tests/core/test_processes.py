"""A script may start our processes without ``if __name__ == "__main__"``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
from ssmar_bench import api

print("once")
knobs = {"train_clips": 40, "test_clips": 12, "train_people": 2, "test_people": 1, "frames": 4, "size": 16}
api.synthesize(api.MicroMotion(**knobs), Path(sys.argv[1]))
assert sys.modules["__main__"].__file__ == __file__
"""


@pytest.mark.slow
def test_a_script_is_not_run_again_by_its_processes(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py", "data"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (0, "once\n"), ended.stderr
    assert len([*tmp_path.glob("data/videos_*/*.mp4")]) == 52
