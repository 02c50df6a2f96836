// Draws every figure of the page from the spec the server built; the numbers are in the table under it as well.

import { CONFIG, TEMPLATE } from "./plotly-template.js";

// What a tick's label and the air beside it take, and the margins beside the axis, in pixels.
const TICK_CHARACTER = 8;
const TICK_AIR = 12;
const MARGINS = 84;

function draw(figure) {
  const spec = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const layout = { ...spec.layout, xaxis: thin(spec.layout.xaxis, figure.clientWidth - MARGINS), template: TEMPLATE };
  globalThis.Plotly.newPlot(figure, spec.data, layout, CONFIG);
}

/** The server names each tick; of those that would run into each other only the later is shown, the newest always. */
function thin(axis, width) {
  const { tickvals = [], ticktext = [] } = axis ?? {};
  const scale = width / (tickvals.at(-1) - tickvals[0] || 1);
  const kept = [];
  for (let at = tickvals.length - 1, edge = Infinity; at >= 0; at -= 1) {
    if ((edge - tickvals[at]) * scale < ticktext[at].length * TICK_CHARACTER + TICK_AIR) continue;
    kept.unshift(at);
    edge = tickvals[at];
  }
  return { ...axis, tickvals: kept.map((at) => tickvals[at]), ticktext: kept.map((at) => ticktext[at]) };
}

function drawIn(root) {
  root.querySelectorAll("[data-chart]").forEach(draw);
}

drawIn(document);
// A panel that goes takes its figure with it: without this Plotly would go on resizing what nobody sees.
document.addEventListener("panel:leaving", (event) => event.target.querySelectorAll("[data-chart]").forEach(globalThis.Plotly.purge));
document.addEventListener("panel:replaced", (event) => drawIn(event.target));
