// Charts: lines with bands by uPlot, read by pointer or by the arrow keys.

const LIVE = []; // charts on the page, so that a new theme reaches all of them
const faint = (color) => `${color}2b`;

/**
 * A figure with one line a method, or a quantity.
 * @param {string} title - above it, and its accessible name
 * @param {string} note - what the reader must know, or ""
 * @param {{label: string, slot: number, name?: string, y: (number|null)[], std?: (number|null)[]}[]} lines - slot: of the style
 * @param {{x: number[], xName: string, yName: string, low?: number, high?: number, points?: boolean, diagonal?: boolean, own?: boolean, gaps?: boolean}} how - own: a legend of its own; gaps: no line crosses what is missing
 */
function chart(title, note, lines, how) {
  const plot = h("div", { class: "plot" });
  const numbers = h("details", {}, h("summary", {}, "Numbers"));
  const legend = how.own ? h("div", { class: "legend" }, lines.map((line) => h("span", {}, swatch(line.slot), line.name))) : [];
  const caption = h("figcaption", {}, title);
  const figure = h("figure", { class: "chart" }, caption, note ? h("p", { class: "note" }, note) : [], legend, plot, numbers);
  if (!lines.some((line) => line.y.some((value) => value !== null))) {
    plot.replaceWith(h("p", { class: "note" }, "Nothing to draw: no run shown has recorded this."));
    numbers.remove();
    return figure;
  }
  numbers.addEventListener("toggle", () => numbers.open && numbers.childElementCount === 1 && numbers.append(numbersTable(title, lines, how)));
  const state = { plot, title, lines, how, at: null, made: null };
  state.draw = () => drawChart(state);
  caption.append(" ", downloads(title, () => chartRows(state), () => chartPng(state)));
  LIVE.push(state);
  listen(state);
  return figure;
}

/** The values of a chart as rows of a CSV file. */
function chartRows({ lines, how }) {
  const own = lines.flatMap((line) => [line.name || line.label, ...(line.std ? [`${line.name || line.label} (std)`] : [])]);
  return [[how.xName, ...own], ...how.x.map((x, k) => [x, ...lines.flatMap((line) => [line.y[k], ...(line.std ? [line.std[k]] : [])])])];
}

/** Draws what is new on the page; a canvas needs the width of a place that is shown. */
function drawAll() {
  for (let i = LIVE.length - 1; i >= 0; i -= 1) if (!LIVE[i].plot.isConnected) LIVE.splice(i, 1)[0].made?.destroy();
  for (const state of LIVE) if (state.plot.clientWidth && !state.made) state.draw();
}

function redrawAll() {
  for (const state of LIVE) {
    state.made?.destroy();
    state.made = null;
  }
  drawAll();
}

function drawChart(state) {
  const { plot, lines, how } = state;
  const dark = isDark();
  const grid = { stroke: dark ? "#343b43" : "#e3e7eb", width: 1 };
  const ink = dark ? "#c9ced4" : "#3c434b";
  const axis = (label) => ({ label, stroke: ink, grid, ticks: grid, labelSize: 20, size: 40, font: "12px system-ui", labelFont: "12px system-ui" });
  const series = [{}];
  const data = [how.x];
  const bands = [];
  lines.forEach((line, i) => {
    const look = styleOf(line.slot);
    const show = true;
    const dots = { show: how.points || how.gaps || how.x.length < 4, size: how.points ? 11 : 7, fill: look.color, stroke: look.color };
    const edge = { show, stroke: "transparent", width: 1, points: { show: false } };
    series.push({ show, label: line.name || line.label, stroke: look.color, dash: look.dash, width: how.points ? 0 : 2, points: dots, spanGaps: !how.gaps }, edge, edge);
    const std = line.std || [];
    const shifted = (sign) => line.y.map((value, k) => (value === null || (std[k] ?? null) === null ? null : value + sign * std[k]));
    data.push(line.y, shifted(1), shifted(-1));
    bands.push({ series: [3 * i + 2, 3 * i + 3], fill: faint(look.color) });
  });
  const shown = data.slice(1);
  const [low, high] = rangeOf(shown, how);
  const ends = shown.map((values) => values.findLastIndex((value) => value !== null));
  state.last = how.points ? how.x.length - 1 : Math.max(0, ...ends);
  const inside = state.last ? [how.x[0], how.x[state.last]] : [how.x[0] - 1, how.x[0] + 1];
  const margin = how.points ? 0.12 * (inside[1] - inside[0]) : 0;
  state.made = new uPlot(
    {
      width: plot.clientWidth,
      height: 230,
      scales: { x: { time: false, range: [inside[0] - margin, inside[1] + margin] }, y: { range: [low, high] } },
      axes: [{ ...axis(how.xName), ...(how.ticks ? { splits: how.ticks } : { incrs: [1, 2, 5, 10, 20, 50, 100, 1000, 10000, 1e5, 1e6, 1e7] }), values: (_, values) => values.map((v) => (how.xText ? how.xText(v) : v)) }, { ...axis(how.yName), size: 44 }],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 8 }, y: false },
      series,
      bands,
      hooks: { setCursor: [(made) => tell(state, made.cursor.idx)], draw: how.diagonal ? [diagonal] : how.points ? [(made) => nameDots(made, state)] : [] },
    },
    data,
    plot,
  );
  state.tip = h("div", { class: "tip", hidden: true });
  state.made.over.append(state.tip);
  plot.setAttribute("tabindex", "0");
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-label", `${state.title}; arrow keys read the values`);
  plot.setAttribute("aria-valuemin", "1");
  plot.setAttribute("aria-valuemax", String(state.last + 1));
  plot.setAttribute("aria-valuenow", "1");
  plot.setAttribute("aria-valuetext", wordsAt(state, 0));
}

function rangeOf(columns, how) {
  const values = columns.flat().filter((value) => value !== null && value !== undefined);
  if (!values.length) return [how.low ?? 0, how.high ?? 1];
  let low = Math.min(...values);
  let high = Math.max(...values);
  const margin = 0.06 * (high - low || Math.abs(high) || 1);
  low = how.low === undefined ? low - margin : Math.max(how.low, low - margin);
  high = how.high === undefined ? high + margin : Math.min(how.high, high + margin);
  return how.diagonal ? [0, 100] : [low, high];
}

/** The line of perfect calibration. */
function diagonal(made) {
  const { ctx } = made;
  ctx.save();
  ctx.strokeStyle = isDark() ? "#8b939c" : "#8a929b";
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(made.valToPos(made.scales.x.min, "x", true), made.valToPos(made.scales.x.min, "y", true));
  ctx.lineTo(made.valToPos(made.scales.x.max, "x", true), made.valToPos(made.scales.x.max, "y", true));
  ctx.stroke();
  ctx.restore();
}

const valueText = (line, k, how) => `${digits(line.y[k], how.places ?? 1)}${(line.std?.[k] ?? null) === null ? "" : ` ± ${digits(line.std[k], how.places ?? 1)}`}`;
const shownAt = ({ lines }, k) => lines.filter((line) => (line.y[k] ?? null) !== null).sort((a, b) => b.y[k] - a.y[k]);
const placeText = ({ how }, k) => `${how.xName} ${how.xText ? how.xText(how.x[k]) : how.x[k]}`;

function wordsAt(state, k) {
  const told = shownAt(state, k).map((line) => `${line.name || line.label} ${valueText(line, k, state.how)}`);
  return `${placeText(state, k)}: ${told.join(", ") || "no values"}`;
}

/** The values under the cursor, best first. */
function tell(state, k) {
  const { tip, made } = state;
  if (!tip) return;
  const told = k === null || k === undefined ? [] : shownAt(state, k);
  tip.hidden = !told.length;
  if (!told.length) return;
  tip.replaceChildren(
    h("strong", {}, placeText(state, k)),
    ...told.map((line) => h("div", {}, swatch(line.slot), line.name || line.label, h("b", {}, valueText(line, k, state.how)))),
  );
  const left = made.valToPos(state.how.x[k], "x");
  const box = made.over.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const beside = box.left + left + 14 + width > document.documentElement.clientWidth - 8 ? left - 14 - width : left + 14;
  tip.style.left = `${Math.max(8, Math.min(box.left + beside, document.documentElement.clientWidth - 8 - width)) - box.left}px`;
  tip.style.top = `${Math.min(4, innerHeight - 8 - height - box.top)}px`;
}

/** Writes the name of its method beside each dot, where no other name is. */
function nameDots(made, { lines, how }) {
  const { ctx } = made;
  const ratio = devicePixelRatio;
  const taken = [];
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui`;
  ctx.textBaseline = "middle";
  ctx.fillStyle = isDark() ? "#e8eaed" : "#1a1d21";
  const height = 13 * ratio;
  const dots = lines.flatMap((line) => line.y.flatMap((y, k) => (y === null ? [] : [{ name: line.label, x: made.valToPos(how.x[k], "x", true), y: made.valToPos(y, "y", true) }])));
  for (const { name, x, y } of dots.sort((a, b) => a.y - b.y)) {
    const text = name.length > 28 ? `${name.slice(0, 27)}…` : name;
    const width = ctx.measureText(text).width;
    const left = x + 8 * ratio + width > made.bbox.left + made.bbox.width ? x - 8 * ratio - width : x + 8 * ratio;
    let place = y;
    const meets = (other) => Math.abs(other.y - place) < height && left < other.left + other.width && other.left < left + width;
    while (taken.some(meets)) place += height / 2;
    taken.push({ left, y: place, width });
    ctx.fillText(text, Math.max(left, made.bbox.left), Math.min(place, made.bbox.top + made.bbox.height - height / 2));
  }
  ctx.restore();
}

function listen(state) {
  const { plot, how } = state;
  plot.addEventListener("keydown", (event) => {
    const { last } = state;
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    let at = state.at ?? -1;
    if (event.key in steps) at += steps[event.key];
    else if (event.key === "Home") at = 0;
    else if (event.key === "End") at = last;
    else if (event.key === "Escape") return state.made.setCursor({ left: -10, top: -10 });
    else return undefined;
    event.preventDefault();
    state.at = Math.min(Math.max(at, 0), last);
    plot.setAttribute("aria-valuenow", String(state.at + 1));
    plot.setAttribute("aria-valuetext", wordsAt(state, state.at));
    state.made.setCursor({ left: state.made.valToPos(how.x[state.at], "x"), top: 10 });
    return undefined;
  });
  plot.addEventListener("blur", () => state.made?.setCursor({ left: -10, top: -10 }));
}

function numbersTable(title, lines, how) {
  const head = h("tr", {}, h("th", { scope: "col" }, how.xName), lines.map((line) => h("th", { scope: "col" }, line.name || line.label)));
  const rows = how.x.map((x, k) => h("tr", {}, h("th", { scope: "row" }, how.xText ? how.xText(x) : x), lines.map((line) => h("td", {}, valueText(line, k, how)))));
  return scrolled(`${title}: numbers`, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

new ResizeObserver(() => {
  for (const { made, plot } of LIVE) if (made && plot.clientWidth && Math.abs(made.width - plot.clientWidth) > 1) made.setSize({ width: plot.clientWidth, height: 230 });
}).observe(document.getElementById("main"));
