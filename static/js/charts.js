// Draws every figure of the page from the spec the server built; the numbers are in the table under it as well.

import { CONFIG, TEMPLATE } from "./plotly-template.js";

// What a tick's label and the air beside it take, in pixels; and under which width labels must be few.
const TICK_CHARACTER = 8;
const TICK_AIR = 12;
const NARROW = 480;

async function draw(figure) {
  // Blocked or not arrived: the sentence in its place stays.
  if (!globalThis.Plotly) return;
  figure.replaceChildren();
  const { data, layout } = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const annotations = figure.clientWidth < NARROW ? onlyNewestTarget(layout.annotations) : layout.annotations;
  await globalThis.Plotly.newPlot(figure, data, { ...layout, annotations, template: TEMPLATE }, CONFIG);
  // Only now is it known how wide a year is: labels beside the last points take room of their own.
  const [low, high] = figure.layout.xaxis.range;
  const ticks = thin(layout.xaxis, figure.clientWidth - layout.margin.l - layout.margin.r, high - low);
  if (ticks) globalThis.Plotly.relayout(figure, ticks);
}

/** On a phone the labels of several targets would lie upon each other; their lines stay, and the table names all. */
function onlyNewestTarget(annotations) {
  const newest = annotations.findLast(({ name }) => name === "target");
  return annotations.filter((label) => label.name !== "target" || label === newest);
}

/** The server names each tick; of those that would run into each other only the later is shown, the newest always. */
function thin({ tickvals, ticktext }, width, span) {
  const kept = [];
  for (let at = tickvals.length - 1, edge = Infinity; at >= 0; at -= 1) {
    if ((edge - tickvals[at]) * (width / span) < ticktext[at].length * TICK_CHARACTER + TICK_AIR) continue;
    kept.unshift(at);
    edge = tickvals[at];
  }
  if (kept.length === tickvals.length) return null;
  return { "xaxis.tickvals": kept.map((at) => tickvals[at]), "xaxis.ticktext": kept.map((at) => ticktext[at]) };
}

function drawIn(root) {
  root.querySelectorAll("[data-chart]").forEach(draw);
}

drawIn(document);
// A panel that goes takes its figure with it: without this Plotly would go on resizing what nobody sees.
document.addEventListener("panel:leaving", (event) => event.target.querySelectorAll("[data-chart]").forEach(globalThis.Plotly.purge));
document.addEventListener("panel:replaced", (event) => drawIn(event.target));
