// A formula is checked as it is typed: what is wrong with it, and what it would give, is fetched and shown under its field.
// Without this script the button 只核对，不保存 sends the form and the page answers the same.

const PAUSE = 350;

for (const box of document.querySelectorAll("[data-formula]")) watch(box, document.getElementById(box.dataset.formula));

function watch(box, field) {
  const form = field.form;
  const shown = box.querySelector("[data-shown]");
  const said = box.querySelector("[data-said]");
  const failed = box.querySelector("[data-failed]");
  let timer = 0;
  let asked = null;

  const askSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };

  async function ask() {
    clearTimeout(timer);
    asked?.abort();
    asked = new AbortController();
    const body = new FormData(form);
    body.set("preview", "1");
    body.set("fragment", "1");
    shown.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(location.href, { method: "POST", body: new URLSearchParams(body), signal: asked.signal, redirect: "error" });
      if (!response.ok) throw new Error(`${response.status}`);
      shown.innerHTML = await response.text();
      failed.hidden = true;
    } catch (error) {
      if (error.name === "AbortError") return; // a newer question is on its way
      failed.hidden = false;
    }
    shown.setAttribute("aria-busy", "false");
    tell();
  }

  /** Say it to who cannot see it, and let the buttons that need this script appear. */
  function tell() {
    const state = shown.querySelector("[data-state]");
    said.textContent = state?.dataset.say ?? "";
    if (state?.dataset.state === "bad") field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    for (const button of shown.querySelectorAll("button[hidden]")) button.hidden = false;
  }

  const place = (text) => {
    const [column, length] = text.split(",").map(Number);
    return [column - 1, column - 1 + length];
  };

  shown.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.select) {
      field.focus();
      field.setSelectionRange(...place(button.dataset.select));
    } else if (button?.dataset.put) {
      field.setRangeText(button.dataset.put, ...place(button.dataset.at), "end");
      field.focus();
      ask();
    }
  });

  form.addEventListener("submit", (event) => {
    if (event.submitter?.name !== "preview") return;
    event.preventDefault();
    ask();
  });
  field.addEventListener("input", askSoon);
  for (const name of (box.dataset.with ?? "").split(" ").filter(Boolean)) form.elements[name]?.addEventListener("input", askSoon);
  tell();
}
