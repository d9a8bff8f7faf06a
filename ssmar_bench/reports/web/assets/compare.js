// The view that compares methods on one benchmark at one share of labels.

const COMPARE = { benchmark: DATA.benchmarks[0]?.name, ratio: null, pair: [], shown: null, chosen: false };

const cellsOf = (bench, ratio) => bench.cells.filter((cell) => cell.ratio === ratio);
const epochsOf = (lines) => Array.from({ length: Math.max(1, ...lines.map((line) => line.y.length)) }, (_, i) => i + 1);
const filled = (values, length) => Array.from({ length }, (_, i) => values[i] ?? null);

/** Lines of one series and quantity, one a cell; offline pseudo-labels stand for a method that has both kinds. */
function curveLines(cells, ...names) {
  return cells.flatMap((cell) => {
    const name = names.find((key) => cell.curves[key]);
    return name ? [{ label: cell.label, y: cell.curves[name].mean, std: cell.curves[name].std }] : [];
  });
}

function curveChart(title, note, lines, yName = "Accuracy (%)", extra = {}) {
  const x = epochsOf(lines);
  const whole = lines.map((line) => ({ ...line, y: filled(line.y, x.length), std: line.std && filled(line.std, x.length) }));
  return chart(title, note, whole, { x, xName: "Epoch", yName, low: 0, high: 100, ...extra });
}

function ratioChart(bench) {
  const ratios = [...new Set(bench.cells.map((cell) => cell.ratio))].sort((a, b) => a - b);
  if (ratios.length < 2) return [];
  const labels = [...new Set(bench.cells.map((cell) => cell.label))];
  const at = (label, ratio, i) => bench.cells.find((cell) => cell.label === label && cell.ratio === ratio)?.accuracy[i] ?? null;
  const lines = labels.map((label) => ({ label, y: ratios.map((r) => at(label, r, 0)), std: ratios.map((r) => at(label, r, 1)) }));
  const percents = ratios.map((ratio) => 100 * ratio);
  const how = { x: percents, ticks: () => percents, xName: "Labelled (%)", yName: "Accuracy (%)", low: 0, high: 100 };
  return [chart("Test accuracy by share of labels", "All shares, whichever is chosen above.", lines, how)];
}

function costChart(cells) {
  const x = [...new Set(cells.map((cell) => cell.forward_passes))].sort((a, b) => a - b);
  const lines = cells.map((cell) => ({ label: cell.label, y: x.map((cost) => (cost === cell.forward_passes ? cell.accuracy[0] : null)) }));
  return chart("Accuracy against cost", "Forward passes in training (thousands); medians over seeds.", lines, { x, xName: "Clips (thousands)", yName: "Accuracy (%)", low: 0, high: 100, points: true, xText: (value) => +(value / 1000).toFixed(1) });
}

function calibrationLines(cells) {
  return cells.map((cell) => {
    const found = cell.runs.map((folder) => RUNS.get(folder).calibration.full_pool).filter(Boolean);
    const total = (line, bin) => sum(found.map((counts) => counts[line][bin]));
    return { label: cell.label, y: Array.from({ length: 10 }, (_, bin) => (found.length && total(0, bin) >= 5 ? (100 * total(2, bin)) / total(0, bin) : null)) };
  });
}

function calibrationChart(lines) {
  return chart("Calibration of pseudo-labels", "Whole pool, last epoch; on the dotted line a label is right as often as it is sure. Bins of fewer than five clips are left out.", lines, { x: Array.from({ length: 10 }, (_, i) => 10 * i + 5), xName: "Confidence (%)", yName: "Right (%)", diagonal: true });
}

function showCurves(bench, cells) {
  byId("curves").replaceChildren(
    ...ratioChart(bench),
    curveChart("Validation accuracy", "", curveLines(cells, "validation/accuracy")),
    curveChart("Pseudo-labels: whole pool", "Full pool: the same plain view for every method.", curveLines(cells, "full_pool/accuracy")),
    curveChart("Pseudo-labels: top-50 % confidence", "Full pool: the 50 % with each method's highest confidence.", curveLines(cells, "full_pool/accuracy_at_50")),
    curveChart("Pseudo-labels: trained on", "Accuracy of those that the loss used.", curveLines(cells, "offline/accuracy_selected", "online/accuracy_selected")),
    curveChart("Share trained on", "Coverage of the unlabelled clips.", curveLines(cells, "offline/coverage", "online/coverage"), "Clips (%)"),
    costChart(cells),
    calibrationChart(calibrationLines(cells)),
  );
}

function select(label, names, chosen, change) {
  const box = h("select", { onchange: (event) => change(event.target.value) }, names.map((name) => h("option", { value: name, selected: name === chosen }, name)));
  return h("label", {}, `${label} `, box);
}

function showClasses(bench, cells) {
  const kept = new Map(cells.map((cell) => [cell.label, pooled(cell.runs)]).filter(([, counts]) => counts));
  const names = [...kept.keys()];
  const place = byId("classes");
  if (!names.length) return place.replaceChildren();
  // The two methods of the paper's Fig. 4, until the reader chooses others.
  const pick = (i) => (names.includes(COMPARE.pair[i]) ? COMPARE.pair[i] : (defaultPair(names)[i] ?? names[0]));
  const [a, b] = [pick(0), pick(1)];
  const choose = (i) => (name) => {
    COMPARE.pair = [a, b];
    COMPARE.pair[i] = name;
    showClasses(bench, cells);
    place.querySelectorAll("select")[i].focus();
  };
  const note = "Recall of each class on the test part, all seeds together, in per cent.";
  const titles = [`Gain of ${a} over ${b} by class`, `Confusion of ${a}`];
  return place.replaceChildren(
    h("h2", {}, "Classes"),
    h("p", { class: "tools" }, select("Method", names, a, choose(0)), select("compared with", names, b, choose(1))),
    h("h3", {}, titles[0]),
    h("p", { class: "note" }, note),
    gains(titles[0], bench.classes, [a, b], [recalls(kept.get(a)), recalls(kept.get(b))]),
    h("h3", {}, titles[1]),
    h("p", { class: "note" }, "Shares of each true class in per cent, all seeds together; an empty cell is less than 0.5."),
    matrix(titles[1], kept.get(a), bench.classes),
  );
}

function defaultPair(names) {
  const method = (name) => DATA.runs.find((run) => run.label === name)?.method;
  const of = (wanted) => names.find((name) => method(name) === wanted);
  return [of("aplt") ?? names[names.length - 1], of("fixmatch") ?? names[0]];
}

function showMethods(bench) {
  const labels = [...new Set(bench.cells.map((cell) => cell.label))];
  if (!COMPARE.chosen) {
    HIDDEN.clear(); // until the reader has chosen: as many methods as can be distinguished
    for (const label of labels) if (bench.shown.length && !bench.shown.includes(label)) HIDDEN.add(label);
  }
  const boxes = labels.map((label) => {
    const change = (event) => {
      COMPARE.chosen = true;
      if (event.target.checked) HIDDEN.delete(label);
      else HIDDEN.add(label);
      toggleMethods();
    };
    return h("label", {}, h("input", { type: "checkbox", checked: !HIDDEN.has(label), onchange: change }), swatch(label), label);
  });
  byId("methods").replaceChildren(...boxes);
}

function setAll(checked) {
  COMPARE.chosen = true;
  for (const label of byId("methods").querySelectorAll("label")) {
    label.querySelector("input").checked = checked;
    if (checked) HIDDEN.delete(label.textContent);
    else HIDDEN.add(label.textContent);
  }
  toggleMethods();
}

/** Shows `benchmark` at `ratio` (the nearest it has); unknown names fall back to the first. */
function showCompare(benchmark, ratio) {
  const bench = BENCHMARKS.get(benchmark) ?? DATA.benchmarks[0];
  if (!bench) return;
  const ratios = [...new Set(bench.cells.map((cell) => cell.ratio))].sort((x, y) => x - y);
  const chosen = ratios.includes(ratio) ? ratio : ratios.includes(0.5) ? 0.5 : ratios[0];
  byId("benchmark").value = bench.name;
  byId("ratio").replaceChildren(...ratios.map((value) => h("option", { value, selected: value === chosen }, percentOf(value))));
  for (const tables of document.querySelectorAll("[data-bench]")) tables.hidden = tables.dataset.bench !== bench.name;
  if (COMPARE.shown !== `${bench.name}/${chosen}`) {
    COMPARE.shown = `${bench.name}/${chosen}`;
    const cells = cellsOf(bench, chosen);
    showMethods(bench);
    showCurves(bench, cells);
    showClasses(bench, cells);
  }
  drawAll();
}

const goCompare = () => {
  location.hash = `#/compare/${encodeURIComponent(byId("benchmark").value)}/${byId("ratio").value}`;
};
byId("benchmark").addEventListener("change", goCompare);
byId("ratio").addEventListener("change", goCompare);
byId("all").addEventListener("click", () => setAll(true));
byId("none").addEventListener("click", () => setAll(false));
