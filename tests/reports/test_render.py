from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from _records import LABELS, Fake
from _reports import comparison_text, render
from PIL import Image

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.input_digest import input_digest

B = "micro-motion-12"


def small(root: Path) -> None:
    """Two seeds of three methods at 10 %, one of which failed, and the upper bound."""
    for method in ("supervised", "fixmatch", "aplt"):
        for seed in (0, 1):
            lost = (method, seed) == ("aplt", 1)
            Fake(method, seed=seed, accuracy=0.5 + 0.1 * seed, state="failed" if lost else "done").write(root)
    Fake("supervised", 1.0, accuracy=0.9).write(root)


def test_everything_is_written_and_linked(tmp_path: Path) -> None:
    small(tmp_path)
    paths = render(tmp_path, tmp_path / "reports")
    names = sorted(str(path.relative_to(tmp_path / "reports")) for path in paths)
    stems = ("aplt-threshold-r10", "pseudo-labels-r10", "validation-r10", "validation-r100", "cost")
    assert names == sorted(
        ["README.md", "index.html", *(f"{B}/comparison.{kind}" for kind in ("md", "tex", "csv"))]
        + [f"{B}/{stem}.{kind}" for stem in stems for kind in ("png", "pdf")]
    )
    readme = (tmp_path / "reports" / "README.md").read_text()
    assert all(name in readme for name in names if name != "README.md")
    assert input_digest(tmp_path) in readme
    assert "test scored once with the last weights" in readme


def test_tables_hold_scores_floor_ceiling_and_gaps(tmp_path: Path) -> None:
    small(tmp_path)
    render(tmp_path, tmp_path / "reports")
    text = (tmp_path / "reports" / B / "comparison.md").read_text()
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert ["FixMatch", "55.0 ± 7.1 (2)"] in lines
    assert ["APLT", "50.0 (1; 1 failed)"] in lines
    assert ["Most frequent class", "12.5 ± 0.0 (2)"] in lines
    assert ["Supervised, all labels", "90.0 (1)"] in lines
    assert ["APLT", "10 %", "1", "failed", "ValueError: loss is not finite"] in lines
    assert "200 test clips of 5 subjects" in text
    frame = pd.read_csv(tmp_path / "reports" / B / "comparison.csv")
    assert frame.loc[frame["label"] == "FixMatch", "accuracy_std"].item() == pytest.approx(0.070711)


def test_two_renderings_are_the_same_bytes(tmp_path: Path) -> None:
    small(tmp_path)
    first = {path.name: path.read_bytes() for path in render(tmp_path, tmp_path / "a")}
    second = {path.name: path.read_bytes() for path in render(tmp_path, tmp_path / "b")}
    assert first == second


def test_pictures_are_a_column_wide_and_pdfs_undated_with_text_that_can_be_edited(tmp_path: Path) -> None:
    small(tmp_path)
    for path in render(tmp_path, tmp_path / "reports"):
        if path.suffix == ".png":
            with Image.open(io.BytesIO(path.read_bytes())) as image:
                assert image.width == 990
        if path.suffix == ".pdf":
            content = path.read_bytes()
            assert b"CreationDate" not in content
            assert b"/CIDFontType2" in content  # whole letters of a TrueType font, not outlines
            assert b"/Type3" not in content


def test_what_was_said_of_single_clips_is_drawn(tmp_path: Path) -> None:
    for method in ("fixmatch", "aplt"):
        Fake(method, epochs=1, clips=True).write(tmp_path)
    names = {path.name for path in render(tmp_path, tmp_path / "reports")}
    assert {"class-gain.png", "confusion-r10.pdf", "calibration.png"} <= names
    readme = (tmp_path / "reports" / "README.md").read_text()
    assert all(f"({B}/{stem}.png)" in readme for stem in ("class-gain", "confusion-r10", "calibration", "cost"))


def test_one_seed_without_offline_series(tmp_path: Path) -> None:
    Fake(epochs=1).write(tmp_path)
    names = {path.name for path in render(tmp_path, tmp_path / "reports")}
    assert "pseudo-labels-r10.png" in names
    assert "aplt-threshold-r10.png" not in names


def test_supervised_alone_has_a_full_pool_but_trains_on_no_pseudo_labels(tmp_path: Path) -> None:
    Fake("supervised").write(tmp_path)
    assert "pseudo-labels-r10.png" in {path.name for path in render(tmp_path, tmp_path / "reports")}


def test_nothing_finished_still_gives_tables(tmp_path: Path) -> None:
    Fake(state="failed", reason="CudaError: a | b_c\n").write(tmp_path)
    names = {path.name for path in render(tmp_path, tmp_path / "reports")}
    assert names == {"comparison.md", "comparison.tex", "comparison.csv", "README.md", "index.html"}
    text = (tmp_path / "reports" / B / "comparison.md").read_text()
    assert "1 failed" in text
    assert r"CudaError: a \| b_c" in text
    assert "no run has finished" in text


def test_levels_are_shown_together(tmp_path: Path) -> None:
    for benchmark, accuracy in (("micro-motion-hard", 0.3), ("micro-motion-easy", 0.8)):
        Fake(benchmark=benchmark, accuracy=accuracy, epochs=1).write(tmp_path)
    Fake("aplt", benchmark="micro-motion-hard", epochs=2).write(tmp_path)
    Fake("aplt", benchmark="micro-motion-easy", epochs=1).write(tmp_path)
    Fake("vat", benchmark="micro-motion-easy", epochs=3).write(tmp_path)
    paths = render(tmp_path, tmp_path / "reports", ["micro-motion-hard"])
    assert tmp_path / "reports" / "levels.tex" in paths
    text = (tmp_path / "reports" / "levels.md").read_text()
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert ["Labelled", "Method", "Easy", "Medium", "Hard"] in lines
    assert ["10 %", "FixMatch", "80.0 (1)", "—", "30.0 (1)"] in lines
    assert text.count("No row is marked as best") == 1
    assert "micro-motion-hard: Not all runs share one setting" in text
    assert "VAT" not in text, "a row of one level compares nothing"
    assert "micro-motion-easy: Not all" not in text, "what is said is of the rows that are shown"
    readme = (tmp_path / "reports" / "README.md").read_text()
    assert "levels.md" in readme
    assert "micro-motion-easy/" not in readme  # it was not asked for, so its tables are not there


def test_no_more_lines_are_drawn_than_can_be_reported_apart(tmp_path: Path) -> None:
    for method in (*LABELS, "aplt-km"):
        Fake(method, epochs=1).write(tmp_path)
    render(tmp_path, tmp_path / "reports")
    readme = (tmp_path / "reports" / "README.md").read_text()
    assert "draw at most 7" in readme


def test_one_level_alone_has_no_table_of_levels(tmp_path: Path) -> None:
    Fake(epochs=1).write(tmp_path)
    render(tmp_path, tmp_path / "reports")
    assert not (tmp_path / "reports" / "levels.md").exists()


def test_different_settings_are_said(tmp_path: Path) -> None:
    Fake("fixmatch", epochs=2).write(tmp_path)
    Fake("aplt", epochs=1, split="other").write(tmp_path)
    text = comparison_text(tmp_path, B)
    render(tmp_path, tmp_path / "reports")
    page = (tmp_path / "reports" / B / "comparison.md").read_text()
    assert "Not all runs share one setting: train.epochs (1 or 2)" in page
    assert "Not all runs of a cell stand on the same split: 10 % seed 0" in page
    assert "FixMatch" in text


def test_the_text_for_a_terminal(tmp_path: Path) -> None:
    small(tmp_path)
    lines = comparison_text(tmp_path, B).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert cells[0] == ["Method", "10 %", "gain"]
    assert cells[3][:2] == ["FixMatch", "55.0 ± 7.1 (2)"]
    assert lines[-1].startswith("| APLT   | 10 %     | 1    | failed |")


def test_nothing_to_report_and_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no runs under"):
        render(tmp_path, tmp_path / "reports")
    with pytest.raises(UserError, match="has no runs"):
        comparison_text(tmp_path, B)
    Fake().write(tmp_path)
    with pytest.raises(UserError, match="did you mean 'micro-motion-12'"):
        render(tmp_path, tmp_path / "reports", ["micro-motion-1"])
    assert not (tmp_path / "reports").exists()


def test_a_line_below_the_printed_table_says_what_its_numbers_are(tmp_path: Path) -> None:
    share = "Test accuracy in % by share of labelled clips: "
    spread = "mean ± standard deviation over seeds, "
    Fake("fixmatch", accuracy=0.5).write(tmp_path)
    assert comparison_text(tmp_path, B).endswith(f"|\n\n{share}in brackets the number of seeds.\n")
    small(tmp_path)
    Fake("vat", accuracy=0.12).write(tmp_path)
    text = comparison_text(tmp_path, B)
    gain = "Gain: points above training on the labels alone, with the same seeds."
    assert f"\n{share}{spread}in brackets the number of seeds and what is lacking. {gain}\n\n†: not shown" in text
    assert "[a, b]" not in text


def test_a_table_without_a_number_has_no_caption(tmp_path: Path) -> None:
    Fake("fixmatch", state="failed").write(tmp_path)
    assert "Test accuracy" not in comparison_text(tmp_path, B)
