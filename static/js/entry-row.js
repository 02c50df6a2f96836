// One line of a return: saves each cell as it is typed, says in words what became of it, and never throws
// away what was typed. One request a line at a time; the newest content always wins the queue.

const TYPING_PAUSE = 700;
const RETRY_FIRST = 2000;
const RETRY_MOST = 30000;

/** The token of now: signing in again in another tab makes a new one, and this page must go on saving. */
export function token() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]").value;
}

/** The sign-in page in a tab of its own: this one holds what is not saved. */
function makeSignIn({ signIn, signInUrl }) {
  return Object.assign(document.createElement("a"), { href: signInUrl, target: "_blank", rel: "noopener", textContent: signIn });
}

/** By how many characters a field's text is longer than is stored of it; counted as the server does. */
function countOver(field) {
  return field.dataset.limit ? [...field.value.trim()].length - Number(field.dataset.limit) : 0;
}

/** `page` is told: `told(row, state)`, `saved(answer)`, and `closed()` when the server says that nothing can be saved now. */
export class Row {
  constructor(element, words, page) {
    this.element = element;
    this.words = words;
    this.page = page;
    this.seen = Number(element.dataset.seen);
    this.dirty = new Map();
    // The fields whose content nobody is typing: it was pasted.
    this.written = new Set();
    this.sending = false;
    this.failed = false;
    this.closed = false;
    this.delay = RETRY_FIRST;
    this.timer = 0;
  }

  get isSettled() {
    return this.dirty.size === 0 && !this.sending;
  }

  get isWrong() {
    return this.field("value").getAttribute("aria-invalid") === "true" || [...this.dirty.keys()].some((name) => this.isTooLong(name));
  }

  get name() {
    return this.element.querySelector("th b").textContent;
  }

  field(name) {
    return this.element.querySelector(`[data-field="${name}"]`);
  }

  slot(name) {
    return this.element.querySelector(`[data-slot="${name}"]`);
  }

  /** The cell to look at first where something is not saved. */
  first() {
    return this.field([...this.dirty.keys()][0] ?? "value") ?? this.field("value");
  }

  get isText() {
    return this.field("value").tagName === "TEXTAREA";
  }

  get isChoice() {
    return this.field("value").tagName === "SELECT";
  }

  get unit() {
    return this.element.querySelector(".unit")?.textContent ?? "";
  }

  /** The choice that a text says, by its code or its words; undefined where there is none of it. */
  choose(text) {
    if (!this.isChoice) return undefined;
    return [...this.field("value").options].find((each) => each.value && (each.value === text.trim() || each.text.trim() === text.trim()))?.value;
  }

  /** Write into a field as if it was typed; nothing for an empty text. How many fields were written. */
  put(name, text) {
    if (!text) return 0;
    const field = this.field(name);
    field.value = this.isChoice && name === "value" ? this.choose(text) : text;
    this.touch(field, 0);
    this.written.add(name);
    return 1;
  }

  /** What the row's fields say, for `restore`. */
  remember() {
    return new Map(["value", "qualifier", "note", "missing"].filter((name) => this.field(name)).map((name) => [name, this.field(name).value]));
  }

  /** Put back what was remembered, and save it; a reason for having no value after what it covers. */
  async restore(said) {
    for (const [name, text] of said) {
      this.field(name).value = name === "missing" ? "" : text;
      this.dirty.set(name, this.field(name).value);
      this.sayLength(this.field(name));
    }
    this.element.classList.remove("aside");
    this.written.add("value");
    await this.save();
    if (!said.get("missing")) return;
    this.field("missing").value = said.get("missing");
    this.touch(this.field("missing"), 0);
  }

  /** A field changed: remember it, and save soon. */
  touch(field, wait = TYPING_PAUSE) {
    const name = field.dataset.field;
    this.written.delete(name);
    this.dirty.set(name, field.value);
    this.sayLength(field);
    if (name === "missing") this.setAside(field.value !== "");
    if (name === "value" && field.value.trim() && this.field("missing").value) this.takeBack();
    this.say("unsaved");
    this.later(wait);
  }

  isTooLong(name) {
    return countOver(this.field(name)) > 0;
  }

  /** A text too long stays as it is and is not sent: the rest of the line is saved without it. */
  sayLength(field) {
    const slot = this.slot(`over-${field.dataset.field}`);
    if (!slot) return;
    const over = countOver(field);
    const sentence = over > 0 ? this.words.tooLong.replace("{most}", field.dataset.limit).replace("{over}", over) : "";
    if (slot.textContent === sentence) return;
    slot.textContent = sentence;
    if (sentence) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }

  /** A reason for having no value covers what is in the cell, and uncovers it when it is taken back. */
  setAside(isMissing) {
    const value = this.field("value");
    if (isMissing) ["value", "qualifier"].forEach((name) => this.dirty.delete(name));
    else if (value.value.trim()) this.takeBack();
    this.element.classList.toggle("aside", isMissing && value.value.trim() !== "");
    if (this.element.classList.contains("aside")) this.page.told(this, "kept");
  }

  /** What is in the cell is reported again. */
  takeBack() {
    this.field("missing").value = "";
    this.element.classList.remove("aside");
    for (const name of ["value", "missing", "qualifier"]) if (this.field(name)) this.dirty.set(name, this.field(name).value);
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.sending || this.closed || this.dirty.size === 0) return;
    const sent = new Map([...this.dirty].filter(([name]) => !this.isTooLong(name)));
    if (sent.size === 0) return this.say("unsaved");
    const seen = this.seen;
    this.sending = true;
    this.say("saving");
    let response;
    try {
      response = await fetch(`${this.words.url}${this.element.dataset.line}/`, {
        method: "POST",
        headers: { "X-CSRFToken": token() },
        body: new URLSearchParams([...sent, ["seen", String(seen)]]),
        redirect: "manual",
      });
    } catch {
      this.sending = false;
      return this.retry(this.words.offline);
    }
    this.sending = false;
    const isWorded = response.headers.get("Content-Type")?.startsWith("application/json");
    if (response.type === "opaqueredirect" || (response.status === 403 && !isWorded)) return this.retry(this.words.signedOut, makeSignIn(this.words));
    if (response.status >= 500) return this.retry(this.words.offline);
    const answer = await response.json().catch(() => ({ message: `${this.words.unsaved}（${response.status}）` }));
    this.delay = RETRY_FIRST;
    if (response.ok) this.accept(sent, answer);
    // Leaving the cell for the button that chooses sends it once more as it was: the choice was made meanwhile.
    else if (response.status === 412 && this.seen !== seen) this.later(0);
    else if (response.status === 412) this.conflict(answer);
    else this.refuse(answer.message);
    if (response.status === 409) this.page.closed();
  }

  accept(sent, answer) {
    for (const [name, value] of sent) if (this.dirty.get(name) === value) this.dirty.delete(name);
    this.failed = false;
    this.seen = answer.version;
    this.problem("");
    this.show(answer);
    // A full-width or grouped number comes back plain, unless it is being typed again already.
    const field = this.field("value");
    const isTyped = document.activeElement === field && !this.written.has("value");
    if (sent.has("value") && !this.dirty.has("value") && !isTyped && answer.value !== undefined) field.value = answer.value;
    this.page.saved(answer);
    if ([...this.dirty.keys()].some((name) => !this.isTooLong(name))) this.later(0);
    else this.say(this.dirty.size ? "unsaved" : "saved");
  }

  show(answer) {
    for (const name of ["verdict", "findings", "other"]) {
      const slot = this.slot(name);
      if (slot && answer[name] !== undefined) slot.innerHTML = answer[name];
    }
    this.mark();
  }

  /** The cell is wrong while anything under it says so. */
  mark() {
    const value = this.field("value");
    if (this.element.querySelector(".msgs .msg.e") || this.isTooLong("value")) value.setAttribute("aria-invalid", "true");
    else value.removeAttribute("aria-invalid");
  }

  /** The server will not store what was typed: it stays in the cell, with the sentence under it. */
  refuse(message) {
    this.failed = true;
    // What was said of the value before is not true of this one.
    this.show({ findings: "", verdict: "", other: "" });
    this.problem(message);
    this.say("unsaved");
  }

  /** Not answered at all: nothing is wrong with what was typed; it stays, and is sent again by itself. */
  retry(message, link = "") {
    // What stands there already stays: said anew, its link would go from under the pointer that presses it.
    if (this.slot("problem").textContent !== message + (link.textContent ?? "")) this.problem(message, "w").append(link);
    this.say("unsaved");
    this.later(this.delay);
    this.delay = Math.min(this.delay * 2, RETRY_MOST);
  }

  /** The line was changed elsewhere: what is stored is shown beside what was typed, and the typist chooses. */
  conflict(answer) {
    const box = this.problem(`${answer.message}${this.words.stored}：${answer.stored || this.words.empty}　`);
    const choose = (label, action) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn small", textContent: label });
      button.addEventListener("click", action);
      box.append(button);
    };
    choose(this.words.mine, () => {
      this.seen = answer.version;
      this.save();
    });
    choose(this.words.take, () => {
      this.dirty.clear();
      this.seen = answer.version;
      for (const name of ["value", "missing", "qualifier", "note", "problems", "next_steps"]) {
        const field = this.field(name);
        if (!field) continue;
        field.value = answer[name];
        this.sayLength(field);
      }
      this.element.classList.toggle("aside", answer.missing !== "" && answer.value !== "");
      this.failed = false;
      this.problem("");
      this.show(answer);
      this.say("saved");
    });
    this.failed = true;
    this.say("unsaved");
  }

  problem(text, kind = "e") {
    const slot = this.slot("problem");
    slot.replaceChildren();
    if (!text) {
      this.mark();
      return null;
    }
    const message = Object.assign(document.createElement("p"), { className: `msg ${kind}`, textContent: text });
    message.setAttribute("role", "alert");
    slot.append(message);
    this.mark();
    return message;
  }

  /** Show only: fields can be read and copied from, not changed. */
  close(isClosed) {
    this.closed = isClosed;
    clearTimeout(this.timer);
    for (const field of this.element.querySelectorAll("[data-field]")) {
      if (field.tagName === "SELECT") field.disabled = isClosed;
      else field.readOnly = isClosed;
    }
    for (const field of this.element.querySelectorAll("[data-attach], [data-remove]")) field.disabled = isClosed;
  }

  say(state) {
    const mark = this.element.querySelector(".cell-state");
    mark.dataset.state = state;
    mark.textContent = this.words[state];
    this.page.told(this, state);
  }
}
