// The what-if page without a reload: a slider and a field say the same, and what comes of them is fetched as they move.
// Without this script the form is sent by its button and answers the same.

const form = document.getElementById("what-if");
const result = document.getElementById("result");
const said = document.getElementById("what-if-said");
const failed = document.getElementById("what-if-failed");
const PAUSE = 180;
let timer = 0;
let asked = null;

/** Only what differs from the record is asked for, so the address stays short and says what was changed. */
function makeQuery() {
  const query = new URLSearchParams();
  for (const name of ["framework", "year", "area"]) query.set(name, form.elements[name].value);
  for (const input of form.querySelectorAll("input[name]")) {
    if (input.value.trim() !== "" && input.value !== input.dataset.actual) query.set(input.name, input.value);
  }
  return query;
}

function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const query = makeQuery();
  result.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`${form.dataset.fragment}?${query}&fragment`, { signal: asked.signal, cache: "no-store", redirect: "error" });
    if (!response.ok) throw new Error(`${response.status}`);
    result.innerHTML = await response.text();
    said.textContent = result.querySelector("[data-say]")?.dataset.say ?? "";
    history.replaceState(null, "", `?${query}`);
    failed.hidden = true;
  } catch (error) {
    if (error.name === "AbortError") return; // a newer question is on its way
    failed.hidden = false;
  }
  result.setAttribute("aria-busy", "false");
}

function show(input) {
  const dial = input.closest(".dial");
  const isNumber = /^\s*[+-]?\d+(\.\d+)?\s*$/.test(input.value);
  dial.classList.toggle("changed", input.value.trim() !== "" && input.value !== input.dataset.actual);
  dial.classList.toggle("bad", input.value.trim() !== "" && !isNumber);
  input.toggleAttribute("aria-invalid", false);
  if (input.value.trim() !== "" && !isNumber) input.setAttribute("aria-invalid", "true");
  const slider = form.querySelector(`[data-for="${input.id}"]`);
  if (isNumber) slider.value = input.value;
}

function reset() {
  for (const input of form.querySelectorAll(".dial input[name]")) {
    input.value = input.dataset.actual;
    show(input);
  }
  for (const hidden of form.querySelectorAll("[data-other]")) hidden.remove();
  ask();
}

if (form) {
  for (const slider of form.querySelectorAll('input[type="range"]')) {
    slider.hidden = false;
    slider.addEventListener("input", () => {
      const input = document.getElementById(slider.dataset.for);
      input.value = slider.value;
      show(input);
      askSoon();
    });
  }
  form.addEventListener("input", (event) => {
    if (!event.target.matches(".dial input[name]")) return;
    show(event.target);
    askSoon();
  });
  // Another framework, year or province is another page: its dials are other ones.
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => location.assign(`?${makeQuery()}`));
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = document.getElementById(event.submitter?.dataset.set ?? "");
    if (field) {
      field.value = event.submitter.value;
      show(field);
    }
    ask();
  });
  form.querySelector("[data-reset]").addEventListener("click", (event) => {
    event.preventDefault();
    reset();
  });
}
