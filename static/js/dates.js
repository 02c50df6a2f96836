// A calendar beside each date that is typed: the browser's own. What counts stays the text, which may be typed in any usual way.

for (const field of document.querySelectorAll("input[data-picker=date]")) addCalendar(field);

function addCalendar(field) {
  const picker = document.createElement("input");
  if (!picker.showPicker) return; // an old browser: the field does without
  picker.type = "date";
  picker.tabIndex = -1;
  picker.setAttribute("aria-hidden", "true");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "▦";
  button.setAttribute("aria-label", `${field.dataset.calendar}：${field.labels[0]?.firstChild.textContent.trim() ?? ""}`);
  button.addEventListener("click", () => {
    picker.value = /^\d{4}-\d{2}-\d{2}$/.test(field.value) ? field.value : "";
    picker.showPicker();
  });
  picker.addEventListener("change", () => {
    field.value = picker.value;
    field.focus();
  });
  const box = document.createElement("span");
  box.className = "dated";
  field.replaceWith(box);
  box.append(field, button, picker);
}
