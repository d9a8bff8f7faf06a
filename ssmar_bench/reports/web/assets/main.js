// Which view is shown (by the address's fragment), and light or dark.

const VIEWS = [...document.querySelectorAll(".view")];
let showing = 0;

/** Draws a view; `isCurrent` is false once the reader has gone on to another, while its data were being loaded. */
async function draw(name, rest, isCurrent) {
  if (name === "overview" && !byId("overview").childElementCount) showTables(byId("overview"), await part("overview"));
  if (name === "compare") {
    const [bench, ratio, slots, pair] = location.hash.replace(/^#/, "").split("/").slice(2);
    await showCompare(safely(bench ?? ""), Number(ratio), listed(slots), listed(pair), isCurrent);
  }
  if (name === "examples") {
    const [bench, ratio, methods, kind, page] = location.hash.replace(/^#/, "").split("/").slice(2);
    await showExamples(safely(bench ?? ""), Number(ratio), listed(methods), kind, Number(page) || 1, isCurrent);
  }
  if (name === "runs") await showRuns(rest[0]);
  if (name === "run") await showRun(rest.join("/"), isCurrent);
  if (name === "paper") await showPaper(rest[0]);
}

function show() {
  const [, name = "", ...rest] = location.hash.replace(/^#/, "").split("/").map(safely);
  const view = VIEWS.find((found) => found.dataset.view === (name || "overview")) ?? VIEWS[0];
  for (const other of VIEWS) other.hidden = other !== view;
  for (const link of document.querySelectorAll("[data-nav]")) {
    const here = link.dataset.nav === view.dataset.view || (view.dataset.view === "run" && link.dataset.nav === "runs");
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  showInNavigation(document.querySelector("nav [aria-current]"));
  const own = (showing += 1);
  const isCurrent = () => own === showing;
  byId("trouble").hidden = true;
  const titled = () => isCurrent() && (document.title = `${view.querySelector("h1").textContent} · ssmar-bench`);
  titled();
  draw(view.dataset.view, rest, isCurrent).then(titled, (error) => {
    if (!isCurrent()) return;
    byId("trouble").textContent = error.message;
    byId("trouble").hidden = false;
  });
}

/** Scrolls the navigation of a narrow screen; scrollIntoView would also move where the Tab key goes next. */
function showInNavigation(link) {
  if (!link) return;
  const bar = link.closest("nav");
  bar.scrollLeft = link.offsetLeft - bar.offsetLeft - (bar.clientWidth - link.offsetWidth) / 2;
}

function showTables(place, tables) {
  const said = new Set();
  place.replaceChildren(...tables.map((table) => grid(table, { said, filter: false })));
}

let filtered = null; // the words by which the runs are filtered

async function showRuns(words = "") {
  const table = await part("runs");
  if (filtered === words) return;
  filtered = words;
  byId("runs").replaceChildren(grid(table, { words, link: (row) => `#/run/${encodeURIComponent(row.at(-1))}`, changed: (now) => {
    filtered = now;
    address("runs", now);
  } }));
}

/** One section at a time: the paper has many tables. */
async function showPaper(name) {
  const sections = await part("paper");
  const section = sections.find((one) => one.name === name) ?? sections[0];
  byId("contents").replaceChildren(...sections.map((one) => h("li", {}, h("a", { href: `#/paper/${encodeURIComponent(one.name)}`, "aria-current": one === section && "true" }, one.title))));
  const said = new Set();
  const pictures = section.pictures.map(([jpeg, words]) => h("figure", { class: "strip" }, h("img", { src: `data:image/jpeg;base64,${jpeg}`, alt: words }), h("figcaption", {}, words)));
  const heading = h("h2", { id: `section-${section.name}`, tabindex: "-1" }, section.title);
  byId("paper").replaceChildren(heading, ...section.words.map((words) => h("p", { class: "words" }, words)), ...section.tables.map((table) => grid({ ...table, fold: true }, { said })), ...pictures);
  if (section.name !== name) return;
  heading.scrollIntoView({ behavior: "instant" });
  heading.focus({ preventScroll: true });
}

/** An address that somebody mangled is no reason to fail. */
function safely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

let before = location.hash;
addEventListener("hashchange", () => {
  if (location.hash === "#main") return; // the link that skips the navigation
  const moved = (before.split("/")[1] !== location.hash.split("/")[1] && !/^#\/paper\/./.test(location.hash)) || location.hash.startsWith("#/run/");
  before = location.hash;
  show();
  if (moved) {
    byId("main").focus({ preventScroll: true });
    scrollTo({ top: 0, behavior: "instant" });
  }
});

const THEME = byId("theme");

/** Local storage may be refused to a page from the disk. */
function remembered(value) {
  try {
    if (value) localStorage.setItem("ssmar-bench-theme", value);
    return localStorage.getItem("ssmar-bench-theme");
  } catch {
    return null;
  }
}

function paint() {
  THEME.setAttribute("aria-pressed", String(isDark()));
  redrawAll();
}

THEME.addEventListener("click", () => {
  document.documentElement.dataset.theme = remembered(isDark() ? "light" : "dark") ?? (isDark() ? "light" : "dark");
  paint();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

const kept = remembered();
if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
show();
paint();
