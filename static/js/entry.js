// The grid of a return: saves each cell as it is typed, says in words what became of it, and never
// throws away what was typed. One request a line at a time; the newest content always wins the queue.

const grid = document.querySelector("#grid");
const words = grid.dataset;
const summary = document.querySelector("#save-state");
const form = document.querySelector("#submit-form");
const TYPING_PAUSE = 700;
const RETRY_FIRST = 2000;
const RETRY_MOST = 30000;

/** The token of now: signing in again in another tab makes a new one, and this page must go on saving. */
function token() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? form.elements.csrfmiddlewaretoken.value;
}

/** What one line of the grid knows of itself. */
class Row {
  constructor(element) {
    this.element = element;
    this.seen = Number(element.dataset.seen);
    this.dirty = new Map();
    this.sending = false;
    this.failed = false;
    this.delay = RETRY_FIRST;
    this.timer = 0;
  }

  get isSettled() {
    return this.dirty.size === 0 && !this.sending;
  }

  field(name) {
    return this.element.querySelector(`[data-field="${name}"]`);
  }

  slot(name) {
    return this.element.querySelector(`[data-slot="${name}"]`);
  }

  /** A field changed: remember it, and save soon. A reason for having no value empties the value, and the reverse. */
  touch(field, wait = TYPING_PAUSE) {
    const name = field.dataset.field;
    if (name === "missing" && field.value) ["value", "qualifier"].forEach((other) => this.clear(other));
    if (name === "value" && field.value.trim() && this.field("missing")?.value) this.clear("missing");
    this.dirty.set(name, field.value);
    this.say("unsaved");
    this.later(wait);
  }

  clear(name) {
    const field = this.field(name);
    if (!field) return;
    field.value = "";
    this.dirty.delete(name);
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.sending || this.dirty.size === 0) return;
    const sent = new Map(this.dirty);
    this.sending = true;
    this.say("saving");
    let response;
    try {
      response = await fetch(`${words.url}${this.element.dataset.line}/`, {
        method: "POST",
        headers: { "X-CSRFToken": token() },
        body: new URLSearchParams([...sent, ["seen", String(this.seen)]]),
        redirect: "manual",
      });
    } catch {
      this.sending = false;
      return this.retry(words.offline);
    }
    this.sending = false;
    const isWorded = response.headers.get("Content-Type")?.startsWith("application/json");
    if (response.type === "opaqueredirect" || (response.status === 403 && !isWorded)) return this.retry(words.signedOut);
    if (response.status >= 500) return this.retry(words.offline);
    const answer = await response.json().catch(() => ({ message: `${words.unsaved}（${response.status}）` }));
    this.delay = RETRY_FIRST;
    if (response.ok) this.accept(sent, answer);
    else if (response.status === 412) this.conflict(answer);
    else this.refuse(answer.message);
  }

  accept(sent, answer) {
    for (const [name, value] of sent) if (this.dirty.get(name) === value) this.dirty.delete(name);
    this.failed = false;
    this.seen = answer.version;
    this.problem("");
    this.show(answer);
    // A full-width or grouped number comes back plain, unless it is being typed again already.
    const field = this.field("value");
    if (sent.has("value") && !this.dirty.has("value") && document.activeElement !== field && answer.value !== undefined) field.value = answer.value;
    document.querySelector("#filled").value = answer.filled;
    if (this.dirty.size) this.later(0);
    else this.say("saved");
  }

  show(answer) {
    for (const name of ["verdict", "findings", "other"]) {
      const slot = this.slot(name);
      if (slot && answer[name] !== undefined) slot.innerHTML = answer[name];
    }
    const value = this.field("value");
    const hasError = this.element.querySelector(".msg.e") !== null;
    value.toggleAttribute("aria-invalid", hasError);
    if (hasError) value.setAttribute("aria-invalid", "true");
  }

  /** The server will not store what was typed: it stays in the cell, with the sentence under it. */
  refuse(message) {
    this.failed = true;
    // What was said of the value before is not true of this one.
    this.show({ findings: "", verdict: "", other: "" });
    this.problem(message);
    this.field("value").setAttribute("aria-invalid", "true");
    this.say("unsaved");
  }

  /** Not answered at all: what was typed stays, and is sent again by itself. */
  retry(message) {
    this.problem(message);
    this.say("unsaved");
    this.later(this.delay);
    this.delay = Math.min(this.delay * 2, RETRY_MOST);
  }

  conflict(answer) {
    const box = this.problem(`${words.conflict}（${answer.by}）。${words.theirs}：${answer.value || answer.missing || words.empty}　`);
    const choose = (label, action) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn small", textContent: label });
      button.addEventListener("click", action);
      box.append(button);
    };
    choose(words.mine, () => {
      this.seen = answer.version;
      this.save();
    });
    choose(words.take, () => {
      this.dirty.clear();
      this.seen = answer.version;
      for (const name of ["value", "missing", "qualifier", "note", "problems", "next_steps"]) {
        const field = this.field(name);
        if (field) field.value = answer[name];
      }
      this.problem("");
      this.show(answer);
      this.say("saved");
    });
    this.failed = true;
    this.say("unsaved");
  }

  problem(text) {
    const slot = this.slot("problem");
    slot.replaceChildren();
    if (!text) {
      if (!this.element.querySelector(".msg.e")) this.field("value").removeAttribute("aria-invalid");
      return null;
    }
    const message = Object.assign(document.createElement("p"), { className: "msg e", textContent: text });
    message.setAttribute("role", "alert");
    slot.append(message);
    return message;
  }

  say(state) {
    const mark = this.element.querySelector(".cell-state");
    mark.dataset.state = state;
    mark.textContent = words[state];
    tellAll();
  }
}

const rows = new Map([...grid.querySelectorAll("tr[data-line]")].map((element) => [element, new Row(element)]));
const rowOf = (node) => rows.get(node.closest("tr[data-line]"));
const unsettled = () => [...rows.values()].filter((row) => !row.isSettled);

function tellAll() {
  const open = unsettled();
  summary.textContent = open.length ? `${words.unsaved} ${open.length}` : words.allSaved;
  summary.classList.toggle("c-bad", open.some((row) => row.failed));
}

grid.addEventListener("input", (event) => {
  if (event.target.dataset.field && !event.isComposing) rowOf(event.target).touch(event.target);
});
grid.addEventListener("compositionend", (event) => {
  if (event.target.dataset.field) rowOf(event.target).touch(event.target);
});
grid.addEventListener("change", (event) => {
  if (event.target.dataset.field) rowOf(event.target).touch(event.target, 0);
});

/** Up and down a column by keyboard; a textarea keeps its own arrows, and Alt+Enter its new line. */
function move(from, step) {
  const column = [...grid.querySelectorAll(`[data-col="${from.dataset.col}"]`)];
  const next = column[column.indexOf(from) + step];
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

window.addEventListener("online", () => unsettled().forEach((row) => row.save()));
window.addEventListener("beforeunload", (event) => {
  if (unsettled().length) event.preventDefault();
});

// Handing in waits for the last cell to be saved; a cell that cannot be saved is shown instead.
form.addEventListener("submit", async (event) => {
  form.elements.csrfmiddlewaretoken.value = token();
  if (!unsettled().length) return;
  event.preventDefault();
  await Promise.all(unsettled().map((row) => row.save()));
  const left = unsettled();
  if (left.length === 0) event.target.submit();
  else left[0].field("value").focus();
});

document.querySelector("#errors")?.focus();
