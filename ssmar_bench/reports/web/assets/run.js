// The page of one run: its spec, resolved hyper-parameters, scores, curves, environment.

/** Nested settings as rows "train.lr", value. */
function flat(values, prefix = "") {
  return Object.entries(values).flatMap(([name, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value) ? flat(value, `${prefix}${name}.`) : [[prefix + name, Array.isArray(value) ? value.join(", ") : value]],
  );
}

const PARTS = { validation: "Validation", validation_ema: "Validation, EMA", test: "Test", test_ema: "Test, EMA" };

/** Every metric of each part; one that the record does not have is empty. */
function scores(metrics) {
  const head = ["Scores", ...DATA.metrics.map(({ label, unit }) => (unit ? `${label} (${unit})` : label))].map((name, i) => h("th", { scope: "col", class: i ? false : "left" }, name));
  const rows = Object.keys(PARTS).filter((part) => metrics[part]).map((part) =>
    h("tr", {}, h("th", { scope: "row", class: "left" }, PARTS[part]), DATA.metrics.map(({ key, factor, places }) => h("td", {}, digits(factor * metrics[part][key], places)))));
  return h("div", {}, h("table", { "aria-label": "Scores" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}

/** Curves of one run: several quantities in a chart, each with a look of its own. */
function runChart(run, title, note, wanted, how) {
  const looks = Object.keys(DATA.looks);
  const found = Object.entries(run.curves).filter(([name]) => wanted(name));
  const lines = found.map(([name, y], i) => ({ label: looks[i % looks.length], name: name.replace("/", ": ").replaceAll("_", " "), y }));
  return lines.length ? [curveChart(title, note, lines, how.yName, how)] : [];
}

function runCharts(run) {
  const share = (name) => /\/(accuracy|accuracy_selected)$/.test(name) && !name.startsWith("train/");
  const free = { low: undefined, high: undefined, places: 3, own: true };
  return [
    ...runChart(run, "Accuracy", "Validation, and pseudo-labels by series.", share, { yName: "Accuracy (%)", own: true }),
    ...runChart(run, "Coverage", "Share of the unlabelled clips that was trained on.", (name) => /^(online|offline)\/coverage$/.test(name), { yName: "Clips (%)", own: true }),
    ...runChart(run, "Losses", "Weighted terms, mean over each epoch.", (name) => name.startsWith("train/loss"), { yName: "Loss", ...free, low: 0 }),
    ...runChart(run, "Other quantities of training", "", (name) => name.startsWith("train/") && !name.startsWith("train/loss"), { yName: "Value", ...free }),
  ];
}

function siblings(run) {
  const same = DATA.runs.filter((other) => other.benchmark === run.benchmark && other.label === run.label && other.ratio === run.ratio && other !== run);
  const links = same.map((other) => h("a", { href: `#/run/${encodeURIComponent(other.folder)}` }, `seed ${other.seed}`));
  return links.length ? [h("p", {}, "The same run group: ", links.flatMap((link, i) => (i ? [", ", link] : [link])))] : [];
}

function showRun(folder) {
  const run = RUNS.get(folder);
  const place = byId("run");
  if (!run) {
    byId("run-title").textContent = "There is no such run";
    place.replaceChildren(h("p", {}, "It may have been measured again under another name. ", h("a", { href: "#/runs" }, "All runs")));
    return;
  }
  byId("run-title").textContent = `${run.label}, ${percentOf(run.ratio)} labelled, seed ${run.seed}`;
  const spec = run.spec;
  const bench = BENCHMARKS.get(run.benchmark);
  const top = Object.entries(spec).filter(([, value]) => value === null || typeof value !== "object" || Array.isArray(value));
  const tables = [
    facts("Hyper-parameters of the method", flat(spec.hyperparameters).length ? flat(spec.hyperparameters) : [["none", ""]]),
    facts("Training, clips and network", DATA.sections.flatMap((name) => flat(spec[name], `${name}.`))),
    facts("Spec", [["folder", run.folder], ...top.filter(([, value]) => value !== "")]),
  ];
  if (run.state !== "done") {
    const why = run.reason ? `: ${run.reason}` : "";
    place.replaceChildren(...siblings(run), h("p", { class: "box" }, `This run has no result; it is ${run.state}${why}.`), h("div", { class: "facts" }, tables));
    return;
  }
  const metrics = run.metrics;
  const cost = ["steps", "epochs", "clips_seen", "forward_passes", "parameters"].map((key) => [key.replaceAll("_", " "), thousands(metrics[key])]);
  const results = facts("Sizes and cost", [["most frequent class", `${digits(100 * metrics.majority)} %`], ...flat(metrics.counts, "clips: "), ...cost, ["training time", `${thousands(run.seconds)} s`]]);
  const environment = run.environment === null ? [] : [facts("Environment", flat(DATA.shared[run.environment]))];
  const confusion = run.confusion.length ? [h("h2", {}, "Confusion on the test part"), matrix("Confusion on the test part", run.confusion, bench.classes)] : [];
  place.replaceChildren(
    ...siblings(run),
    h("div", { class: "charts" }, runCharts(run)),
    h("div", { class: "facts" }, scores(metrics), results, tables, environment),
    ...confusion,
  );
  drawAll();
}
