"""A grid on a real Ray cluster ends as it does on this machine, also when a machine of it dies."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.runs import ray_engine
from ssmar_bench.runs.execution_options import Execution
from tests.cluster.conftest import run_unseen
from tests.conftest import Commands, records, until, workers

pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.minutes]
CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
cluster.wait_for_nodes()
print("ADDRESS", cluster.address, flush=True)
for line in sys.stdin:
    cluster.remove_node(nodes.pop(), allow_graceful=False)
    print("REMOVED", flush=True)
cluster.shutdown()
"""


class RayCluster:
    """A head and two machines with a core each, as processes of this one."""

    def __init__(self) -> None:
        environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", CLUSTER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self.address = self._answer("ADDRESS")

    def _answer(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise AssertionError("the cluster has ended")

    def kill_a_machine(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("kill\n")
        self.process.stdin.flush()
        self._answer("REMOVED")

    def close(self) -> None:
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()


@pytest.fixture
def cluster() -> Iterator[RayCluster]:
    cluster = RayCluster()
    yield cluster
    cluster.close()


def test_a_machine_that_dies_gives_its_run_to_another(
    cluster: RayCluster, commands: Commands, tiny: Path, tmp_path: Path
) -> None:
    out, reference = tmp_path / "out", tmp_path / "reference"
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--seeds", "0,1", "--set", "train.epochs=30")
    assert commands.run(*words, "--out", reference, "--jobs", 2).status == 0
    ray_words = ("--engine", "ray", "--ray", f"address={cluster.address}", "--stage-to", tmp_path / "own")
    process = commands.start(*words, *ray_words, "--out", out)
    until(lambda: len([*out.rglob("checkpoint-odd.pt")]) == 2, "an epoch of both runs", 180)
    assert len(workers(out)) == 2
    cluster.kill_a_machine()
    ended = commands.end(process)
    assert ended.status == 0, ended.err
    ours, theirs = records(out, "timings.json"), records(reference, "timings.json")
    assert sorted(ours) == sorted(theirs)
    for name, content in theirs.items():
        assert ours[name] == content, name
    starts = [
        (folder / "work" / "events.jsonl").read_text().count('"kind": "start"') for folder in (out / "runs").iterdir()
    ]
    assert sorted(starts) == [1, 2], "the run of the machine that died began twice, the other once"
    assert len([*tmp_path.glob("own/*/frame_caches/*/frame_cache.json")]) == 1, "the runs share one copy of the clips"

    unseen = tmp_path / "unseen"
    unseen.mkdir()
    ended = run_unseen(unseen, *words, *ray_words, "--out", unseen / "out")
    assert ended.status == 1
    assert re.search(
        rf"{unseen}/out/runs/\S+ is not seen by machine \S+; give --out a folder that all machines share", ended.err
    )


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("colour=red", "--ray colour: unknown option 'colour'; known: address, memory, num-cpus, num-gpus, tries."),
        ("num_gpus=some", "--ray num-gpus=some: expected a number."),
        ("address=127.0.0.1:1", "--ray address=127.0.0.1:1: nobody answers there ("),
    ],
)
def test_wrong_options_are_told_before_any_work(
    commands: Commands, tiny: Path, tmp_path: Path, options: str, fault: str
) -> None:
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--out", tmp_path / "out")
    ended = commands.run(*words, "--engine", "ray", "--ray", options)
    assert ended.status == 2
    assert ended.err.splitlines()[-1].startswith(f"ssmar-bench: {fault}")
    assert not (tmp_path / "out" / "runs").exists()


def test_another_ray_on_the_cluster_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Ray itself raises is turned into a sentence."""
    import ray
    from ray._private.utils import check_version_info

    def init(**_: Any) -> None:
        check_version_info({"ray_version": "2.9.0", "python_version": "3.10.1"}, "Ray Client")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray_engine, "_require_answer", lambda _: None)
    with pytest.raises(UserError) as told:
        ray_engine.RayEngine(Execution(tmp_path, options={"address": "ray://head:10001"}))
    here = f"Ray {ray.__version__} on Python {platform.python_version()}"
    assert str(told.value) == (
        f"--ray address=ray://head:10001: the cluster has Ray 2.9.0 on Python 3.10.1, and here is {here}; both must be "
        "the same, for instance by pip install 'ray==2.9.0' here."
    )


def test_a_cluster_that_lets_nobody_in_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def init(**_: Any) -> None:
        raise ConnectionError("ray client connection timeout")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray_engine, "_require_answer", lambda _: None)
    with pytest.raises(
        UserError, match=r"Ray answers, and lets nobody in; .* set the same RAY_AUTH_MODE here and where"
    ):
        ray_engine.RayEngine(Execution(tmp_path, options={"address": "ray://head:10001"}))


def test_a_task_that_ray_ends_is_told_in_a_sentence() -> None:
    from ray.exceptions import WorkerCrashedError

    said = ray_engine._sentence(WorkerCrashedError())
    assert said.startswith("its Ray task ended with WorkerCrashedError: ")
    assert said.endswith("; the same command goes on from its checkpoint")
    assert "\n" not in said
