// Pasting into the grid: what was put where is said in a sentence, and can be taken back.

import { readBlock } from "./entry-clipboard.js";
import { planPaste } from "./entry-paste-plan.js";

const LONGEST = 40;
const short = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Listen in `grid`; `listRows()` gives all its rows in their order, `rowOf(node)` the one that a node is in; `place` says what became of it. */
export function watchPaste(grid, place, { listRows, rowOf }) {
  const words = place.dataset;
  // Each row that the last paste wrote on, with what stood there before; a row typed in since is not among them any more.
  let before = new Map();
  let origin = null;

  /** A column, or names with numbers beside them, copied from a sheet; a single cell is the browser's own paste. */
  grid.addEventListener("paste", (event) => {
    if (event.target.dataset.col !== "value" || rowOf(event.target).closed) return;
    const block = readBlock(event.clipboardData.getData("text/plain"));
    if (block.length < 2 && (block[0]?.length ?? 0) < 2) return;
    event.preventDefault();
    origin = event.target;
    const rows = listRows();
    const plan = planPaste(block, rows, rows.indexOf(rowOf(event.target)));
    if (plan.refusal) return say([fillIn(words[plan.refusal], plan.detail)], { isBad: true });
    before = new Map(plan.fills.map(({ row }) => [row, row.remember()]));
    let cells = 0;
    for (const { row, value, note } of plan.fills) cells += row.put("value", value) + row.put("note", note);
    say(tell(plan, cells), { isBad: false });
  });

  grid.addEventListener("input", (event) => forget(event.target));
  grid.addEventListener("keydown", (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
    if (!isUndo || !before.has(rowOf(event.target))) return;
    event.preventDefault();
    undo();
  });

  function forget(field) {
    if (field.dataset.field) before.delete(rowOf(field));
    if (!before.size && !place.hidden) place.querySelector("button:not(:last-of-type)")?.remove();
  }

  function undo() {
    const [first] = before.keys();
    for (const [row, said] of before) row.restore(said);
    const count = before.size;
    before = new Map();
    say([fillIn(words.undone, { n: count })], { isBad: false });
    first?.first().focus();
  }

  function tell(plan, cells) {
    const [first, last] = [plan.fills.at(0), plan.fills.at(-1)].map((fill) => fill && short(fill.row.name));
    const texts = plan.texts.filter(Boolean);
    return [
      !plan.fills.length && words.nothing,
      plan.fills.length && fillIn(plan.isNamed ? words.byName : words.byPlace, { n: cells, first, last }),
      plan.blank && fillIn(words.blank, { n: plan.blank }),
      plan.texts.length && fillIn(words.texts, { n: plan.texts.length }),
      texts.length && fillIn(words.textsLost, { n: texts.length, text: short(texts[0]) }),
      plan.unknown.length && fillIn(words.unknown, { n: plan.unknown.length, text: plan.unknown.slice(0, 5).map(short).join("、") }),
      plan.over && fillIn(words.over, { n: plan.over }),
      plan.heading && words.heading,
      plan.isWide && words.wide,
    ].filter(Boolean);
  }

  function say(sentences, { isBad }) {
    place.replaceChildren(sentences.join(""));
    place.classList.toggle("bad", isBad);
    const buttons = Object.assign(document.createElement("span"), { className: "pasted-acts" });
    if (before.size && !isBad) buttons.append(makeButton(words.undo, undo));
    buttons.append(makeButton(words.close, close));
    place.append(buttons);
    place.hidden = false;
  }

  function close() {
    before = new Map();
    place.hidden = true;
    origin.focus();
  }

  function makeButton(text, act) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn small", textContent: text });
    button.addEventListener("click", act);
    return button;
  }
}

function fillIn(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => short(String(values[name])));
}
