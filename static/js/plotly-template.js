// The house's Plotly template: transparent, faint lines across and none along, the page scrolls through it on a phone.

const FONT = '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", sans-serif';
const AXIS = { linecolor: "#9aa6b1", tickcolor: "#9aa6b1", fixedrange: true, zeroline: false, tickfont: { color: "#45525f" } };

export const TEMPLATE = {
  layout: {
    font: { family: FONT, size: 12, color: "#14202c" },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    colorway: ["#1d4f7c", "#14705e", "#a36b00", "#6a4c93", "#b0281e", "#6b7680"],
    margin: { l: 52, r: 16, t: 28, b: 32 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: "#12324f", bordercolor: "#12324f", font: { color: "#fff", family: FONT } },
    dragmode: false,
    xaxis: { ...AXIS, showgrid: false, showline: true, ticks: "outside", ticklen: 4, tickangle: 0 },
    yaxis: { ...AXIS, gridcolor: "#eaedf0" },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
  },
};

export const CONFIG = { displayModeBar: false, responsive: true, locale: "zh-CN", displaylogo: false };
