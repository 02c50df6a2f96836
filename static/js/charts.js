// Draws every figure of the page from the spec the server built; the numbers are in the table under it as well.

import { CONFIG, TEMPLATE } from "./plotly-template.js";

// What a tick's label and the air beside it take, in pixels.
const TICK_CHARACTER = 8;
const TICK_AIR = 12;
// How finely a line is followed to see whether it runs through a label, in pixels.
const STEP = 4;
// The air above and below a label's letters.
const PADDING = 3;

async function draw(figure) {
  // Blocked or not arrived: the sentence in its place stays.
  if (!globalThis.Plotly) return;
  figure.replaceChildren();
  const { data, layout } = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  await globalThis.Plotly.newPlot(figure, data, { ...layout, template: TEMPLATE }, CONFIG);
  // Only now is it known how wide a year is: labels beside the last points take room of their own.
  const [low, high] = figure.layout.xaxis.range;
  const ticks = thin(layout.xaxis, figure.clientWidth - layout.margin.l - layout.margin.r, high - low);
  const settled = { ...ticks, ...settle(figure, data, layout.annotations) };
  if (Object.keys(settled).length) await globalThis.Plotly.relayout(figure, settled);
}

/** A target's label that lies upon another one or on a line changes to the other side of its own line. Where that is taken too it
    goes: its line stays, and the table names all. Only the newest target's stays on a line rather than go. */
function settle(figure, data, labels) {
  const boxes = labels.map((_, at) => inset(figure.querySelector(`.annotation[data-index="${at}"]`).getBoundingClientRect()));
  const taken = boxes.filter((_, at) => labels[at].name !== "target");
  const points = followLines(figure, data);
  const isApart = (box) => !taken.some((one) => overlap(one, box));
  const isFree = (box) => isApart(box) && !points.some((point) => holds(box, point));
  const newest = labels.findLastIndex(({ name }) => name === "target");
  const changes = {};
  const crowded = [...labels.keys()].filter((at) => labels[at].name === "target" && !(isFree(boxes[at]) && taken.push(boxes[at])));
  for (const at of crowded) {
    const { x, y, width, height } = boxes[at];
    const isAbove = labels[at].yanchor === "bottom";
    const across = new DOMRect(x, y + (isAbove ? 1 : -1) * (height + 2 * PADDING), width, height);
    if (isFree(across)) {
      changes[`annotations[${at}].yanchor`] = isAbove ? "top" : "bottom";
      taken.push(across);
    } else if (at !== newest || !isApart(boxes[at])) changes[`annotations[${at}].visible`] = false;
  }
  return changes;
}

/** Points along what is drawn as a line, on the screen: values, targets and projections, but not the edges of bands. */
function followLines(figure, data) {
  return [...figure.querySelectorAll(".scatterlayer .trace")].filter((_, at) => !data[at].fill).flatMap((trace) =>
    [...trace.querySelectorAll("path.js-line")].flatMap((path) =>
      Array.from({ length: Math.ceil(path.getTotalLength() / STEP) }, (_, n) => path.getPointAtLength(n * STEP).matrixTransform(path.getScreenCTM())),
    ),
  );
}

/** The letters of a label without the air that Plotly puts around them. */
function inset({ x, y, width, height }) {
  return new DOMRect(x, y + PADDING, width, height - 2 * PADDING);
}

function overlap(one, two) {
  return one.left < two.right && two.left < one.right && one.top < two.bottom && two.top < one.bottom;
}

function holds({ left, right, top, bottom }, { x, y }) {
  return left <= x && x <= right && top <= y && y <= bottom;
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
