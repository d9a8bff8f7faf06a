// Which view is shown (by the address's fragment), and light or dark.

const VIEWS = [...document.querySelectorAll(".view")];

function show() {
  const [, name = "", ...rest] = location.hash.replace(/^#/, "").split("/").map(safely);
  const view = VIEWS.find((found) => found.dataset.view === (name || "overview")) ?? VIEWS[0];
  for (const other of VIEWS) other.hidden = other !== view;
  for (const link of document.querySelectorAll("[data-nav]")) {
    const here = link.dataset.nav === view.dataset.view || (view.dataset.view === "run" && link.dataset.nav === "runs");
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view.dataset.view === "compare") showCompare(rest[0], Number(rest[1]));
  if (view.dataset.view === "run") showRun(rest.join("/"));
  if (view.dataset.view === "paper" && rest[0]) {
    const heading = byId(`section-${rest[0]}`);
    heading?.scrollIntoView({ behavior: "instant" });
    heading?.focus({ preventScroll: true });
  }
  document.title = `${view.querySelector("h1").textContent} · ssmar-bench`;
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
  for (const label of byId("methods").querySelectorAll("label")) label.querySelector("svg").replaceWith(swatch(label.textContent));
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
