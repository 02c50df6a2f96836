// Draws every figure of the page from the spec the server built; the numbers are in the table under it as well.

const FONT = '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", sans-serif';
const AXIS = { linecolor: "#9aa6b1", tickcolor: "#9aa6b1", fixedrange: true, zeroline: false, tickfont: { color: "#45525f" } };

/** The house's template: transparent, no grid but faint lines across, the page scrolls through it on a phone. */
const TEMPLATE = {
  layout: {
    font: { family: FONT, size: 12, color: "#14202c" },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    colorway: ["#1d4f7c", "#14705e", "#a36b00", "#6a4c93", "#b0281e", "#6b7680"],
    margin: { l: 52, r: 16, t: 28, b: 32 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: "#12324f", bordercolor: "#12324f", font: { color: "#fff", family: FONT } },
    dragmode: false,
    xaxis: { ...AXIS, showgrid: false, showline: true, ticks: "outside", ticklen: 4 },
    yaxis: { ...AXIS, gridcolor: "#eaedf0" },
    legend: { orientation: "h", x: 0, y: 1.12 },
  },
};
const CONFIG = { displayModeBar: false, responsive: true, locale: "zh-CN", displaylogo: false };
const NARROW = 480;

function draw(figure) {
  const spec = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const layout = { ...spec.layout, template: TEMPLATE };
  if (figure.clientWidth < NARROW) layout.xaxis = { ...layout.xaxis, nticks: 5 };
  globalThis.Plotly.newPlot(figure, spec.data, layout, CONFIG);
}

function drawIn(root) {
  root.querySelectorAll("[data-chart]").forEach(draw);
}

drawIn(document);
document.addEventListener("panel:replaced", (event) => drawIn(event.target));
