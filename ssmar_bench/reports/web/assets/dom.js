"use strict";
// Elements, texts of numbers, and the parts of the data. Everything from the data becomes text, never markup.

/** An element with attributes and children; children that are no elements become text. */
function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat());
  return made;
}

const byId = (id) => document.getElementById(id);
const digits = (value, places = 1) => (value === null || value === undefined || Number.isNaN(value) ? "" : value.toFixed(places));
const thousands = (value) => (value === null || value === undefined ? "" : Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f"));
const percentOf = (ratio) => `${+(100 * ratio).toFixed(4)} %`;
const sum = (values) => values.reduce((total, value) => total + value, 0);
const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

// The parts of the data: elements of this page, or files beside it, which call registerPart.
const PARTS = new Map();
const WAITING = new Map();

function registerPart(key, data) {
  PARTS.set(key, data);
}

/** Loads a part once, when a view needs it. */
function part(key) {
  if (PARTS.has(key)) return Promise.resolve(PARTS.get(key));
  const within = document.querySelector(`script[data-part="${CSS.escape(key)}"]`);
  if (within) {
    PARTS.set(key, JSON.parse(within.textContent));
    return Promise.resolve(PARTS.get(key));
  }
  if (!WAITING.has(key)) {
    const name = `index-data/${encodeURIComponent(key.replaceAll("/", "~"))}.js`;
    WAITING.set(key, new Promise((resolve, reject) => {
      const fail = () => {
        WAITING.delete(key);
        reject(new Error(`The file ${name} is missing beside this page; copy the folder index-data with it.`));
      };
      document.head.append(h("script", { src: name, onload: () => (PARTS.has(key) ? resolve(PARTS.get(key)) : fail()), onerror: fail }));
    }));
  }
  return WAITING.get(key);
}

const CORE = JSON.parse(document.querySelector('script[data-part="core"]').textContent);
const BENCHMARKS = new Map(CORE.benchmarks.map((bench) => [bench.name, bench]));
/** The benchmark with most runs, which is shown first; of several, the one that was trained last. */
const USUAL = CORE.benchmarks.reduce((best, bench) =>
  (best && (best.runs > bench.runs || (best.runs === bench.runs && best.ended >= bench.ended)) ? best : bench), null);
CORE.palette.light.forEach((color, i) => document.documentElement.style.setProperty(`--line-${i}`, `light-dark(${color}, ${CORE.palette.dark[i]})`));

/** A table of counts from the list of those that are not zero, each after its place. */
function dense(list, size) {
  const rows = Array.from({ length: size }, () => new Array(size).fill(0));
  for (let i = 0; i < list.length; i += 2) rows[Math.floor(list[i] / size)][list[i] % size] = list[i + 1];
  return rows;
}

/** Colour and dashes of a slot, of which there are as many as methods are shown at once, on the present background. */
function styleOf(slot) {
  const style = CORE.styles[slot % CORE.styles.length];
  return { color: CORE.palette[isDark() ? "dark" : "light"][style.color], dash: style.dash };
}

/** The line of a slot as a small picture for legends. */
function swatch(slot) {
  const style = CORE.styles[slot % CORE.styles.length];
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const line = document.createElementNS(space, "path");
  const attributes = { d: "M0 6H32", "stroke-width": "4", "stroke-dasharray": style.dash.map((length) => 1.5 * length).join(" "), style: `stroke: var(--line-${style.color})` };
  for (const [name, value] of Object.entries({ class: "swatch", viewBox: "0 0 32 12", "aria-hidden": "true" })) svg.setAttribute(name, value);
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

/** Puts what is shown into the address without a new entry of the history. */
function address(...steps) {
  while (steps.length && (steps.at(-1) === "" || steps.at(-1) === null || steps.at(-1) === undefined)) steps.pop();
  const wanted = `#/${steps.map((step) => (Array.isArray(step) ? step.map(encodeURIComponent).join(",") : encodeURIComponent(step))).join("/")}`;
  if (location.hash !== wanted) history.replaceState(null, "", wanted);
}
