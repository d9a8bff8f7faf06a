"""Trained models: load the one that a finished run has kept, and ask it what a video shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from ssmar_bench.core.digests import DamagedError
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.paths import RESULTS, results_of
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.grid import check_device
from ssmar_bench.runs.rerun_command import rerun_command
from ssmar_bench.training.trained_method import TrainedMethod


@dataclass(frozen=True)
class Prediction:
    """What a model says of a video.

    Attributes:
        video: the file.
        ranked: (class name, probability in [0, 1]) of every class, the most probable first.
    """

    video: Path
    ranked: tuple[tuple[str, float], ...]

    @property
    def label(self) -> str:
        """The name of the most probable class."""
        return self.ranked[0][0]

    def __str__(self) -> str:
        return ", ".join(f"{name} {100 * probability:.1f} %" for name, probability in self.ranked[:3])


class Model:
    """A method with the weights that its run ended with; :func:`load_model` makes it.

    Attributes:
        run: its run's name.
        classes: names of the classes, in the benchmark's order.
        renamed: the name of its folder, where that is not the run's; "" where it is.
    """

    def __init__(self, folder: RunFolder, device: torch.device) -> None:
        self._trained = TrainedMethod(folder, device)
        own = folder.renamed()
        self.run, self.renamed = (own, folder.path.name) if own else (folder.path.name, "")
        self.classes = self._trained.classes

    def __repr__(self) -> str:
        return f"<model of {self.run}, {len(self.classes)} classes>"

    def predict(self, video: Path | str, start: int = -1, end: int = -1) -> Prediction:
        """What the model says of a video, decoded and cropped exactly as the clips that it was tested on.

        Args:
            video: any file that FFmpeg decodes.
            start: first frame of a clip in a longer video, from 0; -1 with ``end``: the whole video.
            end: its last frame, inclusive.

        Raises:
            UserError: the video is missing, no video or damaged, or ends before ``end`` by more than half of the clip.
        """
        found = self._trained.probabilities(Path(video), start, end).tolist()
        ranked = sorted(zip(self.classes, found, strict=True), key=lambda pair: -pair[1])
        return Prediction(Path(video), tuple(ranked))


def load_model(run: Path | str, results: Path | str = RESULTS, device: str = "cpu") -> Model:
    """The model of a finished run.

    A run keeps its weights beside its record, in ``work/weights.pt``, on the machine that trained it; they are not
    committed. Where only the record is, the error says which command trains it again.

    Args:
        run: a run's folder, or its name under ``runs/``; the hexadecimal digits at its end may be left out.
        results: the folder that ``run`` wrote in.
        device: ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UserError: no such run, a run that is not finished, weights that were not kept or that today's code cannot
            use, or no such device.
    """
    device = device.lower()
    check_device(device)
    folder = RunFolder(_found(str(run), results_of(results) / "runs"))
    _require_done(folder)
    if damage := folder.damage():
        raise UserError(f"{damage}; the `ssmar-bench run` that made the run makes it again.")
    if not folder.weights.is_file():
        raise UserError(
            f"Run {folder.path.name} has its record here and no weights; train it again with: "
            f"{rerun_command(folder.spec())} --out FOLDER, and look for it in FOLDER."
        )
    try:
        return Model(folder, torch.device(device))
    except DamagedError as error:
        raise UserError(
            f"{error.path} is damaged: {error.why}; train the run again: `ssmar-bench run` with --overwrite always."
        ) from error


def _found(run: str, runs: Path) -> Path:
    """The folder of a run by path, name, or name without its digits."""
    for path in (Path(run), runs / run):
        if (path / "record" / "spec.json").is_file():
            return path
    names = [path.parent.parent.name for path in runs.glob("*/record/spec.json")]
    if meant(run, names) in names:
        return runs / meant(run, names)
    found = sorted(name for name in names if name.rpartition("_")[0].casefold() == run.casefold())
    if not found:  # of folders that a user has renamed, the record says which runs they are
        owns = {name: RunFolder(runs / name).renamed() for name in names}
        found = sorted(name for name, own in owns.items() if run in (own, own.rpartition("_")[0]))
    if len(found) == 1:
        return runs / found[0]
    if found:
        raise UserError(
            f"{run} stands for several runs under {runs}: {', '.join(found)}; give one of these names, "
            "whose settings `api.results()` and the reports distinguish."
        )
    raise UserError(f"There is no run {run}, neither as a folder nor under {runs}{nearest(run, names)}")


def _require_done(folder: RunFolder) -> None:
    if folder.done() or folder.renamed():
        return
    name, failure = folder.path.name, folder.failure().strip()
    if failure:
        raise UserError(f"Run {name} has failed ({failure.splitlines()[-1].rstrip('.')}); run it again.")
    state = "is being trained by another command" if folder.held() else "is not finished"
    raise UserError(f"Run {name} {state}; the `ssmar-bench run` that began it finishes it.")
