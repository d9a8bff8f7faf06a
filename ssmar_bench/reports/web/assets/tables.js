// Sorting by any column and filtering by words, for every table that has buttons in its head.

const LAST = Symbol("sorts last");

/** What a cell sorts by: its first number ("51.2 ± 1.4 (3)" is 51.2, "1 040" is 1040, "3.4 min" in seconds), or its text. */
function keyOf(text, words) {
  if (text === "" || text === "—") return LAST;
  if (words) return text.toLowerCase();
  const found = text.replace(/(\d)[\s\u00a0\u202f](?=\d{3}(\D|$))/g, "$1").replace("−", "-").match(/^[^\d+-]*([+-]?\d+(?:\.\d+)?)\s*(h|min|s)?\b/);
  if (!found) return LAST;
  return Number(found[1]) * ({ h: 3600, min: 60 }[found[2]] || 1);
}

function compareKeys(a, b, direction) {
  if (a === LAST || b === LAST) return (a === LAST) - (b === LAST);
  return direction * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
}

/** A column is one of words if it is left and its cells do not all begin with a number. */
function isWords(rows, column, left) {
  return column < left && rows.some((row) => !/^[+-]?[\d—]/.test(row.cells[column].textContent));
}

function sortable(table) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const words = isWords(original, column, Number(table.dataset.left));
    // A first click shows the largest number, or the first word; a third one gives the printed order back.
    const first = words ? "ascending" : "descending";
    const second = words ? "descending" : "ascending";
    head.querySelector("button").addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const next = now === first ? second : now === second ? null : first;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (next) head.setAttribute("aria-sort", next);
      table.classList.toggle("sorted", Boolean(next));
      const direction = next === "ascending" ? 1 : -1;
      const keys = new Map(original.map((row) => [row, keyOf(row.cells[column].textContent.trim(), words)]));
      const rows = next ? [...original].sort((a, b) => compareKeys(keys.get(a), keys.get(b), direction)) : original;
      body.append(...rows);
    });
  });
}

function filterable(block) {
  const input = block.querySelector("input[type=search]");
  if (!input) return;
  const rows = [...block.querySelector("tbody").rows];
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = [...row.cells].map((cell) => cell.textContent.toLowerCase()).join(" | ");
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    block.querySelector(".found").textContent = words.length ? `${shown} of ${rows.length} rows` : "";
  });
}

for (const block of document.querySelectorAll(".block")) {
  sortable(block.querySelector("table"));
  filterable(block);
}

/** A plain table of facts: two columns, text. */
function facts(title, rows) {
  const body = rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row", class: "left" }, name), h("td", { class: "left" }, String(value))));
  return h("div", {}, h("h3", {}, title), h("table", { "aria-label": title }, h("tbody", {}, body)));
}
