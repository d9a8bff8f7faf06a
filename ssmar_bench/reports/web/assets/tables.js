// Tables from data: sorted by any column, filtered by words, paged, without what nobody measured.

const LAST = Symbol("sorts last");
const PAGE = 50;
const isEmpty = (text) => text === "" || /^—( |$)/.test(text); // also where only the paper's own figure is in the cell

/** What a cell sorts by: its first number ("51.2 ± 1.4 (3)" is 51.2, "1 040" is 1040, "3.4 min" in seconds), or its text. */
function keyOf(text, words) {
  if (isEmpty(text)) return LAST;
  if (words) return text.toLowerCase();
  const found = text.replace(/(\d)[\s\u00a0\u202f](?=\d{3}(\D|$))/g, "$1").replace("−", "-").match(/^[^\d+-]*([+-]?\d+(?:\.\d+)?)\s*(h|min|s)?\b/);
  if (!found) return LAST;
  return Number(found[1]) * ({ h: 3600, min: 60 }[found[2]] || 1);
}

const COLLATOR = new Intl.Collator("en", { numeric: true });

function compareKeys(a, b, direction) {
  if (a === LAST || b === LAST) return (a === LAST) - (b === LAST);
  return direction * (typeof a === "number" ? a - b : COLLATOR.compare(a, b));
}

/** A column is one of words if it is left and its cells do not all begin with a number. */
const isWords = (table, column) => column < table.left && table.rows.some((row) => !/^[+-]?[\d—]/.test(row[column]));

/** Columns and rows in which something was measured; all of them where a table has no numbers, or is not to be folded. */
function measured(table) {
  const numbers = table.header.map((_, i) => i).slice(table.left);
  const columns = numbers.filter((i) => table.rows.some((row) => !isEmpty(row[i])));
  if (!numbers.length || !table.fold) return { columns: table.header.map((_, i) => i), rows: table.rows.map((_, i) => i), none: false };
  const rows = table.rows.map((_, i) => i).filter((i) => numbers.some((j) => !isEmpty(table.rows[i][j])));
  return { columns: [...table.header.keys()].filter((i) => i < table.left || columns.includes(i)), rows, none: !columns.length };
}

/**
 * A block with a table.
 * @param {object} table - name, title, notes, header, rows, rules, bold, left; fold: leave out what was not measured
 * @param {{said?: Set<string>, filter?: boolean, link?: (row: string[]) => string, words?: string, level?: string, changed?: (words: string) => void}} how
 *   said: notes that are above already; link: where the last cell leads; words: of the filter at first
 */
function grid(table, how = {}) {
  const state = { column: null, direction: 1, words: how.words ?? "", page: 0, all: false };
  const notes = table.notes.filter((note) => !how.said?.has(note));
  notes.forEach((note) => how.said?.add(note));
  const kept = measured(table);
  const body = h("tbody", {});
  const head = h("tr", {});
  const pager = h("p", { class: "tools pager", hidden: true });
  const found = h("output", { class: "found", role: "status" });
  const hidden = [table.header.length - kept.columns.length, table.rows.length - kept.rows.length];
  const rules = new Set(table.rules);
  const bold = new Set((table.bold || []).map((place) => place.join()));
  const columns = () => (state.all ? [...table.header.keys()] : kept.columns);

  const order = () => {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    let rows = state.all ? [...table.rows.keys()] : kept.rows;
    if (words.length) rows = rows.filter((i) => words.every((word) => table.rows[i].some((cell) => cell.toLowerCase().includes(word))));
    if (state.column === null) return rows;
    const isText = isWords(table, state.column);
    const keys = new Map(rows.map((i) => [i, keyOf(table.rows[i][state.column], isText)]));
    return [...rows].sort((a, b) => compareKeys(keys.get(a), keys.get(b), state.direction));
  };
  const isLink = (j) => how.link && j === table.header.length - 1;
  const isLeft = (j) => j < table.left || isLink(j);
  const cell = (i, j) => {
    const text = table.rows[i][j];
    const left = isLeft(j) && `left${text.length > 14 ? " long" : ""}`;
    const inner = isLink(j) ? h("a", { href: how.link(table.rows[i]) }, text) : bold.has(`${i},${j}`) ? h("strong", {}, text) : text;
    return h("td", { class: left || false }, inner);
  };
  const draw = () => {
    const rows = order();
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    const from = state.page * PAGE;
    const part = rows.slice(from, from + PAGE);
    body.replaceChildren(...part.map((i) => h("tr", { class: rules.has(i) && state.column === null && "rule" }, columns().map((j) => cell(i, j)))));
    found.textContent = state.words.trim() ? `${rows.length} of ${table.rows.length} rows` : "";
    pager.hidden = pages < 2;
    pager.querySelector("span").textContent = `${thousands(from + 1)} to ${thousands(from + part.length)} of ${thousands(rows.length)} rows`;
    pager.firstChild.disabled = !state.page;
    pager.lastChild.disabled = state.page === pages - 1;
  };
  const turn = (step) => () => {
    state.page += step;
    draw();
  };
  const heads = () => {
    head.replaceChildren(...columns().map((j) => {
      const first = isWords(table, j) ? 1 : -1; // a first click shows the largest number, or the first word; a third one the printed order
      const sort = () => {
        if (state.column !== j) [state.column, state.direction] = [j, first];
        else if (state.direction === first) state.direction = -first;
        else state.column = null;
        state.page = 0;
        for (const other of head.cells) other.removeAttribute("aria-sort");
        if (state.column !== null) made.setAttribute("aria-sort", state.direction === 1 ? "ascending" : "descending");
        draw();
      };
      const made = h("th", { scope: "col", class: isLeft(j) && "left" }, h("button", { type: "button", onclick: sort }, table.header[j]));
      return made;
    }));
  };
  pager.append(h("button", { type: "button", onclick: turn(-1) }, "Previous"), h("span", {}), h("button", { type: "button", onclick: turn(1) }, "Next"));
  heads();
  draw();
  const tools = h("p", { class: "tools" });
  if (how.filter !== false && table.rows.length > 5) {
    const change = (event) => {
      state.words = event.target.value;
      state.page = 0;
      how.changed?.(state.words);
      draw();
    };
    tools.append(h("label", {}, "Filter rows ", h("input", { type: "search", autocomplete: "off", spellcheck: "false", value: state.words, oninput: change })), found);
  }
  const scroll = scrolled(table.title, h("table", {}, h("thead", {}, head), body));
  if (hidden[0] || hidden[1]) {
    const words = `Show what is not measured (${counted(hidden[0], "column")}${hidden[0] && hidden[1] ? ", " : ""}${counted(hidden[1], "row")})`;
    const fold = h("button", { type: "button", class: "small", "aria-expanded": "false", onclick: () => {
      state.all = !state.all;
      fold.setAttribute("aria-expanded", String(state.all));
      fold.textContent = state.all ? "Fold what is not measured" : words;
      scroll.hidden = kept.none && !state.all;
      state.column = null;
      heads();
      draw();
    } }, words);
    tools.append(fold);
    scroll.hidden = kept.none;
  }
  tools.append(downloads(table.title, () => [table.header, ...order().map((i) => table.rows[i])], () => tablePng(table.title, columns().map((j) => table.header[j]), order().map((i) => columns().map((j) => table.rows[i][j])), table.left)));
  return h("div", { class: "block", "data-table": table.name }, h(how.level || "h3", {}, table.title), notes.map((note) => h("p", { class: "note" }, note)), tools, kept.none ? h("p", { class: "note" }, "Nothing of it is measured yet.") : [], scroll, pager);
}

const counted = (count, word) => (count ? `${count} ${word}${count === 1 ? "" : "s"}` : "");

/** A place that scrolls sideways; a shadow at its edge is there as long as there is more. */
function scrolled(title, inner) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, inner);
}

/** A plain table of facts: two columns, text. */
function facts(title, rows) {
  const body = rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row", class: "left" }, name), h("td", { class: "left" }, String(value))));
  return h("div", {}, h("h3", {}, title, " ", downloads(title, () => rows, () => tablePng(title, ["", ""], rows, 2))), h("table", { "aria-label": title }, h("tbody", {}, body)));
}
