// The page of one run: its spec, resolved hyper-parameters, scores, curves, environment.

/** Nested settings as rows "train.lr", value. */
function flat(values, prefix = "") {
  return Object.entries(values).flatMap(([name, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value) ? flat(value, `${prefix}${name}.`) : [[prefix + name, Array.isArray(value) ? value.join(", ") : value]],
  );
}

const SCORED = { validation: "Validation", validation_ema: "Validation, EMA", test: "Test", test_ema: "Test, EMA" };

/** Every metric of each part; one that the record does not have is empty. */
function scores(metrics) {
  const head = ["Scores", ...CORE.metrics.map(({ label, unit }) => (unit ? `${label} (${unit})` : label))].map((name, i) => h("th", { scope: "col", class: i ? false : "left" }, name));
  const rows = Object.keys(SCORED).filter((name) => metrics[name]).map((name) =>
    h("tr", {}, h("th", { scope: "row", class: "left" }, SCORED[name]), CORE.metrics.map(({ key, factor, places }) => h("td", {}, digits(factor * metrics[name][key], places)))));
  return scrolled("Scores of each part", h("table", { "aria-label": "Scores" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}

/** Curves of one run: several quantities in a chart, each with a look of its own; a chart that is full is continued. */
function runChart(run, title, note, wanted, how) {
  const found = Object.entries(run.curves).filter(([name]) => wanted(name));
  const lines = found.map(([name, y], i) => ({ label: name, slot: i % MOST, name: name.replace("/", ": ").replaceAll("_", " "), y }));
  const charts = Array.from({ length: Math.ceil(lines.length / MOST) }, (_, i) => lines.slice(MOST * i, MOST * (i + 1)));
  return charts.map((own, i) => curveChart(i ? `${title}, continued` : title, note, own, how.yName, how));
}

function runCharts(run) {
  const scored = (name) => /^validation.*\/accuracy$/.test(name);
  const guessed = (name) => /\/(accuracy|accuracy_selected)$/.test(name) && !name.startsWith("train/") && !scored(name);
  const free = { low: undefined, high: undefined, places: 3, own: true };
  return [
    ...runChart(run, "Validation accuracy", "After every epoch.", scored, { yName: "Accuracy (%)", own: true }),
    ...runChart(run, "Accuracy of pseudo-labels", "By series: all of them, and those selected for training.", guessed, { yName: "Accuracy (%)", own: true }),
    ...runChart(run, "Coverage", "Share of the unlabelled clips that was trained on.", (name) => /^(online|offline)\/coverage$/.test(name), { yName: "Clips (%)", own: true }),
    ...runChart(run, "Losses", "Weighted terms, mean over each epoch.", (name) => name.startsWith("train/loss"), { yName: "Loss", ...free, low: 0 }),
    ...runChart(run, "Other quantities of training", "", (name) => name.startsWith("train/") && !name.startsWith("train/loss"), { yName: "Value", ...free }),
  ];
}

function siblings(run) {
  const links = run.group.map(([seed, folder]) => h("a", { href: `#/run/${encodeURIComponent(folder)}` }, `seed ${seed}`));
  return links.length ? [h("p", {}, "The same run group: ", links.flatMap((link, i) => (i ? [", ", link] : [link])))] : [];
}

/** The part that holds a run: by the last digits of its folder's name. */
async function runOf(folder) {
  const found = await part(`run/${CORE.digits ? folder.slice(-CORE.digits) : ""}`).catch(() => null);
  const run = found?.runs[folder];
  if (!run) return null;
  const shared = (place) => (place === null || place === undefined ? null : found.shared[place]);
  const spec = { ...run.spec };
  for (const name of CORE.sections) spec[name] = shared(spec[name]);
  return { ...run, spec, environment: shared(run.environment), classes: shared(run.classes)?.classes };
}

async function showRun(folder, isCurrent) {
  const run = await runOf(folder);
  if (!isCurrent()) return;
  const place = byId("run");
  if (!run) {
    byId("run-title").textContent = "There is no such run";
    place.replaceChildren(h("p", {}, "It may have been measured again under another name. ", h("a", { href: "#/runs" }, "All runs")));
    return;
  }
  byId("run-title").textContent = `${run.label}, ${percentOf(run.ratio)} labelled, seed ${run.seed}`;
  const spec = run.spec;
  const top = Object.entries(spec).filter(([, value]) => value === null || typeof value !== "object" || Array.isArray(value));
  const tables = [
    facts("Hyper-parameters of the method", flat(spec.hyperparameters).length ? flat(spec.hyperparameters) : [["none", ""]]),
    facts("Training, clips and network", CORE.sections.flatMap((name) => flat(spec[name], `${name}.`))),
    facts("Spec", [["folder", run.folder], ...top.filter(([, value]) => value !== "")]),
  ];
  const banner = run.departures ? [h("p", { class: "box banner" }, `Not the defaults of this method on this benchmark: ${run.departures}.`)] : [];
  const environment = run.environment ?? {};
  const made = [["Trained", run.ended], ["Commit", environment.git_commit], ["Device", environment.device_model || environment.processor]].filter(([, value]) => value);
  const head = [...siblings(run), ...banner, ...(run.command ? [h("p", { class: "note" }, "Repeat this run:"), h("pre", {}, run.command)] : []), ...(made.length ? [h("p", { class: "note" }, made.map(([name, value]) => `${name}: ${value}`).join(" · "))] : [])];
  if (run.state !== "done") {
    const why = run.reason ? `: ${run.reason}` : "";
    place.replaceChildren(...head, h("p", { class: "box" }, `This run has no result; it is ${run.state}${why}.`), h("div", { class: "facts" }, tables));
    return;
  }
  const metrics = run.metrics;
  const cost = ["steps", "epochs", "clips_seen", "forward_passes", "parameters"].map((key) => [key.replaceAll("_", " "), thousands(metrics[key])]);
  const results = facts("Sizes and cost", [["most frequent class", `${digits(100 * metrics.majority)} %`], ...flat(metrics.counts, "clips: "), ...cost, ["training time", `${thousands(run.seconds)} s`]]);
  const measured = Object.keys(environment).length ? [facts("Environment", flat(environment))] : [];
  const confusion = run.confusion.length ? [matrix("Confusion on the test part", dense(run.confusion, run.classes.length), run.classes)] : [];
  place.replaceChildren(
    ...head,
    h("div", { class: "charts" }, runCharts(run)),
    h("div", { class: "facts" }, scores(metrics), results, tables, measured),
    ...confusion,
  );
  drawAll();
}
