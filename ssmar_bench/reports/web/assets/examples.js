// The view of single test clips: frames, the truth, and what the chosen methods took them for. What is shown is in the
// address: #/examples/<benchmark>/<ratio>/<methods, first A, then B>/<which clips>/<page>

const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CARDS = 12;
const KINDS = {
  differ: ([a, b]) => `${a} right, ${b} wrong`,
  mistakes: ([a]) => `Most confident mistakes of ${a}`,
  none: () => "No method shown is right",
  all: () => "All clips",
};
const EXAMPLES = { methods: [] };

/** The numbers of classes in a text of one or two signs each. */
function decoded(text, width) {
  const number = (i) => [...text.slice(i * width, (i + 1) * width)].reduce((total, sign) => total * SIGNS.length + SIGNS.indexOf(sign), 0);
  return Array.from({ length: text.length / width }, (_, i) => number(i));
}

const answersOf = (label) => {
  const [seed, codes, sure] = EXAMPLES.answers[label];
  return { label, seed, said: decoded(codes, EXAMPLES.data.digits), sure: Array.from({ length: sure.length / 2 }, (_, i) => Number(sure.slice(2 * i, 2 * i + 2))) };
};

/** The numbers of the clips of a kind, in the order in which they are shown; those with frames first unless it is one of confidence. */
function clipsOf(kind, truth, [a, b, ...others]) {
  const right = (answers, i) => answers.said[i] === truth[i];
  const all = truth.map((_, i) => i);
  if (kind === "mistakes") return all.filter((i) => !right(a, i)).sort((i, j) => a.sure[j] - a.sure[i]);
  const framed = (i) => (EXAMPLES.data.clips[i] in EXAMPLES.data.strips ? 0 : 1);
  const byFrames = (found) => found.sort((i, j) => framed(i) - framed(j));
  if (kind === "none") return byFrames(all.filter((i) => ![a, b, ...others].some((answers) => right(answers, i))));
  if (kind === "differ") return byFrames(all.filter((i) => right(a, i) && !right(b, i)));
  return byFrames(all);
}

function card(i, truth, answers, classes) {
  const id = EXAMPLES.data.clips[i];
  const strip = EXAMPLES.data.strips[id];
  const picture = strip ? [h("img", { src: `data:image/webp;base64,${strip}`, alt: `Eight frames of a clip of ${classes[truth[i]]}` })] : [];
  const rows = answers.map(({ label, said, sure }) => {
    const right = said[i] === truth[i];
    return h("tr", {}, h("th", { scope: "row", class: "left" }, label), h("td", { class: `left ${right ? "right" : "wrong"}` }, `${right ? "✓" : "✗"} ${classes[said[i]]}`), h("td", {}, `${sure[i]} %`));
  });
  return h("li", {}, picture, h("p", {}, h("strong", {}, classes[truth[i]]), " ", h("span", { class: "clip" }, id)), h("table", { "aria-label": `Answers on clip ${id}` }, h("tbody", {}, rows)));
}

async function showExamples(name, ratio, methods, kind, page, isCurrent) {
  const usual = CORE.examples.includes(USUAL.name) ? USUAL.name : CORE.examples[0];
  const bench = BENCHMARKS.get(CORE.examples.includes(name) ? name : usual);
  const chosen = bench.ratios.includes(ratio) ? ratio : bench.ratios.includes(0.5) ? 0.5 : bench.ratios[0];
  const [about, data, answers] = await Promise.all([part(`benchmark/${bench.name}`), part(`clips/${bench.name}`), part(`answers/${bench.name}/${chosen}`).catch(() => ({}))]);
  if (!isCurrent()) return;
  Object.assign(EXAMPLES, { bench, ratio: chosen, data, answers, classes: about.classes, truth: decoded(data.truth, data.digits) });
  const names = Object.keys(answers);
  const known = (methods ?? []).filter((label, i, all) => names.includes(label) && all.indexOf(label) === i).slice(0, MOST);
  const of = (wanted) => names.find((label) => about.methods[label]?.[0] === wanted);
  const pair = [...new Set([of("aplt") ?? names.at(-1), of("fixmatch") ?? names[0], ...names])].slice(0, 2);
  EXAMPLES.methods = known.length ? [...known, ...pair.filter((label) => !known.includes(label))].slice(0, Math.max(2, known.length)) : pair;
  EXAMPLES.kind = kind in KINDS ? kind : "differ";
  EXAMPLES.page = page;
  drawExamples(names);
}

function drawExamples(names) {
  const { bench, ratio, methods, classes, truth, data } = EXAMPLES;
  const place = byId("examples");
  const go = (change, focus) => {
    Object.assign(EXAMPLES, { page: 1, ...change });
    drawExamples(names);
    place.querySelector(`[data-focus="${focus}"]`)?.focus();
  };
  const pick = (label, options, value, change, focus) => {
    const box = h("select", { "data-focus": focus, onchange: (event) => change(event.target.value) }, options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
    return h("label", {}, `${label} `, box);
  };
  const move = (name, share) => {
    location.hash = `#/examples/${encodeURIComponent(name)}/${share}`;
  };
  const choose = (i) => (label) => go({ methods: methods.map((own, j) => (j === i ? label : own === label ? methods[i] : own)) }, `m${i}`);
  const named = names.map((label) => [label, label]);
  const free = named.filter(([label]) => !methods.includes(label));
  const tools = h("p", { class: "tools" },
    pick("Data", CORE.examples.map((name) => [name, BENCHMARKS.get(name).title]), bench.name, (name) => move(name, ratio), "data"),
    pick("Labelled", bench.ratios.map((share) => [String(share), percentOf(share)]), String(ratio), (share) => move(bench.name, share), "ratio"),
    ...methods.map((label, i) => (i < 2 ? pick("AB"[i], named, label, choose(i), `m${i}`) : h("span", {}, `${label} `, h("button", { type: "button", class: "small", "aria-label": `Take off ${label}`, onclick: () => go({ methods: methods.filter((own) => own !== label) }, "more") }, "×")))),
    ...(methods.length < MOST && free.length ? [pick("and", [["", "one more…"], ...free], "", (label) => label && go({ methods: [...methods, label] }, "more"), "more")] : []),
    pick("Clips", Object.entries(KINDS).map(([key, text]) => [key, text(methods)]), EXAMPLES.kind, (kind) => go({ kind }, "kind"), "kind"),
  );
  if (methods.length < 2) return place.replaceChildren(tools, h("p", {}, "There are not two methods whose answers are kept."));
  const answers = methods.map(answersOf);
  const found = clipsOf(EXAMPLES.kind, truth, answers);
  const pages = Math.max(1, Math.ceil(found.length / CARDS));
  EXAMPLES.page = Math.min(Math.max(1, EXAMPLES.page), pages);
  const from = CARDS * (EXAMPLES.page - 1);
  const shown = found.slice(from, from + CARDS);
  const turn = (step) => () => {
    go({ page: EXAMPLES.page + step }, step > 0 ? "next" : "previous");
    place.scrollIntoView({ behavior: "instant" });
  };
  const seeds = [...new Set(answers.map(({ seed }) => seed))];
  const strips = Object.keys(data.strips).length;
  const note = `${thousands(found.length)} of ${thousands(truth.length)} test clips; answers of seed ${seeds.join(", ")}, with the confidence in per cent. ${strips ? `${strips} clips have frames: half are those that methods most confidently took for another class, half the first of each class by their hashed names.` : "No frames are shown: they are recorded where the videos are at hand, and of a licensed data set only by ssmar-bench report --include-frames."}`;
  const rows = () => [["clip", "class", ...answers.flatMap(({ label }) => [label, `${label} (confidence, %)`])], ...found.map((i) => [data.clips[i], classes[truth[i]], ...answers.flatMap(({ said, sure }) => [classes[said[i]], sure[i]])])];
  const title = `Test clips: ${KINDS[EXAMPLES.kind](methods)}`;
  place.replaceChildren(tools, h("p", { class: "note" }, note), downloads(title, rows, () => tablePng(title, rows()[0], rows().slice(1), 2)),
    h("ol", {}, shown.map((i) => card(i, truth, answers, classes))),
    h("p", { class: "tools pager" }, h("button", { type: "button", "data-focus": "previous", disabled: EXAMPLES.page === 1, onclick: turn(-1) }, "Previous"), h("span", {}, `${found.length ? from + 1 : 0} to ${from + shown.length} of ${thousands(found.length)} clips`), h("button", { type: "button", "data-focus": "next", disabled: EXAMPLES.page === pages, onclick: turn(1) }, "Next")));
  address("examples", bench.name, ratio, methods, EXAMPLES.kind, EXAMPLES.page > 1 ? EXAMPLES.page : "");
  return undefined;
}
