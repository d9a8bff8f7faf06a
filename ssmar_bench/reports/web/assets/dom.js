"use strict";
// Everything from the data becomes text, never markup.

const DATA = JSON.parse(document.getElementById("data").textContent);

/** An element with attributes and children; children that are no elements become text. */
function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat());
  return made;
}

const byId = (id) => document.getElementById(id);
const digits = (value, places = 1) => (value === null || value === undefined || Number.isNaN(value) ? "" : value.toFixed(places));
const thousands = (value) => (value === null || value === undefined ? "" : Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f"));
const percentOf = (ratio) => `${+(100 * ratio).toFixed(4)} %`;
const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};
for (const { spec } of DATA.runs) for (const name of DATA.sections) spec[name] = DATA.shared[spec[name]];
const RUNS = new Map(DATA.runs.map((run) => [run.folder, run]));
const BENCHMARKS = new Map(DATA.benchmarks.map((bench) => [bench.name, bench]));

/** Colour and dashes of a method on the present background. */
function lookOf(label) {
  const look = DATA.looks[label] || { color: 0, dash: [] };
  return { color: DATA.palette[isDark() ? "dark" : "light"][look.color], dash: look.dash };
}

/** The line of a method as a small picture for legends. */
function swatch(label) {
  const look = lookOf(label);
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("viewBox", "0 0 32 12");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", "M0 6H32");
  line.setAttribute("stroke", look.color);
  line.setAttribute("stroke-width", "4");
  line.setAttribute("stroke-dasharray", look.dash.map((length) => 1.5 * length).join(" "));
  svg.append(line);
  return svg;
}
