// The page of a return that is being filled: the keyboard, handing in, and what closes it.
// What one line does is in entry-row.js, its files in entry-evidence.js, what is pasted in entry-paste.js.

import { watchEvidence } from "./entry-evidence.js";
import { watchPaste } from "./entry-paste.js";
import { Row, token } from "./entry-row.js";

const grid = document.querySelector("#grid");
const words = grid.dataset;
const summary = document.querySelector("#save-state");
const live = document.querySelector("#live");
const stale = document.querySelector("#stale");
const STATE_PAUSE = 20_000;
const CHECK_PAUSE = 500;

const rows = new Map([...grid.querySelectorAll("tr[data-line]")].map((element) => [element, new Row(element, words, { told, saved, closed: askState })]));
const rowOf = (node) => rows.get(node.closest("tr[data-line]"));
const unsettled = () => [...rows.values()].filter((row) => !row.isSettled);

/** One sentence for the whole page, and for who hears the page: which line, and what became of it. */
function told(row, state) {
  const open = unsettled();
  summary.textContent = open.length ? `${words.unsaved} ${open.length}` : words.allSaved;
  summary.classList.toggle("c-bad", open.some((each) => each.failed));
  if (state === "saved" || state === "kept") say(`${row.name}：${state === "kept" ? words.kept : words.saved}`);
}

function say(text) {
  live.textContent = text;
}

function saved(answer) {
  document.querySelector("#filled").value = answer.filled;
  // What one line says may mend or break a rule that another is under too.
  for (const { line, findings } of answer.beside ?? []) rows.get(grid.querySelector(`tr[data-line="${line}"]`))?.show({ findings });
  changed();
}

/** What is shown for handing in is not true any more: ask again. */
function changed() {
  if (document.querySelector("#submit[data-checked]")) checkSoon();
}

const { sending, notSent, done, sure } = words;
watchEvidence(grid, { sending, notSent, done, sure }, changed);
watchPaste(grid, document.querySelector("#pasted"), { listRows: () => [...rows.values()], rowOf });

// -- typing ----------------------------------------------------------------------------------------

grid.addEventListener("input", (event) => {
  if (event.target.dataset.field && !event.isComposing) rowOf(event.target).touch(event.target);
});
grid.addEventListener("compositionend", (event) => {
  if (event.target.dataset.field) rowOf(event.target).touch(event.target);
});
grid.addEventListener("change", (event) => {
  if (event.target.dataset.field) rowOf(event.target).touch(event.target, 0);
});

// On a slow line somebody types before this program is here: what a cell holds beyond what the page came with is saved, too.
grid.querySelectorAll("[data-field]").forEach((field) => {
  const before = field.tagName === "SELECT" ? ([...field.options].find((option) => option.defaultSelected) ?? field.options[0]).value : field.defaultValue;
  if (field.value !== before) rowOf(field).touch(field, 0);
});

const column = (field) => [...grid.querySelectorAll(`[data-col="${field.dataset.col}"]`)];

/** Up and down a column by keyboard; a textarea keeps its own arrows, and Alt+Enter its new line. */
function move(from, step) {
  const cells = column(from);
  const next = cells[cells.indexOf(from) + step];
  if (!next) return;
  next.focus();
  next.select?.();
}

grid.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.dataset.col || event.isComposing) return;
  if (event.key === "Enter" && !event.altKey) {
    event.preventDefault();
    move(field, event.shiftKey ? -1 : 1);
  } else if (field.tagName === "INPUT" && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    move(field, event.key === "ArrowDown" ? 1 : -1);
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    unsettled().forEach((row) => row.save());
  }
});

// -- the connection, and what closes the page ------------------------------------------------------

window.addEventListener("online", () => {
  sayAtButton("");
  unsettled().forEach((row) => row.save());
});
window.addEventListener("beforeunload", (event) => {
  if (unsettled().length) event.preventDefault();
});

/** Somebody handed the return in, or the round was locked: this page then only shows, and keeps what it could not save. */
async function askState() {
  let answer;
  try {
    const response = await fetch(words.stateUrl, { cache: "no-store", redirect: "error" });
    if (!response.ok) return;
    answer = await response.json();
  } catch {
    return; // the rows say what is wrong with the connection
  }
  if (answer.editable && !stale.hidden) reopen();
  if (!answer.editable) close(answer.message);
}

function close(message) {
  const left = unsettled();
  const link = Object.assign(document.createElement("a"), { href: location.pathname.replace(/submit\/$/, ""), textContent: words.reload });
  const sentence = message + (left.length ? words.staleUnsaved.replace("{n}", left.length) : "");
  if (stale.textContent === sentence + words.reload) return;
  stale.replaceChildren(sentence, link);
  stale.hidden = false;
  document.querySelector("#submit").hidden = true;
  rows.forEach((row) => row.close(true));
}

function reopen() {
  stale.hidden = true;
  stale.replaceChildren();
  document.querySelector("#submit").hidden = false;
  rows.forEach((row) => row.close(false));
  say(words.again);
  unsettled().forEach((row) => row.save());
}

/** Somebody is here again, perhaps signed in again in another tab: what is not saved is sent at once. */
function comeBack() {
  if (document.hidden) return;
  unsettled().forEach((row) => row.save());
  askState();
}

setInterval(() => document.hidden || askState(), STATE_PAUSE);
document.addEventListener("visibilitychange", comeBack);
window.addEventListener("focus", comeBack);

// -- handing in ------------------------------------------------------------------------------------

/** Handing in waits for the last cell to be saved; a cell that cannot be is shown instead, with a sentence at the button. */
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.closest("#submit")) return;
  if (form.method === "post") form.elements.csrfmiddlewaretoken.value = token();
  if (form.method === "post" && !unsettled().length && navigator.onLine) return;
  event.preventDefault();
  sayAtButton("");
  await Promise.all(unsettled().map((row) => row.save()));
  const wrong = [...rows.values()].filter((row) => !row.isSettled || row.isWrong);
  if (wrong.length) {
    sayAtButton(words.stop.replace("{n}", wrong.length));
    wrong[0].first().focus();
  } else await check({ focus: true });
});

/** One sentence at the button; that the connection is cut is not said a second time at the page's foot. */
function sayAtButton(text, { isOffline = false } = {}) {
  const place = document.querySelector("#submit-problem");
  place.textContent = text;
  place.classList.toggle("offline", isOffline);
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#submit [data-back]")) return;
  event.preventDefault();
  grid.querySelector("[data-col]").focus();
});

let checking = 0;
function checkSoon() {
  clearTimeout(checking);
  checking = setTimeout(() => check({ focus: false }), CHECK_PAUSE);
}

/** Ask what would be handed in, or what is in the way, and show it in place of the button. */
async function check({ focus }) {
  const place = document.querySelector("#submit");
  const address = `${location.pathname.replace(/submit\/$/, "")}submit/`;
  let fresh = null;
  try {
    const response = await fetch(address, { cache: "no-store", redirect: "manual" });
    if (response.ok) fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("#submit");
  } catch {
    fresh = null;
  }
  if (!fresh) {
    sayAtButton(words.notSubmitted, { isOffline: true });
    return askState();
  }
  const typed = place.querySelector("input[name=reason]")?.value;
  place.replaceWith(fresh);
  if (typed && fresh.querySelector("input[name=reason]")) fresh.querySelector("input[name=reason]").value = typed;
  if (focus) fresh.querySelector("h2[tabindex]")?.focus();
}

(document.querySelector("#errors") ?? document.querySelector("#submit h2[tabindex]"))?.focus();
