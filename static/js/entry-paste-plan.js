// Where the cells of a copied block belong. Decides and changes nothing: a figure is put on a row that it was surely
// copied for, by the row's name or by its place in the grid, or the whole block is refused with one sentence.

const HEADING = /^(本期|本季|数值|填报)/;
const NOTE_HEADING = /^(说明|备注)/;
const NUMBER = /^[+-]?[\d.,\s]*\d[\d.,\s]*%?$/;
// As people write a figure: 约5, ≥30, 65%以上, 1.2亿元. What is wrong with it is said at its cell.
const WRITTEN = /^(约|近|超过?|逾|不少于|至少|不超过|[=≥≤<>~≈+-])*\s*\d[\d.,\s]*[%‰\p{Script=Han}]{0,4}$/u;
const NOTHING = /^([-—–/\\]+|无|暂无|没有|空|n\/?a)$/i;
const UNIT = /(元|%|‰)$/;

/** Full-width and half-width are the same here, and blanks in a name are none. */
const plain = (text) => (text ?? "").normalize("NFKC").trim();
const key = (text) => plain(text).replace(/\s/g, "");
const isNumber = (text) => NUMBER.test(plain(text));
const isFigure = (text) => isNumber(text) || WRITTEN.test(plain(text));
const isChoice = (text, rows) => rows.some((row) => row.choose(text) !== undefined && !isNumber(text));

/**
 * `rows` are all rows of the grid in their order, `at` is the one that the paste was made in.
 * Either `{ refusal, detail }`, or `{ fills: [{ row, value, note }], isNamed, ... }` with what was left out and why.
 */
export function planPaste(block, rows, at) {
  const names = indexNames(rows);
  if (block.some(([first]) => names.has(key(first)))) return planByName(block, rows, names);
  return planByPlace(block, rows, at);
}

function indexNames(rows) {
  const names = new Map();
  for (const row of rows) {
    for (const name of new Set([key(row.name), key(`${row.name}(${row.unit})`)])) names.set(name, [...(names.get(name) ?? []), row]);
  }
  return names;
}

function planByName(block, rows, names) {
  const known = block.filter(([first]) => names.has(key(first)));
  const others = block.filter(([first]) => !names.has(key(first)));
  const heading = others.find((cells) => !cells.slice(1).some(isFigure) && cells.slice(1).some((cell) => cell.trim())) ?? [];
  const { valueAt, refusal } = findValueColumn(known, rows, heading);
  if (refusal) return { refusal };
  const noteAt = findNoteColumn(known, heading, valueAt);
  const plan = { fills: [], isNamed: true, blank: 0, texts: [], unknown: [], over: 0, heading: heading.length > 0, isWide: false };
  const seen = new Set();
  for (const cells of known) {
    const [name, value, note] = [cells[0].trim(), (cells[valueAt] ?? "").trim(), noteAt ? (cells[noteAt] ?? "").trim() : ""];
    const found = names.get(key(name));
    const targets = found.filter((row) => !row.isText);
    if (!targets.length) plan.texts.push(value);
    else if (!value && !note) plan.blank += 1;
    else if (targets.length > 1 || seen.has(targets[0])) return { refusal: "sameName", detail: { text: name } };
    else {
      const [row] = targets;
      const unit = cells.slice(1, valueAt).map(plain).find((cell) => UNIT.test(cell));
      if (unit && unit !== plain(row.unit)) return { refusal: "otherUnit", detail: { text: name, unit, own: row.unit } };
      if (!fits(row, value, rows)) return { refusal: "noFit", detail: { text: value, row: row.name } };
      seen.add(row);
      plan.fills.push({ row, value, note });
    }
  }
  plan.unknown = others.filter((cells) => cells.slice(1).some(isFigure)).map((cells) => cells[0].trim() || "—");
  return plan;
}

/** The one column beside the names with figures in it; of several the one that its heading calls this period's. */
function findValueColumn(known, rows, heading) {
  const width = Math.max(...known.map((cells) => cells.length));
  const columns = Array.from({ length: width - 1 }, (_, n) => n + 1);
  const named = columns.filter((n) => HEADING.test(key(heading[n])));
  if (named.length === 1) return { valueAt: named[0] };
  const holding = (test) => columns.filter((n) => known.some((cells) => test(cells[n] ?? "")));
  const numeric = holding((cell) => isNumber(cell) || isChoice(cell, rows));
  const found = numeric.length ? numeric : holding(isFigure);
  if (found.length === 1) return { valueAt: found[0] };
  return { refusal: found.length ? "severalColumns" : "noFigures" };
}

function findNoteColumn(known, heading, valueAt) {
  const named = heading.findIndex((cell) => NOTE_HEADING.test(key(cell)));
  if (named > 0) return named;
  const next = known.map((cells) => cells[valueAt + 1] ?? "").filter((cell) => cell.trim());
  return !heading.length && next.length && !next.some(isNumber) ? valueAt + 1 : 0;
}

function planByPlace(block, rows, at) {
  const hasHeading = block.length > 1 && HEADING.test(key(block[0][0])) && !isFigure(block[0][0]);
  const cells = hasHeading ? block.slice(1) : block;
  const [first, second] = [0, 1].map((n) => cells.map((row) => (row[n] ?? "").trim()).filter(Boolean));
  if (second.length && first.some((cell) => !isFigure(cell) && !isChoice(cell, rows) && !NOTHING.test(cell))) return { refusal: "noNames" };
  if (second.length && second.every(isNumber)) return { refusal: "severalColumns" };
  if (!first.some((cell) => isFigure(cell) || isChoice(cell, rows) || NOTHING.test(cell))) return { refusal: "noFigures" };
  const isWide = cells.some((row) => row.slice(2).some((cell) => cell.trim()));
  const plan = { fills: [], isNamed: false, blank: 0, texts: [], unknown: [], over: 0, heading: hasHeading, isWide };
  for (const [n, [typed, noted]] of cells.entries()) {
    const row = rows[at + n];
    const [value, note] = [typed.trim(), (noted ?? "").trim()];
    if (!row) plan.over += value || note ? 1 : 0;
    else if (row.isText && !isFigure(value)) plan.texts.push(value);
    // A figure over a row of text shows that the column was copied without that row: all below would be one off.
    else if (row.isText || !fits(row, value, rows)) return { refusal: "offRow", detail: { n: n + 1, text: value, row: row.name } };
    else if (!value && !note) plan.blank += 1;
    else plan.fills.push({ row, value, note });
  }
  return plan;
}

function fits(row, value, rows) {
  if (!value) return true;
  return row.isChoice ? row.choose(value) !== undefined : !isChoice(value, rows);
}
