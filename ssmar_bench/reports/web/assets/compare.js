// The view that compares methods on one benchmark at one share of labels. What is shown is in the address:
// #/compare/<benchmark>/<ratio>/<method of each style, empty where it is free>/<pair of methods>

const MOST = CORE.styles.length;
const COMPARE = { bench: null, ratio: null, slots: [], pair: [], data: null };

const epochsOf = (lines) => Array.from({ length: Math.max(1, ...lines.map((line) => line.y.length)) }, (_, i) => i + 1);
const filled = (values, length) => Array.from({ length }, (_, i) => values[i] ?? null);

/** The methods that are on, with their styles. */
const chosenMethods = () => COMPARE.slots.flatMap((label, slot) => (label ? [{ label, slot }] : []));

/** Lines of one series and quantity, one a method; offline pseudo-labels stand for a method that has both kinds. */
function curveLines(...names) {
  return chosenMethods().flatMap(({ label, slot }) => {
    const curves = COMPARE.curves[label] ?? {};
    const name = names.find((key) => curves[key]);
    return name ? [{ label, slot, y: curves[name].mean, std: curves[name].std }] : [];
  });
}

function curveChart(title, note, lines, yName = "Accuracy (%)", extra = {}) {
  const x = epochsOf(lines);
  const whole = lines.map((line) => ({ ...line, y: filled(line.y, x.length), std: line.std && filled(line.std, x.length) }));
  return chart(title, note, whole, { x, xName: "Epoch", yName, low: 0, high: 100, ...extra });
}

const cellOf = (label, ratio) => COMPARE.data.cells.find((cell) => cell.label === label && cell.ratio === ratio);

function ratioChart() {
  const { ratios } = COMPARE.bench;
  if (ratios.length < 2) return [];
  const at = (label, i) => ratios.map((ratio) => cellOf(label, ratio)?.accuracy[i] ?? null);
  const lines = chosenMethods().map(({ label, slot }) => ({ label, slot, y: at(label, 0), std: at(label, 1) }));
  const percents = ratios.map((ratio) => 100 * ratio);
  const how = { x: percents, ticks: () => percents, xName: "Labelled (%)", yName: "Accuracy (%)", low: 0, high: 100, gaps: true };
  return [chart("Test accuracy by share of labels", "All shares, whichever is chosen above.", lines, how)];
}

function costChart() {
  const cells = chosenMethods().flatMap(({ label, slot }) => {
    const cell = cellOf(label, COMPARE.ratio);
    return cell ? [{ ...cell, slot }] : [];
  });
  const x = [...new Set(cells.map((cell) => cell.forward_passes))].sort((a, b) => a - b);
  const lines = cells.map((cell) => ({ label: cell.label, slot: cell.slot, y: x.map((cost) => (cost === cell.forward_passes ? cell.accuracy[0] : null)) }));
  return chart("Accuracy against cost", "Forward passes in training (thousands); medians over seeds.", lines, { x, xName: "Clips (thousands)", yName: "Accuracy (%)", low: 0, high: 100, points: true, xText: (value) => +(value / 1000).toFixed(1) });
}

function calibrationChart() {
  const lines = chosenMethods().flatMap(({ label, slot }) => {
    const counts = COMPARE.classes[label]?.calibration ?? [];
    return counts.length ? [{ label, slot, y: counts[0].map((total, bin) => (total >= 5 ? (100 * counts[2][bin]) / total : null)) }] : [];
  });
  return chart("Calibration of pseudo-labels", "Whole pool, last epoch; on the dotted line a label is right as often as it is sure. Bins of fewer than five clips are left out.", lines, { x: Array.from({ length: 10 }, (_, i) => 10 * i + 5), xName: "Confidence (%)", yName: "Right (%)", diagonal: true });
}

function showCurves() {
  byId("curves").replaceChildren(
    ...ratioChart(),
    curveChart("Validation accuracy", "", curveLines("validation/accuracy")),
    curveChart("Pseudo-labels: whole pool", "Full pool: the same plain view for every method.", curveLines("full_pool/accuracy")),
    curveChart("Pseudo-labels: top-50 % confidence", "Full pool: the 50 % with each method's highest confidence.", curveLines("full_pool/accuracy_at_50")),
    curveChart("Pseudo-labels: trained on", "Accuracy of those that the loss used.", curveLines("offline/accuracy_selected", "online/accuracy_selected")),
    curveChart("Share trained on", "Coverage of the unlabelled clips.", curveLines("offline/coverage", "online/coverage"), "Clips (%)"),
    costChart(),
    calibrationChart(),
  );
  drawAll();
}

/** A labelled box with names to choose from. */
function select(label, names, chosen, change) {
  const box = h("select", { onchange: (event) => change(event.target.value) }, names.map((name) => h("option", { value: name, selected: name === chosen }, name)));
  return h("label", {}, `${label} `, box);
}

function showClasses() {
  const names = Object.keys(COMPARE.classes).filter((label) => COMPARE.classes[label].confusion.length);
  const place = byId("classes");
  const { classes } = COMPARE.data;
  if (!names.length) return place.replaceChildren();
  // The two methods of the paper's Fig. 4, until the reader chooses others.
  const pick = (i) => (names.includes(COMPARE.pair[i]) ? COMPARE.pair[i] : (usualPair(names)[i] ?? names[0]));
  const [a, b] = [pick(0), pick(1)];
  const choose = (i) => (name) => {
    COMPARE.pair = [a, b];
    COMPARE.pair[i] = name;
    showClasses();
    compareAddress();
    place.querySelectorAll("select")[i].focus();
  };
  const [first, second] = [a, b].map((label) => dense(COMPARE.classes[label].confusion, classes.length));
  return place.replaceChildren(
    h("h2", {}, "Classes"),
    h("p", { class: "tools" }, select("Method", names, a, choose(0)), select("compared with", names, b, choose(1))),
    gains(`Gain of ${a} over ${b} by class`, "Recall of each class on the test part, all seeds together, in per cent.", classes, [a, b], [recalls(first), recalls(second)]),
    h("p", { class: "note" }, "Confusion: shares of each true class in per cent, all seeds together; an empty cell is less than 0.5. Difference: the first minus the second, in points; blue is better for the first."),
    h("div", { class: "matrices" }, matrix(`Confusion of ${a}`, first, classes), ...(a === b ? [] : [matrix(`Confusion of ${b}`, second, classes), matrixDifference(`Difference: ${a} minus ${b}`, first, second, classes)])),
  );
}

function usualPair(names) {
  const of = (wanted) => names.find((name) => COMPARE.data.methods[name]?.[0] === wanted);
  return [of("aplt") ?? names[names.length - 1], of("fixmatch") ?? names[0]];
}

/** Boxes by group; no more than can be distinguished are on. */
function showMethods() {
  const { methods } = COMPARE.data;
  const groups = CORE.groups.flatMap((group, number) => {
    const labels = Object.keys(methods).filter((label) => methods[label][1] === number);
    const boxes = labels.map((label) => h("label", {}, h("input", { type: "checkbox", value: label, onchange: (event) => toggleMethod(label, event.target.checked) }), label));
    return labels.length ? [h("fieldset", {}, h("legend", {}, group), boxes)] : [];
  });
  byId("methods").replaceChildren(...groups);
  markMethods();
}

function markMethods() {
  const { slots } = COMPARE;
  const full = chosenMethods().length >= MOST;
  for (const box of byId("methods").querySelectorAll("input")) {
    box.checked = slots.includes(box.value);
    box.disabled = full && !box.checked;
  }
  const off = (label) => h("button", { type: "button", class: "small", "aria-label": `Take off ${label}`, onclick: () => toggleMethod(label, false) }, "×");
  byId("legend").replaceChildren(...chosenMethods().map(({ label, slot }) => h("li", {}, swatch(slot), h("span", {}, label), off(label))));
  warnDepartures();
  byId("chosen").textContent = `${chosenMethods().length} of ${Object.keys(COMPARE.data.methods).length} are shown${full ? "; take one off to see another" : ""}`;
}

/** A banner for methods that are shown under other settings than their defaults. */
function warnDepartures() {
  const found = chosenMethods().flatMap(({ label }) => (COMPARE.data.departures?.[label] ? [`${label} (${COMPARE.data.departures[label]})`] : []));
  byId("departures").hidden = !found.length;
  byId("departures").textContent = `Not the defaults of these methods on this benchmark: ${found.join("; ")}.`;
}

function toggleMethod(label, on) {
  const { slots } = COMPARE;
  if (on) {
    const free = Array.from({ length: MOST }, (_, i) => i).find((i) => !slots[i]);
    if (free === undefined || slots.includes(label)) return;
    slots[free] = label;
  } else slots[slots.indexOf(label)] = "";
  changeMethods(slots);
}

function changeMethods(slots) {
  COMPARE.slots = [...slots];
  markMethods();
  showCurves();
  compareAddress();
}

function compareAddress() {
  const { bench, ratio, slots, pair } = COMPARE;
  const usual = slots.join("\n") === COMPARE.usual.join("\n");
  if (usual && !pair.length) address("compare", bench.name, ratio);
  else address("compare", bench.name, ratio, slots, pair);
}

const listed = (text) => (text === undefined ? null : text.split(",").map(safely));

/** Shows `name` at `ratio` (the nearest it has); unknown names fall back to the first. */
async function showCompare(name, ratio, slots, pair, isCurrent) {
  const bench = BENCHMARKS.get(name) ?? USUAL;
  if (!bench || !bench.ratios.length) return byId("curves").replaceChildren(h("p", {}, "No run has a result yet."));
  const chosen = bench.ratios.includes(ratio) ? ratio : bench.ratios.includes(0.5) ? 0.5 : bench.ratios[0];
  const [data, curves, classes] = await Promise.all([part(`benchmark/${bench.name}`), part(`curves/${bench.name}/${chosen}`), part(`classes/${bench.name}/${chosen}`)]);
  if (!isCurrent()) return undefined;
  const other = COMPARE.bench !== bench;
  const usual = data.shown.slice(0, MOST);
  const kept = slots ?? (other || !COMPARE.slots.length ? usual : COMPARE.slots);
  Object.assign(COMPARE, { bench, ratio: chosen, data, curves, classes, usual });
  COMPARE.slots = kept.slice(0, MOST).map((label, i) => (label in data.methods && kept.indexOf(label) === i ? label : ""));
  COMPARE.pair = pair ?? [];
  byId("benchmark").replaceChildren(...CORE.benchmarks.map((one) => h("option", { value: one.name, selected: one === bench }, one.title)));
  byId("ratio").replaceChildren(...bench.ratios.map((value) => h("option", { value, selected: value === chosen }, percentOf(value))));
  showMethods();
  showCurves();
  showClasses();
  if (other) {
    const said = new Set();
    byId("tables").replaceChildren(...data.tables.map((table) => grid({ ...table, fold: true }, { said })));
  }
  compareAddress();
  return undefined;
}

const goCompare = () => {
  location.hash = `#/compare/${encodeURIComponent(byId("benchmark").value)}/${byId("ratio").value}`;
};
byId("benchmark").addEventListener("change", goCompare);
byId("ratio").addEventListener("change", goCompare);
byId("usual").addEventListener("click", () => changeMethods(COMPARE.usual));
byId("none").addEventListener("click", () => changeMethods([]));
