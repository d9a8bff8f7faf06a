"""What is said of a grid before it is trained: one line, or its plan."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from ssmar_bench.cli.parsing import AUTO, count_text, duration_text, size_text
from ssmar_bench.screen import Screen

ENDED = ("done", "skipped")


def begin_line(resolved: Any, out: Path, asked: str) -> str:
    """Runs, benchmark, device and folder: ``6 runs (3 methods, 2 ratios, 1 seed) of ... on cpu, into demo``.

    Args:
        resolved: the grid.
        out: the folder of ``--out``.
        asked: the device that was asked for.
    """
    sizes = {"method": len(resolved.methods), "ratio": len(resolved.ratios), "seed": len(resolved.seeds)}
    runs = sizes["method"] * sizes["ratio"] * sizes["seed"]
    parts = ", ".join(count_text(number, thing) for thing, number in sizes.items())
    profile = f" ({resolved.grid.profile})" if resolved.grid.profile else ""
    benchmark = f"{resolved.benchmark_config.name}{profile}"
    return f"{count_text(runs, 'run')} ({parts}) of {benchmark} on {device_text(resolved, asked)}, into {out}"


def device_text(resolved: Any, asked: str) -> str:
    """The device, and why it is that one where nobody has chosen it."""
    device = str(resolved.grid.device)
    if asked.lower() != AUTO:
        return device
    return f"{device} (no GPU is found)" if device == "cpu" else f"{device} (found; --device cpu trains without it)"


def data_texts(needs: Sequence[Any]) -> list[str]:
    """Of the method that needs the most time for its clips, whether loading or the device will be the limit."""
    if not needs:
        return []
    most = max(needs, key=lambda one: one.making)
    who = f"{count_text(most.workers, 'worker')}" if most.workers else "the training process"
    made = f"A step's clips take {1000 * most.making:.0f} ms of a core ({most.method}), and {who} will make them"
    if most.waits is None:
        return [f"{made}; what else a step takes is not known before a run of this kind has finished."]
    if not most.workers:
        return [f"{made}: {100 * most.making / most.step:.0f} % of a step ({1000 * most.step:.0f} ms)."]
    limit = "loading will be the limit; give more --workers" if most.waits else "the device will be the limit"
    return [f"{made}; a step takes {1000 * most.step:.0f} ms: {limit}."]


def guesses_text(guesses: Iterable[str]) -> str:
    """From what the times of runs of unknown methods are guessed: `` (guessed: 4 by a timed step)``."""
    counts = Counter(filter(None, guesses))
    said = "; ".join(f"{count} by {guess}" for guess, count in sorted(counts.items(), reverse=True))
    return f" (guessed: {said})" if said else ""


def busy_text(device: str) -> str:
    """That other programs use this machine, where they do: what is expected is the time of a machine that has none."""
    load, all_cores = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, os.cpu_count() or 1
    if device != "cpu" or load <= all_cores:
        return ""
    return f"This machine is busy (load {load:.0f} on {count_text(all_cores, 'core')}), so it may take longer."


def print_plan(resolved: Any, execution: Any, asked: str) -> None:
    """Runs with states and expected time, and the space that decoded clips take."""
    from ssmar_bench import api

    planned = api.plan(resolved, execution)
    table = Table("method", "ratio", "seed", "state", "expected", title=count_text(len(planned), "run"))
    for entry in planned:
        spec = entry.planned_run.spec
        expected = "" if entry.state in ENDED else "unknown" if entry.seconds is None else duration_text(entry.seconds)
        table.add_row(spec.method, f"{spec.ratio:g}", str(spec.seed), entry.planned_run.skip or entry.state, expected)
    console = Screen(120)
    console.print(begin_line(resolved, execution.results, asked), soft_wrap=True)
    console.print(table)
    taken = [entry.planned_run.taken(execution.results) for entry in planned]
    for sentence in [*resolved.check_fits(), *api.archive_notes(taken), *api.renamed_runs(execution.results)]:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    left_out = planned[0].planned_run.left_out if planned else {}
    for clip, why in sorted(left_out.items()):
        console.print(f"Left out: {clip}: {why}", soft_wrap=True)
    if execution.on_bad_clip == "skip" and not left_out:
        console.print("No clip is known to be left out; ssmar-bench data prepare looks at every video.")
    seconds, unknown = api.expected_seconds(planned, execution)
    more = f", and {count_text(unknown, 'run')} of unknown time" if unknown else ""
    console.print(f"To train: {duration_text(seconds)}{more}{guesses_text(entry.guess for entry in planned)}")
    if seconds and (busy := busy_text(resolved.grid.device)):
        console.print(busy, soft_wrap=True)
    for sentence in data_texts(api.step_data(resolved, execution, planned)):
        console.print(sentence, soft_wrap=True)
    for frame_cache in api.plan_frame_caches(resolved, execution):
        held, left = map(size_text, (frame_cache.sizes.total, frame_cache.sizes.to_write))
        console.print(
            f"Decoded clips, {frame_cache.config.frames} frames each: about {held}, of which {left} are to be written",
            soft_wrap=True,
        )
