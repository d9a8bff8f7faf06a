// Tables about classes: confusion, and the gain of one method over another.

/** The sum of the confusion counts of several runs; null if one of them kept none. */
function pooled(folders) {
  const found = folders.map((folder) => RUNS.get(folder).confusion);
  if (!found.length || found.some((counts) => !counts.length)) return null;
  return found[0].map((row, i) => row.map((_, j) => found.reduce((sum, counts) => sum + counts[i][j], 0)));
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const recalls = (counts) => counts.map((row, i) => (sum(row) ? (100 * row[i]) / sum(row) : null));

/** Rows are true classes, cells the share of the row in per cent. */
function matrix(title, counts, classes) {
  const head = h("tr", {}, h("th", { class: "left", scope: "col" }, "True class ↓, predicted →"), classes.map((name) => h("th", { scope: "col" }, h("span", {}, name))));
  const rows = counts.map((row, i) => {
    const total = sum(row);
    const cells = row.map((count, j) => {
      const share = total ? (100 * count) / total : 0;
      const color = i === j ? "--good" : "--bad";
      return h("td", { style: `background: color-mix(in srgb, var(${color}) ${Math.round(0.7 * share)}%, transparent)`, title: `${classes[i]} taken for ${classes[j]}: ${count} of ${total}` }, share >= 0.5 ? share.toFixed(0) : "");
    });
    return h("tr", {}, h("th", { scope: "row", class: "left" }, classes[i]), cells);
  });
  const table = h("table", { class: "matrix" }, h("thead", {}, head), h("tbody", {}, rows));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, table);
}

/** A row a class: recall of two methods and the difference as a bar, the largest gain first. */
function gains(title, classes, names, [first, second]) {
  const rows = classes
    .map((name, i) => ({ name, a: first[i], b: second[i] }))
    .filter(({ a, b }) => a !== null && b !== null)
    .sort((x, y) => y.a - y.b - (x.a - x.b));
  const widest = Math.max(1, ...rows.map(({ a, b }) => Math.abs(a - b)));
  const body = rows.map(({ name, a, b }) => {
    const gain = a - b;
    const size = (50 * Math.abs(gain)) / widest;
    const style = `left: ${gain >= 0 ? 50 : 50 - size}%; width: ${size}%; background: var(${gain >= 0 ? "--good" : "--bad"})`;
    return h("tr", {}, h("th", { scope: "row", class: "left" }, name), h("td", {}, digits(a)), h("td", {}, digits(b)), h("td", {}, `${gain >= 0 ? "+" : ""}${digits(gain)}`), h("td", { class: "bar", "aria-hidden": "true" }, h("i", { style })));
  });
  const head = ["Class", names[0], names[1], "Gain"].map((name, i) => h("th", { scope: "col", class: i ? false : "left" }, name));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, h("table", {}, h("thead", {}, h("tr", {}, head, h("th", { "aria-hidden": "true" }))), h("tbody", {}, body)));
}
