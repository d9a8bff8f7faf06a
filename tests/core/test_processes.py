"""How many processes there may be; and a script may start them without ``if __name__ == "__main__"``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssmar_bench.core.processes import cores

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
from ssmar_bench import api

print("once")
options = {"train_clips": 40, "test_clips": 12, "train_subjects": 2, "test_subjects": 1, "frames": 4, "size": 16}
api.render_synthetic(api.SyntheticOptions(**options), Path(sys.argv[1]))
assert sys.modules["__main__"].__file__ == __file__
"""


def test_cores_are_those_that_a_scheduler_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {2, 5, 7}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


@pytest.mark.slow
def test_a_script_is_not_run_again_by_its_processes(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py", "data"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (0, "once\n"), ended.stderr
    assert len([*tmp_path.glob("data/videos_*/*.mp4")]) == 52
