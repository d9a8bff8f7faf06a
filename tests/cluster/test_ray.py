"""A grid on a real Ray cluster ends as it does on this machine, also when a machine of it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.run_folder import RunFolder
from tests.conftest import Commands, folder_of, records, until, workers

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
    process = commands.start(*words, "--engine", "ray", "--ray", f"address={cluster.address}", "--out", out)
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


def test_a_machine_without_the_folder_is_told(tmp_path: Path, trained: Any) -> None:
    """What a task raises is the sentence of the run."""
    from ssmar_bench.runs.node_job import NodeJob
    from ssmar_bench.runs.ray_engine import _sentence

    folder = RunFolder(folder_of(trained.copy(tmp_path, "supervised"), "supervised"))
    job = NodeJob([(str(folder.path.with_name("elsewhere")), 1)])
    with pytest.raises(Exception, match="is not seen by machine") as raised:
        job()
    error = RuntimeError("a task failed")
    error.cause = raised.value  # type: ignore[attr-defined]  # as Ray's own has it
    assert _sentence(error) == str(raised.value)
