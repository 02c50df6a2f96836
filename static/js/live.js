// Keeps an open page true: asks each second, while it is looked at, for the number that all it shows hangs on,
// and when the number changes fetches the page again and swaps only the panels that differ.

const address = document.body.dataset.versionUrl;
const connection = document.getElementById("connection");
const PAUSE = 1000;
const PAUSE_MOST = 30000;
let version = document.body.dataset.version;
let pause = PAUSE;
let etag = "";
let asking = false;

async function poll() {
  if (document.hidden || asking) return;
  asking = true;
  try {
    await ask();
  } finally {
    asking = false;
  }
}

async function ask() {
  const response = await fetch(address, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", redirect: "manual" });
  // The only place this address leads elsewhere is to the sign-in page.
  if (response.type === "opaqueredirect") return say("signed-out", PAUSE_MOST);
  if (response.status !== 304 && !response.ok) throw new Error(`${response.status}`);
  say("");
  if (response.status === 304) return;
  const answer = await response.json();
  sayPending(answer.pending);
  if (answer.version !== version) {
    await refresh();
    version = answer.version;
  }
  etag = response.headers.get("ETag") ?? "";
}

/** One sentence about the connection, or none; and how long to wait before asking again. */
function say(what, wait = PAUSE) {
  pause = wait;
  connection.hidden = what === "";
  for (const sentence of connection.querySelectorAll("[data-say]")) sentence.hidden = sentence.dataset.say !== what;
}

function sayPending(count) {
  const place = document.getElementById("recomputing");
  if (!place) return;
  place.hidden = count === 0;
  place.querySelector("b").textContent = count;
}

/** Fetch this page and take over the panels whose digest changed. */
async function refresh() {
  const response = await fetch(location.href, { cache: "no-store", redirect: "error" });
  if (!response.ok) throw new Error(`${response.status}`);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const panel of document.querySelectorAll("[data-digest]")) {
    const next = fresh.getElementById(panel.id);
    if (next && next.dataset.digest !== panel.dataset.digest && !isTypedIn(panel)) swap(panel, next);
  }
}

/** What somebody is typing is not taken from under their hands; the panel follows with the next change. */
function isTypedIn(panel) {
  return panel.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
}

/** Put the new panel in the old one's place: what was open stays open, what had the focus has it. */
function swap(panel, next) {
  const open = [...panel.querySelectorAll("details[open][id]")].map((details) => details.id);
  const focus = panel.contains(document.activeElement) ? describe(panel, document.activeElement) : null;
  panel.dispatchEvent(new CustomEvent("panel:leaving", { bubbles: true }));
  panel.replaceWith(next);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focus) find(next, focus)?.focus({ preventScroll: true });
  next.dispatchEvent(new CustomEvent("panel:replaced", { bubbles: true }));
}

const FOCUSABLE = "a[href], button, summary, [tabindex]";

function describe(panel, element) {
  return { href: element.getAttribute("href"), at: [...panel.querySelectorAll(FOCUSABLE)].indexOf(element) };
}

/** The same link if there still is one, else what stands in its place. */
function find(panel, { href, at }) {
  const all = [...panel.querySelectorAll(FOCUSABLE)];
  return (href && all.find((element) => element.getAttribute("href") === href)) || all[at];
}

async function loop() {
  try {
    await poll();
  } catch {
    // The server is away: say so, and try ever more rarely.
    say("away", Math.min(pause * 2, PAUSE_MOST));
  }
  setTimeout(loop, pause);
}

if (address) {
  setTimeout(loop, PAUSE);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll().catch(() => {});
  });
}
