"use strict";
// The chart of the overview: risk points and open findings, run by run.
(() => {
  const place = document.getElementById("trend");
  const trend = JSON.parse(place.dataset.trend);
  let chart = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function options(width) {
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    return {
      width: width,
      height: 230,
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_chart, low, high) => [low - 0.5, high + 0.5] },
        points: { range: (_chart, _low, high) => [0, Math.max(1, high * 1.15)] },
        open: { range: (_chart, _low, high) => [0, Math.max(1, high * 1.15)] },
      },
      axes: [
        { ...axis, grid: { show: false }, splits: () => trend.times.map((_time, index) => index), values: labels },
        { ...axis, scale: "points", size: 52 },
        { ...axis, scale: "open", side: 1, size: 46, grid: { show: false } },
      ],
      series: [
        { label: "Run", value: (_chart, index) => (index === null ? "–" : when(trend.times[index])) },
        { label: "Risk points", scale: "points", stroke: colour("--accent"), width: 2, fill: colour("--wash"), points: { show: true, size: 7, fill: colour("--accent") } },
        { label: "Open findings", scale: "open", stroke: colour("--quiet"), width: 2, dash: [5, 4], points: { show: true, size: 5 } },
      ],
    };
  }

  function when(seconds) {
    return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }

  function labels(_chart, splits) {
    const last = trend.times.length - 1;
    const step = Math.max(1, Math.ceil(trend.times.length / 4));
    const sameDay = new Date(trend.times[0] * 1000).toDateString() === new Date(trend.times[last] * 1000).toDateString();
    const form = sameDay ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric" };
    return splits.map((index) => {
      if ((last - index) % step) return "";
      return new Date(trend.times[index] * 1000).toLocaleString(undefined, form);
    });
  }

  function draw() {
    if (chart) chart.destroy();
    const index = trend.times.map((_time, number) => number);
    chart = new uPlot(options(place.clientWidth), [index, trend.points, trend.open], place);
  }

  draw();
  let pending = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => chart.setSize({ width: place.clientWidth, height: 230 }));
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
