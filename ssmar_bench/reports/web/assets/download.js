// Tables and charts as CSV and PNG files.

/** Hands a file to the reader. */
function save(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name.replace(/[^\p{L}\p{N}._-]+/gu, "-") });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

const NUMBER = /^[+-]?\d[\d.]*( ± \d[\d.]*)?$/;

/** A field of a CSV file; a text that a spreadsheet would compute begins with an apostrophe. */
function csvField(value) {
  let text = String(value ?? "");
  if (/^[=@+\-\t\r]/.test(text) && !NUMBER.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csvText = (rows) => `${rows.map((row) => row.map(csvField).join(",")).join("\n")}\n`;
const saveCsv = (name, rows) => save(`${name}.csv`, new Blob([csvText(rows)], { type: "text/csv" }));

/** Two buttons; `rows` and `draw` give the file when it is asked for. */
function downloads(name, rows, draw) {
  const button = (kind, act) => h("button", { type: "button", class: "small", "aria-label": `Download ${kind}: ${name}`, onclick: act }, kind);
  const png = () => draw().toBlob((blob) => save(`${name}.png`, blob), "image/png");
  return h("span", { class: "downloads" }, button("CSV", () => saveCsv(name, rows())), button("PNG", png));
}

const INK = () => (isDark() ? { text: "#e8eaed", quiet: "#a6adb6", back: "#15181c", line: "#39414a" } : { text: "#1a1d21", quiet: "#565d66", back: "#ffffff", line: "#d5dae0" });
const FONT = '13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const SCALE = 2;

/** A canvas of a size in CSS pixels, on the page's background, and its context. */
function sheet(width, height) {
  const canvas = h("canvas", { width: Math.ceil(SCALE * width), height: Math.ceil(SCALE * height) });
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = INK().back;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  context.font = FONT;
  return [canvas, context];
}

const LARGEST_TABLE = 200;

/** A table as a picture: its first 200 rows. */
function tablePng(title, header, rows, left = 1) {
  const shown = [header, ...rows.slice(0, LARGEST_TABLE)].map((row) => row.map((cell) => String(cell ?? "")));
  const [, ruler] = sheet(1, 1);
  const widths = header.map((_, i) => 16 + Math.max(...shown.map((row) => ruler.measureText(row[i] ?? "").width)));
  const width = Math.max(sum(widths), ruler.measureText(title).width * 1.1) + 24;
  const [canvas, context] = sheet(width, 46 + 22 * shown.length);
  const ink = INK();
  context.fillStyle = ink.text;
  context.font = `600 ${FONT}`;
  context.fillText(title, 12, 20);
  shown.forEach((row, k) => {
    const y = 48 + 22 * k;
    let x = 12;
    context.font = k ? FONT : `600 ${FONT}`;
    row.forEach((cell, i) => {
      context.textAlign = i < left ? "left" : "right";
      context.fillStyle = ink.text;
      context.fillText(cell, i < left ? x : x + widths[i] - 12, y);
      x += widths[i];
    });
    context.fillStyle = k ? ink.line : ink.quiet;
    context.fillRect(12, y + 11, x - 12, k ? 1 : 2);
  });
  return canvas;
}

/** A chart as a picture, with its title and legend. */
function chartPng(state) {
  const plot = state.made.ctx.canvas;
  const width = plot.clientWidth;
  const lines = state.lines;
  const [canvas, context] = sheet(width, 40 + plot.clientHeight + 20 * lines.length + 8);
  context.fillStyle = INK().text;
  context.font = `600 ${FONT}`;
  context.fillText(state.title, 8, 18);
  context.drawImage(plot, 0, 36, width, plot.clientHeight);
  context.font = FONT;
  lines.forEach((line, i) => {
    const y = 46 + plot.clientHeight + 20 * i;
    const look = styleOf(line.slot);
    context.strokeStyle = look.color;
    context.lineWidth = 3;
    context.setLineDash(look.dash);
    context.beginPath();
    context.moveTo(10, y);
    context.lineTo(42, y);
    context.stroke();
    context.fillStyle = INK().text;
    context.fillText(line.name || line.label, 52, y);
  });
  return canvas;
}
