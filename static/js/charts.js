// Draws every figure of the page from the spec the server built; the numbers are in the table under it as well.

import { CONFIG, TEMPLATE } from "./plotly-template.js";

const NARROW = 480;
const TICKS_NARROW = 5;

function draw(figure) {
  const spec = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const layout = { ...spec.layout, template: TEMPLATE };
  if (figure.clientWidth < NARROW) layout.xaxis = thin(layout.xaxis);
  globalThis.Plotly.newPlot(figure, spec.data, layout, CONFIG);
}

/** The server names each tick; a narrow figure shows every second or third, the last always. */
function thin(axis) {
  const { tickvals = [], ticktext = [] } = axis ?? {};
  const step = Math.ceil(tickvals.length / TICKS_NARROW);
  const kept = (_item, at) => (tickvals.length - 1 - at) % step === 0;
  return step > 1 ? { ...axis, tickvals: tickvals.filter(kept), ticktext: ticktext.filter(kept) } : axis;
}

function drawIn(root) {
  root.querySelectorAll("[data-chart]").forEach(draw);
}

drawIn(document);
// A panel that goes takes its figure with it: without this Plotly would go on resizing what nobody sees.
document.addEventListener("panel:leaving", (event) => event.target.querySelectorAll("[data-chart]").forEach(globalThis.Plotly.purge));
document.addEventListener("panel:replaced", (event) => drawIn(event.target));
