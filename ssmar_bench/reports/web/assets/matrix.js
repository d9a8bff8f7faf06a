// Tables about classes: confusion, its difference, and the gain of one method over another.

const recalls = (counts) => counts.map((row, i) => (sum(row) ? (100 * row[i]) / sum(row) : null));
const shares = (counts) => counts.map((row) => row.map((count) => (sum(row) ? (100 * count) / sum(row) : 0)));

/** Rows are true classes; `cell` gives text, colour and strength (per cent) of a place. */
function classMatrix(title, classes, cell, words) {
  const head = h("tr", {}, h("th", { class: "left", scope: "col" }, "True ↓, predicted →"), classes.map((name) => h("th", { scope: "col" }, h("span", {}, name))));
  const texts = classes.map((_, i) => classes.map((__, j) => cell(i, j)));
  const rows = texts.map((row, i) => h("tr", {}, h("th", { scope: "row", class: "left" }, classes[i]), row.map(({ text, color, strength }, j) =>
    h("td", { style: `background: color-mix(in srgb, var(${color}) ${Math.round(strength)}%, transparent)`, title: words(i, j) }, text))));
  const plain = texts.map((row, i) => [classes[i], ...row.map(({ text }) => text)]);
  const header = ["True class", ...classes];
  return h("div", { class: "block" }, h("h3", {}, title, " ", downloads(title, () => [header, ...plain], () => tablePng(title, header, plain))), scrolled(title, h("table", { class: "matrix" }, h("thead", {}, head), h("tbody", {}, rows))));
}

/** Cells are the share of the row in per cent; less than 0.5 is empty. */
function matrix(title, counts, classes) {
  const share = shares(counts);
  const cell = (i, j) => ({ text: share[i][j] >= 0.5 ? share[i][j].toFixed(0) : "", color: i === j ? "--good" : "--bad", strength: 0.7 * share[i][j] });
  return classMatrix(title, classes, cell, (i, j) => `${classes[i]} taken for ${classes[j]}: ${counts[i][j]} of ${sum(counts[i])}`);
}

/** Cells are the difference of two shares in points; blue is better, orange worse for the first. */
function matrixDifference(title, first, second, classes) {
  const [a, b] = [shares(first), shares(second)];
  const cell = (i, j) => {
    const points = a[i][j] - b[i][j];
    const better = i === j ? points > 0 : points < 0;
    return { text: Math.abs(points) >= 0.5 ? `${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(0)}` : "", color: better ? "--good" : "--bad", strength: Math.min(70, 2 * Math.abs(points)) };
  };
  return classMatrix(title, classes, cell, (i, j) => `${classes[i]} taken for ${classes[j]}: ${digits(a[i][j])} % and ${digits(b[i][j])} %`);
}

/** A row a class: recall of two methods and the difference as a bar, the largest gain first. */
function gains(title, note, classes, names, [first, second]) {
  const rows = classes
    .map((name, i) => ({ name, a: first[i], b: second[i] }))
    .filter(({ a, b }) => a !== null && b !== null)
    .sort((x, y) => y.a - y.b - (x.a - x.b));
  const widest = Math.max(1, ...rows.map(({ a, b }) => Math.abs(a - b)));
  const gain = ({ a, b }) => `${a >= b ? "+" : ""}${digits(a - b)}`;
  const body = rows.map((row) => {
    const size = (50 * Math.abs(row.a - row.b)) / widest;
    const style = `left: ${row.a >= row.b ? 50 : 50 - size}%; width: ${size}%; background: var(${row.a >= row.b ? "--good" : "--bad"})`;
    return h("tr", {}, h("th", { scope: "row", class: "left" }, row.name), h("td", {}, digits(row.a)), h("td", {}, digits(row.b)), h("td", {}, gain(row)), h("td", { class: "bar", "aria-hidden": "true" }, h("i", { style })));
  });
  const header = ["Class", names[0], names[1], "Gain"];
  const plain = rows.map((row) => [row.name, digits(row.a), digits(row.b), gain(row)]);
  const head = header.map((name, i) => h("th", { scope: "col", class: i ? false : "left" }, name));
  return h("div", { class: "block" }, h("h3", {}, title, " ", downloads(title, () => [header, ...plain], () => tablePng(title, header, plain))), h("p", { class: "note" }, note),
    scrolled(title, h("table", {}, h("thead", {}, h("tr", {}, head, h("th", { "aria-hidden": "true" }))), h("tbody", {}, body))));
}
