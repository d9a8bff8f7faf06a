"""The first page of the reports: links to every table, every picture with its caption."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.reports.animation import ANIMATION
from ssmar_bench.reports.formatting import damage, percent_text, setting_sentence
from ssmar_bench.reports.table_formats import escape_markdown
from ssmar_bench.results.summary import (
    FIGURE_2B,
    FIGURE_4,
    KINDS,
    LEVELS,
    LINES,
    BenchmarkSummary,
    CaptionFacts,
    Summary,
)

BAND = "Lines are means over seeds; bands (up to five lines, several seeds) are ± 1 standard deviation."
FIGURES = {
    "pseudo-labels": (
        "Pseudo-labels with {ratio} of the clips labelled. Full pool: after each epoch every method labels the whole "
        "unlabelled pool from the deterministic view; (a) accuracy over all clips, (b) over the top-50 % confidence, "
        "(e) at equal coverage after the last epoch. (c) and (d): accuracy and share of the pseudo-labels that the "
        "loss used (for a method with offline labels, those); an epoch in which a seed used none leaves it out."
    ),
    "aplt-threshold": (
        "Offline pseudo-labels with {ratio} of the clips labelled: accuracy before (dotted) and after (solid) the "
        "threshold that screens them, and the share that it keeps."
    ),
    "validation": "Validation accuracy after each epoch with {ratio} of the clips labelled.",
}

WHOLE = {
    "label-share": "Test accuracy (mean over seeds, 95 % interval) against the share of labelled clips.",
    "class-gain": "Recall of each class by one method minus that by another (the paper's Fig. 4, left), all seeds.",
    "calibration": (
        "Accuracy of the pseudo-labels of the full pool against their confidence after the last epoch, all "
        "seeds together; bins of fewer than five labels are left out."
    ),
    "cost": (
        "Test accuracy against the forward passes in training (median over seeds, passes without "
        "gradient and offline rounds included)."
    ),
}
ANIMATED = (
    "Test clips, the first of each of six classes by hashed ids, with their class and what methods took them for."
)
CONFUSION = (
    "Confusion on the test part with {ratio} of the clips labelled: share of each true class (row) that was given each "
    "name (column), all seeds together."
)
PAPER = {
    f"{FIGURE_2B}-{{on}}": (
        "Pseudo-labels while training on data of growing difficulty, {on} (the paper's Fig. 2b): accuracy over the "
        "full pool, accuracy of those that the loss used, and their share. " + BAND
    ),
    f"{FIGURE_4}-{{on}}-classes": (
        "Recall of each class by one method minus that by the other, {on} (the paper's Fig. 4, left), all common seeds."
    ),
    f"{FIGURE_4}-{{on}}-clips": (
        "Eight frames of clips on which the two methods disagree, with the class and what each took it for, {on} (the "
        "paper's Fig. 4, right); the table's page says how they were chosen."
    ),
}
RANKS = "Mean ranks over independent data sets; methods that Nemenyi's test does not part are joined."
FEWER = (
    f"Curves and confusion matrices draw at most {LINES} methods: those of the paper's Fig. 2b, then those that "
    "validate best; ablations are left to their tables. Accuracy against cost has all that compete, the page all."
)


def ending(ratio: float) -> str:
    """``r10``: the end of a figure's name."""
    return f"r{100 * ratio:g}"


def page(summary: Summary, reports: Path) -> str:
    """The Markdown of ``README.md``: what is in ``reports``, for the benchmarks that have runs."""
    parts = [
        "# Reports\n",
        f"Rendered by `ssmar-bench report` from `results/` alone (digest `{summary.digest}`); do not edit.\n",
        "[index.html](index.html) shows all of it in a browser, without a network: tables, curves, every run.\n",
        f"{FEWER}\n",
        *(f"{escape_markdown(text)}\n" for text in damage(summary.damage)),
    ]
    if (reports / "levels.md").is_file():
        names = ", ".join(f"{name} ({title.lower()})" for name, title in LEVELS.items())
        parts.append(f"## Levels of difficulty\n\n{_links('levels', 'Test accuracy')} on {names}, shown together.\n")
    parts += _paper(reports)
    for one in summary.benchmarks:
        if (reports / one.name / "comparison.md").is_file():
            parts += _section(one, reports)
    return "\n".join(parts)


def _paper(reports: Path) -> list[str]:
    pages = sorted((reports / "paper").glob("*.md"))
    if not pages:
        return []
    links = "\n".join(f"- {_links(f'paper/{path.stem}', path.stem)}" for path in pages)
    parts = [f"## The paper's tables, figures and claims\n\n{links}\n"]
    parts += [_picture(f"paper/{path.stem}", RANKS) for path in sorted((reports / "paper").glob("*-ranks.png"))]
    for on in KINDS:
        for name, words in PAPER.items():
            stem = f"paper/{name.format(on=on)}"
            if (reports / f"{stem}.png").is_file():
                parts.append(_picture(stem, words.format(on=on)))
    return parts


def _section(found: BenchmarkSummary, reports: Path) -> list[str]:
    facts, benchmark = found.facts, found.name
    parts = [f"## {benchmark}\n", f"{escape_markdown(setting_sentence(facts))}\n"]
    parts.append(f"{_links(f'{benchmark}/comparison', 'Comparison')}: accuracy, all scores, cost, failed runs.\n")
    for ratio in sorted(set(found.runs["ratio"])):
        for figure, words in FIGURES.items():
            stem = f"{benchmark}/{figure}-{ending(ratio)}"
            if (reports / f"{stem}.png").is_file():
                parts.append(_picture(stem, _caption(words, ratio, facts)))
        stem = f"{benchmark}/confusion-{ending(ratio)}"
        if (reports / f"{stem}.png").is_file():
            parts.append(_picture(stem, f"{CONFUSION.format(ratio=percent_text(ratio))} {setting_sentence(facts)}"))
    for name, words in WHOLE.items():
        if (reports / benchmark / f"{name}.png").is_file():
            parts.append(_picture(f"{benchmark}/{name}", f"{words} {setting_sentence(facts)}"))
    if (reports / benchmark / ANIMATION).is_file():
        parts.append(f"![test clips and answers]({benchmark}/{ANIMATION})\n\n*{ANIMATED} {setting_sentence(facts)}*\n")
    return parts


def _caption(words: str, ratio: float, facts: CaptionFacts) -> str:
    return f"{words.format(ratio=percent_text(ratio))} {BAND} {setting_sentence(facts)}"


def _picture(stem: str, caption: str) -> str:
    name = stem.rpartition("/")[2]
    return f"![{name}]({stem}.png)\n\n*{escape_markdown(caption)}* ([PDF]({stem}.pdf))\n"


def _links(stem: str, words: str) -> str:
    return f"[{words}]({stem}.md) ([LaTeX]({stem}.tex), [CSV]({stem}.csv))"
