// Keeps an open page true: asks for the number of the newest results each second while it is looked at,
// and when the number rises fetches the page again and swaps only the panels that differ.

const address = document.body.dataset.versionUrl;
let version = document.body.dataset.version;
const connection = document.querySelector("#connection");
const PAUSE = 1000;
const PAUSE_MOST = 30000;
let pause = PAUSE;
let etag = "";

async function poll() {
  if (document.hidden) return;
  const response = await fetch(address, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", redirect: "error" });
  connection.hidden = true;
  pause = PAUSE;
  if (response.status === 304 || !response.ok) return;
  etag = response.headers.get("ETag") ?? "";
  const answer = await response.json();
  if (answer.version === version) return;
  await refresh();
  version = answer.version;
}

/** Fetch this page and take over the panels whose digest changed; what is typed in or open stays. */
async function refresh() {
  const response = await fetch(location.href, { headers: { "X-Requested-With": "live" }, cache: "no-store", redirect: "error" });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const panel of document.querySelectorAll("[data-digest]")) {
    const next = fresh.getElementById(panel.id);
    if (!next || next.dataset.digest === panel.dataset.digest || panel.contains(document.activeElement)) continue;
    const open = new Set([...panel.querySelectorAll("details[open]")].map((d) => d.id).filter(Boolean));
    panel.replaceWith(next);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    next.dispatchEvent(new CustomEvent("panel:replaced", { bubbles: true }));
  }
}

async function loop() {
  try {
    await poll();
  } catch {
    // The server is away or asks to sign in again: say so, and try ever more rarely.
    connection.hidden = false;
    pause = Math.min(pause * 2, PAUSE_MOST);
  }
  setTimeout(loop, pause);
}

if (address) {
  setTimeout(loop, PAUSE);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll().catch(() => {});
  });
}
