// The view of single clips: frames, the truth, and what the chosen methods took them for. Of unlabelled clips it shows the
// last pseudo-labels. What is shown is in the address:
// #/examples/<benchmark>/<ratio>/<methods, first A, then B>/<which clips>/<page>

const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CARDS = 12;
const TEST_KINDS = {
  differ: ([a, b]) => `${a} right, ${b} wrong`,
  mistakes: ([a]) => `Most confident mistakes of ${a}`,
  none: () => "No method shown is right",
  all: () => "All test clips",
};
const POOL_KINDS = {
  taught: ([a]) => `Wrong pseudo-labels of ${a}`,
  used: ([a]) => `All pseudo-labels of ${a}`,
  left: ([a]) => `Unlabelled clips without one of ${a}`,
  epochs: () => "Pseudo-labels epoch by epoch",
};
const KINDS = { ...TEST_KINDS, ...POOL_KINDS };
const EXAMPLES = { methods: [] };

/** The numbers of classes in a text of one or two signs each; below zero where there is none. */
function decoded(text, width) {
  const number = (i) => [...text.slice(i * width, (i + 1) * width)].reduce((total, sign) => total * SIGNS.length + SIGNS.indexOf(sign), 0);
  return Array.from({ length: text.length / width }, (_, i) => number(i));
}

const percents = (text) => Array.from({ length: text.length / 2 }, (_, i) => Number(text.slice(2 * i, 2 * i + 2)));

/** Test clips: ids, truth, frames, and what a method said of them. */
function testClips(data, answers) {
  const of = (label) => {
    const [seed, codes, sure] = answers[label];
    return { label, seed, said: decoded(codes, data.digits), sure: percents(sure) };
  };
  return { clips: data.clips, truth: decoded(data.truth, data.digits), strips: data.strips, of, names: Object.keys(answers) };
}

/** Unlabelled clips: the same, and of which of them a method trained on its pseudo-label. */
function poolClips(data, pool) {
  const of = (label) => {
    const [seed, trains, codes, used, sure] = pool.methods[label];
    return { label, seed, trains, said: decoded(codes, data.digits), used: [...used].map(Number), sure: percents(sure) };
  };
  return { clips: pool.clips, truth: decoded(pool.truth, data.digits), strips: data.pool_strips, of, names: Object.keys(pool.methods), pool: true };
}

/** Followed clips: what a method believed of each in every epoch; null where no record holds it. */
function followedClips(data, history) {
  if (!history) return null;
  const of = (label) => ({ label, lines: history.methods[label].map(([codes, used]) => ({ said: decoded(codes, data.digits), used: [...used].map(Number) })) });
  return { clips: history.clips, truth: decoded(history.truth, data.digits), strips: data.pool_strips, of, names: Object.keys(history.methods), followed: true };
}

/** The numbers of the clips of a kind, in the order in which they are shown; those with frames first unless it is one of confidence. */
function clipsOf(kind, { clips, truth, strips }, [a, b, ...others]) {
  const right = (answers, i) => answers.said[i] === truth[i];
  const all = truth.map((_, i) => i);
  if (kind === "mistakes") return all.filter((i) => !right(a, i)).sort((i, j) => a.sure[j] - a.sure[i]);
  const framed = (i) => (clips[i] in strips ? 0 : 1);
  const byFrames = (found) => found.sort((i, j) => framed(i) - framed(j));
  if (kind === "epochs") return byFrames(all);
  if (kind === "taught") return byFrames(all.filter((i) => a.used[i] && truth[i] >= 0 && !right(a, i)));
  if (kind === "used") return byFrames(all.filter((i) => a.used[i]));
  if (kind === "left") return byFrames(all.filter((i) => !a.used[i]));
  if (kind === "none") return byFrames(all.filter((i) => ![a, b, ...others].some((answers) => right(answers, i))));
  if (kind === "differ") return byFrames(all.filter((i) => right(a, i) && !right(b, i)));
  return byFrames(all);
}

/** What a method did with its pseudo-label of a clip; nothing of a test clip. */
const useOf = ({ used, trains }, i) => used && (trains ? (used[i] ? "trained on" : "left out") : "predicted");

/** What a method says of a clip, in words: its answer, and what it did with it and how sure it is. */
function wordsOf(one, i, classes) {
  const { said, sure } = one;
  const share = sure.length && said[i] >= 0 ? `${sure[i]} %` : "";
  return [said[i] < 0 ? "none" : classes[said[i]], [useOf(one, i), share].filter(Boolean).join(", ")];
}

/** One sign an epoch: its form says whether the label was right, its filling whether the method trained on it. */
function epochRow({ label, lines }, i, truth, classes) {
  const { said, used } = lines[i];
  const judge = (own) => (own < 0 || truth < 0 ? "" : own === truth ? "right" : "wrong");
  const text = (own, epoch) => `epoch ${epoch + 1}: ${own < 0 ? "none" : classes[own]}${used[epoch] ? ", trained on" : ""}`;
  const squares = said.map((own, epoch) => h("span", { class: `${judge(own)} ${used[epoch] ? "used" : ""} ${own < 0 ? "none" : ""}`, title: text(own, epoch) }));
  const count = (of) => said.filter(of).length;
  const right = truth < 0 ? "" : `right in ${count((own) => own === truth)}, `;
  const summary = `${right}trained on in ${count((_, epoch) => used[epoch])} of ${said.length} epochs`;
  return h("tr", {}, h("th", { scope: "row", class: "left" }, label), h("td", { class: "left" }, h("span", { class: "epochs", role: "img", "aria-label": summary }, squares), h("br"), summary));
}

function card(i, { clips, truth, strips, followed }, answers, classes) {
  const id = clips[i];
  const strip = strips[id];
  const name = truth[i] < 0 ? "no label" : classes[truth[i]];
  const picture = strip ? [h("img", { src: `data:image/webp;base64,${strip}`, alt: `Eight frames of a clip of ${name}` })] : [];
  const rows = answers.map((one) => {
    if (followed) return epochRow(one, i, truth[i], classes);
    const judged = truth[i] >= 0 && one.said[i] >= 0;
    const right = one.said[i] === truth[i];
    const [answer, how] = wordsOf(one, i, classes);
    return h("tr", {}, h("th", { scope: "row", class: "left" }, one.label), h("td", { class: `left ${judged ? (right ? "right" : "wrong") : ""}` }, `${judged ? (right ? "✓ " : "✗ ") : ""}${answer}`), h("td", {}, how));
  });
  return h("li", {}, picture, h("p", {}, h("strong", {}, name), " ", h("span", { class: "clip" }, id)), h("table", { "aria-label": `Answers on clip ${id}` }, h("tbody", {}, rows)));
}

async function showExamples(name, ratio, methods, kind, page, isCurrent) {
  const usual = CORE.examples.includes(USUAL.name) ? USUAL.name : CORE.examples[0];
  const bench = BENCHMARKS.get(CORE.examples.includes(name) ? name : usual);
  const chosen = bench.ratios.includes(ratio) ? ratio : bench.ratios.includes(0.5) ? 0.5 : bench.ratios[0];
  const [about, data, answers, pool] = await Promise.all([part(`benchmark/${bench.name}`), part(`clips/${bench.name}`), ...["answers", "pool"].map((kind) => part(`${kind}/${bench.name}/${chosen}`).catch(() => null))]);
  if (!isCurrent()) return;
  Object.assign(EXAMPLES, { bench, ratio: chosen, classes: about.classes, test: testClips(data, answers ?? {}), pool: pool && poolClips(data, pool), followed: pool && followedClips(data, pool.history) });
  const names = EXAMPLES.test.names;
  const known = (methods ?? []).filter((label, i, all) => names.includes(label) && all.indexOf(label) === i).slice(0, MOST);
  const of = (wanted) => names.find((label) => about.methods[label]?.[0] === wanted);
  const pair = [...new Set([of("aplt") ?? names.at(-1), of("fixmatch") ?? names[0], ...names])].slice(0, 2);
  EXAMPLES.methods = known.length ? [...known, ...pair.filter((label) => !known.includes(label))].slice(0, Math.max(2, known.length)) : pair;
  EXAMPLES.kind = kindsThere().includes(kind) ? kind : "differ";
  EXAMPLES.page = page;
  drawExamples(names);
}

/** What is shown as rows for a file: a row a clip; of followed clips a row an epoch. */
function rowsOf({ clips, truth, pool, followed }, found, answers, classes) {
  const name = (i) => [clips[i], classes[truth[i]] ?? ""];
  if (followed) return [["clip", "class", "method", "epoch", "pseudo-label", "trained on"], ...found.flatMap((i) => answers.flatMap(({ label, lines }) => lines[i].said.map((own, epoch) => [...name(i), label, epoch + 1, classes[own] ?? "", lines[i].used[epoch]])))];
  const head = ({ label }) => [label, ...(pool ? [`${label} (use)`] : []), `${label} (confidence, %)`];
  const cells = (one, i) => [classes[one.said[i]] ?? "", ...(pool ? [useOf(one, i)] : []), one.said[i] < 0 ? "" : (one.sure[i] ?? "")];
  return [["clip", "class", ...answers.flatMap(head)], ...found.map((i) => [...name(i), ...answers.flatMap((one) => cells(one, i))])];
}

const kindsThere = () => Object.keys(KINDS).filter((key) => key in TEST_KINDS || (key === "epochs" ? EXAMPLES.followed : EXAMPLES.pool));

/** How many clips these are, of which runs, and where the frames come from. */
function noteOf({ truth, strips, pool, followed }, found, answers, known) {
  const seeds = [...new Set(answers.map(({ seed }) => seed))].join(", ");
  const count = Object.keys(strips).length;
  const most = pool || followed ? "that methods trained on with a wrong label" : "that methods most confidently took for another class";
  const frames = count ? `${count} clips have frames: half are those ${most}, half the first of each class by their hashed names.` : "No frames are shown: they are recorded where the videos are at hand, and of a licensed data set only by ssmar-bench report --include-frames.";
  if (followed) return `${thousands(found.length)} unlabelled clips that were followed: the first of each class by their hashed names. A sign is an epoch: a circle where the label was right, a square where it was wrong, filled where the method trained on it, a low line where it gave none. Methods that train on no pseudo-labels have no row. ${frames}`;
  if (!pool) return `${thousands(found.length)} of ${thousands(truth.length)} test clips; answers of seed ${seeds}, with the confidence in per cent. ${frames}`;
  if (!known || !answers[0].trains) return `${EXAMPLES.methods[0]} trains on no pseudo-labels. ${frames}`;
  return `${thousands(found.length)} of ${thousands(truth.length)} unlabelled clips; the last pseudo-labels of seed ${seeds}. A method trains on those that it is sure of. ${frames}`;
}

function drawExamples(names) {
  const { bench, ratio, methods, classes } = EXAMPLES;
  const shownSet = EXAMPLES.kind === "epochs" ? EXAMPLES.followed : EXAMPLES.kind in POOL_KINDS ? EXAMPLES.pool : EXAMPLES.test;
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
    pick("Clips", kindsThere().map((key) => [key, KINDS[key](methods)]), EXAMPLES.kind, (kind) => go({ kind }, "kind"), "kind"),
  );
  if (methods.length < 2) return place.replaceChildren(tools, h("p", {}, "There are not two methods whose answers are kept."));
  const answers = methods.filter((label) => shownSet.names.includes(label)).map(shownSet.of);
  const known = shownSet.followed ? answers.length > 0 : answers[0]?.label === methods[0];
  const found = known ? clipsOf(EXAMPLES.kind, shownSet, answers) : [];
  const pages = Math.max(1, Math.ceil(found.length / CARDS));
  EXAMPLES.page = Math.min(Math.max(1, EXAMPLES.page), pages);
  const from = CARDS * (EXAMPLES.page - 1);
  const shown = found.slice(from, from + CARDS);
  const turn = (step) => () => {
    go({ page: EXAMPLES.page + step }, step > 0 ? "next" : "previous");
    place.scrollIntoView({ behavior: "instant" });
  };
  const rows = () => rowsOf(shownSet, found, answers, classes);
  const title = `${shownSet === EXAMPLES.test ? "Test" : "Unlabelled"} clips: ${KINDS[EXAMPLES.kind](methods)}`;
  place.replaceChildren(tools, h("p", { class: "note" }, noteOf(shownSet, found, answers, known)), downloads(title, rows, () => tablePng(title, rows()[0], rows().slice(1), 2)),
    h("ol", {}, shown.map((i) => card(i, shownSet, answers, classes))),
    h("p", { class: "tools pager" }, h("button", { type: "button", "data-focus": "previous", disabled: EXAMPLES.page === 1, onclick: turn(-1) }, "Previous"), h("span", {}, `${found.length ? from + 1 : 0} to ${from + shown.length} of ${thousands(found.length)} clips`), h("button", { type: "button", "data-focus": "next", disabled: EXAMPLES.page === pages, onclick: turn(1) }, "Next")));
  address("examples", bench.name, ratio, methods, EXAMPLES.kind, EXAMPLES.page > 1 ? EXAMPLES.page : "");
  return undefined;
}
