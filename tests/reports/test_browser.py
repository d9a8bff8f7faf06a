"""The page in a real headless Chromium: what a reader does with it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _page_data import folder_of, many_runs
from _records import Fake, Real
from _reports import html
from PIL import Image

from ssmar_bench.core import metrics
from ssmar_bench.core.metrics import Metric
from ssmar_bench.reports.web.page import write_page
from ssmar_bench.results.clip_predictions import strip_file

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect  # waits without eval, which the page's own policy forbids
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here; Debian has it: apt-get install chromium"),
]

DEPARTING = Real("supervised", 0.5, 1, benchmark="micro-motion-easy", epochs=2)
HISTORY = """epoch,series,clip,label,pseudo_label,weight,confidence
1,online,clip000,0,3,0,0.5
2,online,clip000,0,0,1,0.97
2,offline,clip001,1,2,1,-0.5
"""
HOSTILE = "<img src=x onerror=\"document.title='owned'\"></script><b>bold</b>"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A rendered page: two benchmarks, three methods of which one is hostile, two seeds, a failed run."""
    root = tmp_path_factory.mktemp("page")
    for ratio in (0.1, 0.5):
        for seed in (0, 1):
            Fake("supervised", ratio, seed, 0.3 + 0.1 * seed).write(root)
            Fake("fixmatch", ratio, seed, 0.5 + ratio / 10, clips=True).write(root)
            aplt = Fake("aplt", ratio, seed, 0.9, label=HOSTILE, clips=True).write(root)
            (aplt / "record" / "pseudo_label_history.csv").write_text(HISTORY)
    Fake("aplt-km", 0.5, 0, 0.95, epochs=6).write(root)
    Real("supervised", 0.5, benchmark="micro-motion-easy").write(root)
    folder = DEPARTING.write(root)
    facts = {"label": "Supervised", "initial_weights": "none", "departures": {"train.epochs": 2}}
    (folder / "record" / "method.json").write_text(json.dumps({**facts, "command": "ssmar-bench run --seeds 0"}))
    for benchmark, clip in (*(("micro-motion-hard", clip) for clip in range(3)), ("micro-motion-12", 1)):
        strip = strip_file(root, benchmark, f"clip{clip:03d}")
        strip.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (455, 56), "teal").save(strip, "WEBP")
    Fake("uda", 0.5, state="failed", reason=f"ValueError: {HOSTILE}\n").write(root)
    Fake("fixmatch", 0.5, benchmark="micro-motion-hard", accuracy=0.2, clips=True).write(root)
    Fake("vat", 0.5, benchmark="micro-motion-hard", accuracy=0.1, clips=True).write(root)
    path = root / "index.html"
    kappa = Metric("kappa", "Kappa", lambda *_: 0.0, unit="")  # no record has it
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "METRICS", (*metrics.METRICS, kappa))
        path.write_text(html(root), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        expect.set_options(timeout=20_000)
        started = driver.chromium.launch(executable_path=CHROMIUM, args=[*alone, "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Any, address: str) -> Iterator[Any]:
    """Opens the page of a few runs."""
    yield from opener(browser, address)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a page of ten thousand runs."""
    folder = tmp_path_factory.mktemp("many")
    write_page(many_runs(10_000), folder)
    return folder


@pytest.fixture
def crowded(browser: Any, many: Path) -> Iterator[Any]:
    """Opens the page of ten thousand runs, of which the data are files beside it."""
    yield from opener(browser, (many / "index.html").as_uri())


def opener(browser: Any, address: str) -> Iterator[Any]:
    """Opens a page at a fragment; nothing may be asked of a network, and no script may complain."""
    troubles: list[str] = []
    contexts = []
    folder = address.rpartition("/")[0] if "many" in address else address

    def opened(fragment: str = "", scheme: str = "light") -> Any:
        context = browser.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: request.url.startswith(folder) or troubles.append(request.url))  # type: ignore[func-returns-value]
        page.goto(address + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def column(page: Any, table: str, number: int) -> list[str]:
    """The visible cells of a column of a table."""
    return list(page.locator(f'[data-table="{table}"] td:nth-child({number}):visible').all_inner_texts())


def test_the_answer_is_the_first_thing_shown(open_page: Any) -> None:
    page = open_page()
    assert page.locator("h1:visible").inner_text() == "Which method should I use?"
    assert (
        f"To try first: {HOSTILE}, with the highest mean accuracy in 2 of 3 settings."
        in page.locator(".lead").inner_text()
    )
    assert "fewer than five support no claim" in page.locator(".box:visible").inner_text()
    assert page.title() != "owned"
    assert page.locator("img, b b").count() == 0


def test_tables_sort_by_number_and_back_by_keyboard(open_page: Any) -> None:
    page = open_page("#/runs")
    printed = column(page, "runs", 6)
    head = page.locator('[data-table="runs"] th').nth(5)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    falling = column(page, "runs", 6)
    assert falling[-1] == ""  # the failed run has no accuracy and is last, whatever the direction
    assert falling[:-1] == sorted(falling[:-1], key=float, reverse=True)
    page.keyboard.press("Space")
    rising = column(page, "runs", 6)
    assert rising[:-1] == sorted(rising[:-1], key=float)
    assert rising[-1] == ""
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert column(page, "runs", 6) == printed


def test_rows_are_filtered_by_words(open_page: Any) -> None:
    page = open_page("#/runs")
    page.locator('[data-table="runs"] input').fill("fixmatch HARD")
    assert column(page, "runs", 2) == ["FixMatch"]
    assert page.url.endswith("#/runs/fixmatch%20HARD")
    assert "1 of 18 rows" in page.locator('[data-table="runs"] .found').inner_text()
    page.locator('[data-table="runs"] input').fill("")
    assert len(column(page, "runs", 2)) == 18


def test_a_method_is_switched_off_in_every_chart(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    chart = page.get_by_role("slider", name="Validation accuracy")
    chart.focus()
    page.keyboard.press("End")
    told = chart.get_attribute("aria-valuetext")
    assert told.startswith("Epoch 4: ")
    assert "FixMatch" in told
    assert "Supervised" in told
    page.get_by_role("button", name="Take off FixMatch").click()
    for name in ("Validation accuracy", "Accuracy against cost"):
        chart = page.get_by_role("slider", name=name)
        chart.focus()
        page.keyboard.press("Home")
        assert "FixMatch" not in chart.get_attribute("aria-valuetext")
        assert "Supervised" in chart.get_attribute("aria-valuetext")
    page.locator("#choice summary").click()
    page.get_by_role("button", name="None").click()
    assert page.get_by_role("slider").count() == 0
    page.get_by_role("button", name="As at first").click()
    assert "FixMatch" in page.locator("#legend").inner_text()
    assert page.url.endswith("#/compare/micro-motion-12/0.5")


def test_ablations_are_off_until_they_are_asked_for(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    page.locator("#choice summary").click()
    ablation = page.locator("#methods").get_by_role("group", name="Ablations").get_by_label("aplt-km")
    assert not ablation.is_checked()
    chart = page.get_by_role("slider", name="Validation accuracy")
    chart.focus()
    assert "aplt-km" not in chart.get_attribute("aria-valuetext")
    ablation.check()
    chart = page.get_by_role("slider", name="Validation accuracy")
    chart.focus()
    page.keyboard.press("End")
    assert chart.get_attribute("aria-valuetext").startswith("Epoch 6: aplt-km ")


def test_the_papers_sections_are_reached_by_their_links(open_page: Any) -> None:
    page = open_page("#/paper")
    page.get_by_role("link", name="The paper's claims, micro-motion").click()
    expect(page.locator("#section-claims-micro-motion")).to_be_focused()
    page.get_by_role("link", name="Pseudo-labels on easier").first.click()
    expect(page.locator("#section-fig2b-micro-motion")).to_be_focused()
    assert page.locator("#section-fig2b-micro-motion").bounding_box()["y"] < 200


def test_what_nobody_measured_is_folded_away(crowded: Any) -> None:
    page = crowded("#/compare")
    block = page.locator('[data-table="accuracy"]')
    expect(block.locator("th")).to_have_text(["Method", "10 %"])
    block.get_by_role("button", name="Show what is not measured (1 column)").click()
    expect(block.locator("th")).to_have_text(["Method", "10 %", "50 %"])
    expect(block.locator("tbody tr").first).to_contain_text("—")


def test_pointing_at_a_curve_shows_its_values(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    over = page.get_by_role("slider", name="Validation accuracy").locator(".u-over")
    over.hover(position={"x": 150, "y": 60})
    tip = over.locator(".tip")
    assert tip.is_visible()
    assert "Epoch" in tip.inner_text()
    assert HOSTILE in tip.inner_text()
    assert "±" in tip.inner_text()


def test_another_benchmark_brings_its_own_curves_and_tables(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    assert "Supervised" in column(page, "accuracy", 1)
    page.locator("#benchmark").select_option("micro-motion-hard")
    expect(page.locator("#legend li span")).to_have_text(["FixMatch", "VAT"])
    assert "micro-motion-hard" in page.url
    assert column(page, "accuracy", 1) == ["VAT", "FixMatch", "Most frequent class"]
    page.locator("#classes select").first.select_option("VAT")
    assert page.locator("#classes h3").first.inner_text().startswith("Gain of VAT over FixMatch")
    assert page.url.endswith("/VAT,FixMatch")
    assert page.locator("#classes .matrix").count() == 3
    expect(page.locator("#classes h3").nth(3)).to_contain_text("Difference: VAT minus FixMatch")


def test_a_run_has_a_page_with_spec_parameters_curves_and_environment(open_page: Any) -> None:
    page = open_page("#/runs")
    page.get_by_role("link", name=Fake("fixmatch", 0.5).spec().folder(), exact=False).first.click()
    expect(page).to_have_title(re.compile("^FixMatch, 50 % labelled, seed "))
    text = page.locator("#run").inner_text()
    for word in ("threshold", "0.95", "train.epochs", "backbone.name", "Linux x86_64", "3.11.7", "split", "seed 1"):
        assert word in text
    assert page.locator("#run canvas").count() >= 3
    assert page.locator("#run .matrix tbody tr").count() == 12
    head = page.get_by_role("table", name="Scores").locator("th[scope=col]").all_inner_texts()
    assert head == ["Scores", *(f"{metric.label} (%)" for metric in metrics.METRICS), "Kappa"]
    assert page.locator('table[aria-label="Scores"] tbody tr:nth-child(2) td').all_inner_texts()[2:] == ["50.0", ""]
    page.get_by_role("link", name="seed 1").click()
    expect(page.locator("#run-title")).to_have_text(re.compile("seed 1$"))


MANY_CURVES = """() => runChart(
  { curves: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`train/loss_${i}`, [1, 2]])) },
  "Losses", "", () => true, { own: true },
).map((one) => [
  one.querySelector("figcaption").firstChild.data,
  [...one.querySelectorAll(".legend svg")].map((look) => look.outerHTML),
])"""
"""Title and looks of the charts of a run with ten losses."""


def test_no_two_lines_of_a_runs_chart_look_alike(open_page: Any) -> None:
    page = open_page(VIEWS["run"])
    expect(page.locator("#run figcaption").first).to_be_visible()
    titles = [title.partition("\n")[0].strip() for title in page.locator("#run figcaption").all_inner_texts()]
    assert titles[:2] == ["Validation accuracy", "Accuracy of pseudo-labels"]
    charts = page.evaluate(MANY_CURVES)
    assert [title for title, _ in charts] == ["Losses", "Losses, continued"]
    assert sum(len(looks) for _, looks in charts) == 10
    assert all(len({*looks}) == len(looks) for _, looks in charts)


def test_no_line_crosses_a_share_of_labels_that_was_not_measured(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    expect(page.locator("#curves canvas").first).to_be_visible()
    drawn = "LIVE.find((one) => one.title.startsWith('Test accuracy by share')).made.series[1]"
    assert page.evaluate(f"[{drawn}.spanGaps, {drawn}.points.show(), {drawn}.points.size > 0]") == [False, True, True]


def test_a_failed_run_says_why_and_an_unknown_one_that_it_is_not_there(open_page: Any) -> None:
    page = open_page(f"#/run/{Fake('uda', 0.5).spec().folder()}")
    assert f"ValueError: {HOSTILE}" in page.locator("#run").inner_text()
    page = open_page("#/run/%E0%A4%A")
    assert page.locator("h1:visible").inner_text() == "There is no such run"


def test_light_and_dark_follow_the_system_and_the_switch(open_page: Any) -> None:
    shade = "() => getComputedStyle(document.body).backgroundColor"
    light, dark = open_page(), open_page("#/compare", scheme="dark")
    assert light.evaluate(shade) == "rgb(255, 255, 255)"
    assert dark.evaluate(shade) == "rgb(21, 24, 28)"
    switch = dark.get_by_role("button", name="Dark")
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    assert dark.evaluate(shade) == "rgb(255, 255, 255)"
    assert switch.get_attribute("aria-pressed") == "false"
    dark.reload()
    assert dark.evaluate(shade) == "rgb(255, 255, 255)"


BROKEN = """(places) => [...document.querySelectorAll(places)]
  .filter((cell) => /^[A-Za-z]+$/.test(cell.textContent))
  .filter((cell) => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    return words.getClientRects().length > 1;
  }).map((cell) => cell.textContent)"""
"""The cells of one word that is in several lines."""


def test_on_a_narrow_screen_no_view_spills_and_no_short_word_is_broken(open_page: Any) -> None:
    page = open_page("#/runs")
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate(BROKEN, '[data-table="runs"] tbody td.left') == []
    page = open_page("#/examples/micro-motion-hard/0.5")
    page.set_viewport_size({"width": 400, "height": 900})
    expect(page.locator("#examples li").first).to_be_visible()
    assert page.evaluate(BROKEN, "#examples li th") == []
    page = open_page()
    run = f"#/run/{Fake('fixmatch', 0.5).spec().folder()}"
    for width in (400, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for fragment in ("#/", "#/compare/micro-motion-12/0.5", "#/examples", "#/runs", run, "#/paper", "#/about"):
            page.evaluate(f"location.hash = {fragment!r}")
            expect(page.locator("main h1:visible")).to_have_count(1)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, fragment
            assert page.locator("header").bounding_box()["height"] < 64, "the navigation is one line"


VIEWS = {
    "overview": "#/", "compare": "#/compare/micro-motion-12/0.5", "examples": "#/examples", "runs": "#/runs",
    "run": f"#/run/{Fake('fixmatch', 0.5).spec().folder()}", "paper": "#/paper", "about": "#/about",
}  # fmt: skip
MANY_VIEWS = VIEWS | {
    "compare": "#/compare", "examples": "#/examples/large/0.1",
    "run": f"#/run/{folder_of('large', 'Method 7', 0.5, 3)}",
}  # fmt: skip
MEASURED = "TaskDuration"
FAINT = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = numbers(colour).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((numbers(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("header *, main *")].filter((node) => node.checkVisibility() &&
      [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) && !node.disabled)
    .map((node) => {
      const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), node.tagName, node.className, node.textContent.slice(0, 30)];
    }).filter(([ratio]) => ratio < 4.5).slice(0, 5);
}"""
"""Visible texts whose contrast is below 4.5, as WCAG 2 computes it."""
BROKEN = """() => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const broken = [];
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!/^\\s*[A-Za-z]{1,10}\\s*$/.test(text.data) || !text.parentElement.checkVisibility()) continue;
    const words = document.createRange();
    words.selectNodeContents(text);
    if (words.getClientRects().length > 1) broken.push(text.data);
  }
  return broken;
}"""
"""Short words that are broken into two lines."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize(("opened", "views"), [("open_page", VIEWS), ("crowded", MANY_VIEWS)], ids=["18", "10000"])
def test_every_view_is_read_on_phone_and_desk_by_day_and_night(
    request: pytest.FixtureRequest, opened: str, views: dict[str, str], width: int, scheme: str
) -> None:
    page = request.getfixturevalue(opened)(scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    assert {view.get_attribute("data-view") for view in page.locator("main [data-view]").all()} == views.keys()
    for name, fragment in views.items():
        page.evaluate(f"location.hash = {fragment!r}")
        expect(page.locator(f'main [data-view="{name}"] h1')).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(FAINT) == [], name
        assert page.evaluate(BROKEN) == [], name
        here = page.locator("nav [aria-current]").bounding_box()
        assert 0 <= here["x"] <= here["x"] + here["width"] <= width, name


@pytest.mark.parametrize("view", MANY_VIEWS)
def test_ten_thousand_runs_open_in_two_seconds(browser: Any, many: Path, view: str) -> None:
    """Of the processor's time in the page: other programs of this machine do not count."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    (many / "blank.html").write_text("<!doctype html>")
    page.goto((many / "blank.html").as_uri())
    inside = context.new_cdp_session(page)
    inside.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        return next(one["value"] for one in inside.send("Performance.getMetrics")["metrics"] if one["name"] == MEASURED)

    before = spent()
    page.goto((many / "index.html").as_uri() + MANY_VIEWS[view])
    expect(page.locator(f'main [data-view="{view}"] h1')).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert 0.01 < spent() - before < 2
    context.close()


def test_a_tip_stays_inside_the_window(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    page.set_viewport_size({"width": 400, "height": 900})
    over = page.get_by_role("slider", name="Validation accuracy").locator(".u-over")
    over.scroll_into_view_if_needed()
    for place in (2, 150, over.bounding_box()["width"] - 3):
        over.hover(position={"x": place, "y": 60})
        box = over.locator(".tip").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 400


def test_no_more_methods_than_styles_are_shown_and_the_address_keeps_them(crowded: Any) -> None:
    page = crowded("#/compare")
    expect(page.locator("#benchmark")).to_have_value("large")  # which has most runs
    page.locator("#choice summary").click()
    page.get_by_label("Method 9", exact=True).check()
    assert page.locator("#legend li").count() == 8
    assert page.get_by_label("Method 10", exact=True).is_disabled()
    drawn = page.locator("#legend path").evaluate_all("(all) => all.map((one) => one.outerHTML)")
    assert len({*drawn}) == 8
    page.get_by_role("button", name="Take off Method 2", exact=True).click()
    assert page.get_by_label("Method 10", exact=True).is_enabled()
    page.locator("#classes select").nth(1).select_option("Method 5")
    there = page.url
    text = page.locator("#legend").inner_html()
    page.goto("about:blank")
    page.goto(there)
    expect(page.locator("#legend li")).to_have_count(7)
    assert page.locator("#legend").inner_html() == text  # the same methods in the same styles
    assert page.locator("#classes h3").first.inner_text().startswith("Gain of Method 499 over Method 5 ")


def test_ten_thousand_runs_are_paged_filtered_sorted_and_opened(crowded: Any) -> None:
    page = crowded("#/runs")
    rows = page.locator("#runs tbody tr")
    expect(rows).to_have_count(50)
    expect(page.locator("#runs .pager span")).to_have_text("1 to 50 of 10\u202f000 rows")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#runs .pager span")).to_have_text("51 to 100 of 10\u202f000 rows")
    for width in (400, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") < 9000
    page.locator("#runs input").fill("small m77_r0.1_")
    expect(page.locator("#runs .found")).to_have_text("5 of 10000 rows")
    page.get_by_role("button", name="Seed").click()
    expect(rows.first.locator("td").nth(3)).to_have_text("4")
    rows.first.locator("a").click()
    expect(page.locator("#run-title")).to_have_text("Method 77, 10 % labelled, seed 4")
    assert page.locator("#run canvas").count() == 3


def test_tables_and_charts_are_saved_as_csv_and_png(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    for name, head in (("Validation accuracy", "Epoch,"), ("Test accuracy by share of labelled clips", "Method,")):
        with page.expect_download() as got:
            page.get_by_role("button", name=f"Download CSV: {name}").click()
        text = Path(got.value.path()).read_text()
        assert text.startswith(head)
        assert "FixMatch" in text
        with page.expect_download() as got:
            page.get_by_role("button", name=f"Download PNG: {name}").click()
        with Image.open(got.value.path()) as image:
            assert image.format == "PNG"
            assert image.convert("L").getextrema()[0] < 100  # there is ink
            assert min(image.size) > 200


def test_examples_show_clips_with_the_truth_and_every_methods_answer(open_page: Any) -> None:
    page = open_page("#/examples/micro-motion-hard/0.5/FixMatch,VAT")
    cards = page.locator("#examples li")
    # FixMatch is right on the clips 0 to 39, VAT on 0 to 19
    expect(page.locator("#examples .pager span")).to_have_text("1 to 12 of 20 clips")
    expect(cards.first).to_contain_text("class 8 clip020")
    expect(cards.first.locator("td.right")).to_have_text("✓ class 8")
    expect(cards.first.locator("td.wrong")).to_have_text("✗ class 9")
    page.get_by_role("combobox", name="Clips").select_option("mistakes")
    sure = page.locator("#examples li tr:first-child td:last-child").all_inner_texts()
    assert sure == sorted(sure, key=lambda text: -int(text[:-2]))
    page.get_by_role("combobox", name="Clips").select_option("all")
    expect(page.locator("#examples .pager span")).to_have_text("1 to 12 of 200 clips")
    assert page.locator("#examples img").count() == 3
    assert page.locator("#examples img").first.evaluate("(image) => image.naturalWidth") == 455
    page.get_by_role("button", name="Next").click()
    there = page.url
    assert there.endswith("/FixMatch,VAT/all/2")
    page.goto("about:blank")
    page.goto(there)
    expect(page.locator("#examples .pager span")).to_have_text("13 to 24 of 200 clips")


def test_examples_show_unlabelled_clips_with_their_last_pseudo_labels(open_page: Any) -> None:
    page = open_page("#/examples/micro-motion-12/0.5")
    kinds = page.get_by_role("combobox", name="Clips")
    count, cards = page.locator("#examples .pager span"), page.locator("#examples li")
    kinds.select_option("used")  # every second clip of the forty has a weight in the made-up records
    expect(count).to_have_text("1 to 12 of 20 clips")
    expect(page.locator("#examples .note")).to_contain_text(
        "20 of 40 unlabelled clips; the last pseudo-labels of seed 0"
    )
    expect(cards.first).to_contain_text("class 1 clip001")
    expect(cards.first.locator("tr").nth(0)).to_contain_text("✓ class 1trained on")
    expect(cards.first.locator("tr").nth(1)).to_contain_text("✓ class 1predicted, 75 %")
    assert cards.first.locator("img").count() == 1
    with page.expect_download() as got:
        page.locator("#examples").get_by_role("button", name="CSV").click()
    head, first, *_ = Path(got.value.path()).read_text(encoding="utf-8").splitlines()
    assert head.endswith(',FixMatch,FixMatch (use),"FixMatch (confidence, %)"')
    assert first.endswith(",class 1,predicted,75")
    kinds.select_option("left")
    expect(cards.first.locator("tr").nth(0)).to_contain_text("✓ class 0left out")
    kinds.select_option("taught")
    expect(count).to_have_text("0 to 0 of 0 clips")
    there = page.url
    assert there.endswith("/taught")
    page.get_by_role("combobox", name="A", exact=True).select_option("FixMatch")
    expect(page.locator("#examples .note")).to_contain_text("FixMatch trains on no pseudo-labels.")


def test_examples_show_what_was_believed_of_a_clip_in_every_epoch(open_page: Any) -> None:
    page = open_page("#/examples/micro-motion-12/0.5")
    page.get_by_role("combobox", name="Clips").select_option("epochs")
    cards = page.locator("#examples li")
    expect(cards).to_have_count(2)
    expect(cards.nth(0)).to_contain_text("class 1 clip001")  # the one with frames is the first
    assert cards.nth(0).locator("img").count() == 1
    expect(cards.nth(0)).to_contain_text("right in 0, trained on in 1 of 2 epochs")
    expect(cards.nth(1).get_by_role("img")).to_have_attribute("aria-label", "right in 1, trained on in 1 of 2 epochs")
    signs = cards.nth(1).locator(".epochs span")
    assert [one.get_attribute("title") for one in signs.all()] == ["epoch 1: class 3", "epoch 2: class 0, trained on"]
    assert [one.get_attribute("class").split() for one in signs.all()] == [["wrong"], ["right", "used"]]
    with page.expect_download() as got:
        page.locator("#examples").get_by_role("button", name="CSV").click()
    lines = Path(got.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith("clip,class,method,epoch,pseudo-label,trained on")
    assert len(lines) == 1 + 2 * 2


def test_a_departure_from_the_defaults_is_a_banner(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    assert not page.locator("#departures").is_visible()
    page = open_page("#/compare/micro-motion-easy/0.5")
    page.locator("#choice summary").click()
    page.get_by_role("group", name="Other settings").get_by_role("checkbox").check()
    expect(page.locator("#departures")).to_contain_text("(train.epochs = 2)")
    page.goto(page.url.split("#")[0] + f"#/run/{DEPARTING.spec().folder()}")
    expect(page.locator("#run .banner")).to_contain_text("this benchmark: train.epochs = 2.")
    expect(page.locator("#run pre")).to_have_text("ssmar-bench run --seeds 0")


def test_a_missing_file_of_the_data_is_named(browser: Any, many: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes((many / "index.html").read_bytes())
    context = browser.new_context()
    page = context.new_page()
    page.goto((tmp_path / "index.html").as_uri() + "#/runs")
    expect(page.locator("#trouble")).to_contain_text("index-data/runs.js is missing beside this page")
    context.close()


def test_everything_that_can_be_used_has_a_name_and_a_place_in_the_order_of_tabs(open_page: Any) -> None:
    page = open_page("#/compare/micro-motion-12/0.5")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, [tabindex='0'], [role=slider]")]
          .filter((one) => one.checkVisibility() && !(one.textContent.trim() || one.ariaLabel || one.labels?.length))
          .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert page.evaluate("document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')]"
                         ".map((one) => one.id)).size")  # fmt: skip
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('role') || ''"))
    assert {"benchmark", "ratio", "slider", "theme"} <= seen
