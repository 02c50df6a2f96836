// Files on the lines of a return: attached as soon as they are chosen, taken away after a second press.

import { token } from "./entry-row.js";

/** Listen in `grid`; `changed()` is called when the files of a line have changed. */
export function watchEvidence(grid, words, changed) {
  grid.addEventListener("change", async (event) => {
    const { attach } = event.target.dataset;
    const file = event.target.files?.[0];
    if (!attach || !file) return;
    const place = event.target.closest(".attach");
    const body = new FormData();
    body.append("file", file);
    body.append("title", place.querySelector("[data-title]").value);
    const isDone = await send(place, attach, body);
    event.target.value = "";
    if (isDone) place.querySelector("[data-title]").value = "";
  });

  grid.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    if (!button.dataset.sure) {
      button.dataset.sure = "1";
      button.firstChild.textContent = words.sure;
      return;
    }
    const place = button.closest(".attach");
    if (await send(place, button.dataset.remove, new FormData())) place.querySelector("summary").focus();
  });

  async function send(place, address, body) {
    say(place, words.sending, "");
    let answer;
    try {
      const response = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token(), Accept: "application/json" }, body, redirect: "error" });
      answer = await response.json();
      if (!response.ok) return say(place, answer.message, "e");
    } catch {
      return say(place, words.notSent, "e");
    }
    place.querySelector("[data-slot=evidence]").innerHTML = answer.evidence;
    place.querySelector("[data-slot=count]").textContent = answer.count;
    say(place, words.done, "");
    changed();
    return true;
  }

  function say(place, text, kind) {
    const slot = place.querySelector("[data-slot=attached]");
    slot.textContent = text;
    slot.className = `msg ${kind}`;
    return false;
  }
}
