// What happens to every layer over time: small charts side by side with one line a layer, in colours
// from the first layer to the last. They are drawn on light canvases of their own, five at once a few
// times a second; the numbers of now, or of the moment under the pointer, stand above each. A layer
// can be singled out, which pales the others.

import { h, setText } from "./dom.js";
import { epochOf, percent } from "./format.js";
import { currentLanguage, t } from "./i18n.js";
import { layerName, number } from "./anatomy.js";
import { HEALTHY, power } from "./layer-bars.js";
import { layerColor } from "./palette.js";
import { SHARP, fit } from "./points.js";
import { line, spread } from "./traces.js";

/** hidden: not for the outputs; spread: drawn as a band around it. */
const CHARTS = [
  { id: "dead", key: "inside.dead_units", name: "layer_dead_ratio", hidden: true, share: true },
  { id: "saturated", key: "inside.saturated_units", name: "layer_saturation_ratio", hidden: true, share: true },
  { id: "gradient", key: "inside.gradient", name: "gradient_norm", log: true },
  { id: "update", key: "inside.update", name: "update_ratio", log: true, band: HEALTHY },
  { id: "output", key: "inside.activation", name: "layer_mean", hidden: true, spread: "layer_spread" },
];
const MARGIN = { left: 46, right: 26, top: 6, bottom: 18 };
/** Layers whose bands can be told apart; of more, only that of a layer that is singled out is drawn. */
const BANDS = 3;
/** Decades that a logarithmic axis shows at most. */
const DECADES = 12;
/** ms between two summaries for those who listen. */
const PAUSE = 2000;

/** What a chart's lines say, thinned, one a layer. */
export function linesOf(chart, history, hidden) {
  const { columns, layers, now } = history;
  const range = [0, Math.max(1, now.epoch)];
  const of = (name, layer) => line(columns.epoch, layers[name][layer] ?? [], now.epoch, now[name][layer], range);
  return Array.from({ length: hidden + (chart.hidden ? 0 : 1) }, (_, layer) => {
    const { x, y } = of(chart.name, layer);
    return { layer, x, y, around: chart.spread ? of(chart.spread, layer).y : null };
  });
}

/** The ends of the value axis: whole decades, shares from 0 to 1, or the values with a little room. */
export function valueRange(chart, lines) {
  if (chart.share) return [0, 1];
  let low = Infinity;
  let high = -Infinity;
  for (const { y, around } of lines) {
    y.forEach((value, at) => {
      if (value === null || (chart.log && value <= 0)) return;
      low = Math.min(low, value - (around?.[at] ?? 0));
      high = Math.max(high, value + (around?.[at] ?? 0));
    });
  }
  if (chart.band) [low, high] = [Math.min(low, chart.band[0]), Math.max(high, chart.band[1])];
  if (!Number.isFinite(low)) return chart.log ? [-3, 0] : [0, 1];
  if (!chart.log) return low === high ? [low - 1, high + 1] : [low - 0.05 * (high - low), high + 0.05 * (high - low)];
  const top = Math.ceil(Math.log10(high) + 1e-9);
  return [Math.min(top - 1, Math.max(Math.floor(Math.log10(low)), top - DECADES)), top];
}

/** Round values within a range, about three of them. */
function ticks(chart, [low, high]) {
  if (chart.share) return [0, 0.5, 1];
  const rough = (high - low) / 3;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = chart.log ? Math.max(1, Math.ceil(rough)) : unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) found.push(Math.abs(at) < step * 1e-6 ? 0 : at);
  return found;
}

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const written = (chart, value) => chart.share ? percent(value, 0)
  : chart.log ? `10${value < 0 ? "⁻" : ""}${[...String(Math.abs(Math.round(value)))].map((digit) => SUPERSCRIPT[digit]).join("")}`
    : String(Number(value.toPrecision(3))).replace("-", "−");

/** @param {any} store @param {any} loop */
export function createLayerLines(store, loop) {
  const legend = h("div", { class: "lines-legend", role: "group" });
  const grid = h("div", { class: "lines-grid" });
  const when = h("p", { class: "lines-when muted figure" });
  const root = h("div", { class: "layer-lines" }, h("div", { class: "lines-head" }, legend, when), grid);
  let charts = [];
  let built = "";
  /** The layer that is singled out, or null. */
  let single = null;
  /** The epoch under the pointer, or null for now. */
  let pointed = null;

  const hiddenLayers = () => store.experiment.panels[store.selectedIndex].hidden.length;
  const nameOf = (layer, hidden) => layerName({ layers: { length: hidden + 2 } }, layer + 1);

  function build(hidden) {
    single = null;
    legend.setAttribute("aria-label", t("inside.single_out"));
    legend.replaceChildren(...Array.from({ length: hidden + 1 }, (_, layer) => {
      const button = h("button", { type: "button", class: "lines-key", "aria-pressed": "false", title: t("inside.single_out") }, h("i", {}), nameOf(layer, hidden));
      button.addEventListener("click", () => {
        single = single === layer ? null : layer;
        [...legend.children].forEach((other, at) => other.setAttribute("aria-pressed", String(at === single)));
        job.now();
      });
      return button;
    }));
    charts = CHARTS.filter((chart) => hidden || !chart.hidden).map((chart) => {
      const canvas = h("canvas", { class: "lines-canvas", role: "img" });
      const values = Array.from({ length: hidden + (chart.hidden ? 0 : 1) }, (_, layer) => ({ key: h("i", {}), text: h("span", { class: "figure" }), layer }));
      const element = h("section", { class: "lines-chart", "data-chart": chart.id },
        h("h3", { title: t(`${chart.key}_help`) }, t(chart.key)),
        h("p", { class: "lines-values", "data-many": String(values.length > 4) }, values.map(({ key, text, layer }) => h("span", { title: nameOf(layer, hidden) }, key, h("span", { class: "visually-hidden" }, `${nameOf(layer, hidden)}: `), text))),
        canvas);
      canvas.addEventListener("pointermove", (event) => point(event, canvas));
      canvas.addEventListener("pointerleave", () => point(null));
      return { ...chart, canvas, values, element, told: -Infinity };
    });
    grid.replaceChildren(...charts.map(({ element }) => element));
    colour(hidden);
  }

  function colour(hidden) {
    const put = (element, layer) => element.style.setProperty("--line-color", layerColor(layer, hidden + 1));
    [...legend.children].forEach((button, layer) => put(button, layer));
    for (const { values } of charts) for (const { key, layer } of values) put(key.parentElement, layer);
  }

  function point(event, canvas) {
    const end = Math.max(1, store.history.get(store.selected)?.now?.epoch ?? 1);
    pointed = null;
    if (event) {
      const box = canvas.getBoundingClientRect();
      const share = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
      pointed = Math.max(0, Math.min(1, share)) * end;
    }
    job.now();
  }

  const job = loop.job(paint, () => (store.playing ? 250 : 0));

  function paint() {
    const history = store.history.get(store.selected);
    if (!history?.now || !root.clientWidth) return;
    const hidden = hiddenLayers();
    const key = `${currentLanguage()} ${store.selected} ${hidden}`;
    if (built !== key) {
      built = key;
      build(hidden);
    }
    let epoch = history.now.epoch;
    for (const chart of charts) {
      const lines = linesOf(chart, history, hidden);
      const { x } = lines[0];
      let at = x.length - 1;
      if (pointed !== null) for (at = 0; at < x.length - 1 && Math.abs(x[at + 1] - pointed) <= Math.abs(x[at] - pointed);) at++;
      epoch = x[at];
      for (const { text, layer, key: swatch } of chart.values) {
        setText(text, say(chart, lines[layer], at));
        swatch.parentElement.classList.toggle("pale", single !== null && single !== layer);
      }
      draw(chart, lines, at, x.at(-1), hidden);
      describe(chart, lines, hidden);
    }
    setText(when, t("inside.at_epoch", { epoch: epochOf(Math.floor(epoch)) }));
  }

  function say(chart, { y, around }, at) {
    const value = y[at] ?? NaN;
    if (chart.share) return percent(value, 0);
    return chart.log ? power(value) : `${number(value)} ± ${number(around[at] ?? NaN)}`;
  }

  function describe(chart, lines, hidden) {
    if (performance.now() - chart.told < PAUSE && store.playing) return;
    chart.told = performance.now();
    const values = lines.map((one) => `${nameOf(one.layer, hidden)} ${say(chart, one, one.x.length - 1)}`).join(", ");
    chart.canvas.setAttribute("aria-label", t("charts.summary", { name: t(chart.key), epoch: Math.floor(lines[0]?.x.at(-1) ?? 0), values }));
  }

  function draw(chart, lines, at, end, hidden) {
    const { canvas } = chart;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width < 80) return;
    const context = fit(canvas, width, height, SHARP);
    const style = getComputedStyle(root);
    const tone = (name) => style.getPropertyValue(name).trim();
    const [low, high] = valueRange(chart, lines);
    const plot = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
    const left = (epoch) => MARGIN.left + (plot.width * epoch) / Math.max(1, end);
    const top = (value) => MARGIN.top + plot.height * (1 - Math.max(0, Math.min(1, ((chart.log ? (value > 0 ? Math.log10(value) : -Infinity) : value) - low) / (high - low))));
    if (chart.band) {
      const [from, to] = chart.band.map(top);
      context.fillStyle = tone("--sunken");
      context.fillRect(MARGIN.left, to, plot.width, from - to);
    }
    context.font = `${Math.max(11, parseFloat(style.fontSize) * 0.72)}px ${tone("--font")}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.strokeStyle = tone("--line");
    context.fillStyle = tone("--muted");
    context.lineWidth = 1;
    for (const tick of ticks(chart, [low, high])) {
      const y = Math.round(top(chart.log ? 10 ** tick : tick)) + 0.5;
      context.beginPath();
      context.moveTo(MARGIN.left, y);
      context.lineTo(width - MARGIN.right, y);
      context.stroke();
      context.fillText(written(chart, tick), MARGIN.left - 5, y);
    }
    context.textBaseline = "alphabetic";
    context.textAlign = "left";
    context.fillText("0", MARGIN.left, height - 4);
    context.textAlign = "right";
    context.fillText(epochOf(Math.floor(end)), width - MARGIN.right, height - 4);
    const shown = single === null ? lines : [...lines.filter(({ layer }) => layer !== single), ...lines.filter(({ layer }) => layer === single)];
    for (const one of shown) {
      const color = layerColor(one.layer, hidden + 1);
      const pale = single !== null && single !== one.layer;
      if (one.around && (single === null ? lines.length <= BANDS : !pale)) paintBand(context, one, left, top, color, single === one.layer ? 0.25 : 0.1);
      context.globalAlpha = pale ? 0.2 : 1;
      context.strokeStyle = context.fillStyle = color;
      context.lineWidth = single === one.layer ? 2.6 : 1.8;
      trace(context, one, left, top);
    }
    context.globalAlpha = 1;
    if (pointed !== null) {
      context.strokeStyle = tone("--text");
      context.lineWidth = 1;
      context.beginPath();
      const x = Math.round(left(lines[0].x[at])) + 0.5;
      context.moveTo(x, MARGIN.top);
      context.lineTo(x, height - MARGIN.bottom);
      context.stroke();
    }
    // The layer's number at its line's end, moved apart where they would overlap.
    const ends = lines.filter(({ y }) => y.at(-1) !== null && y.at(-1) !== undefined);
    const places = spread(ends.map(({ y }) => top(y.at(-1))), 11, height - MARGIN.bottom + 4);
    context.textAlign = "left";
    context.textBaseline = "middle";
    ends.forEach(({ layer }, place) => {
      context.globalAlpha = single !== null && single !== layer ? 0.25 : 1;
      context.fillStyle = layerColor(layer, hidden + 1);
      context.fillText(layer === hidden ? t("charts.output_short") : String(layer + 1), width - MARGIN.right + 4, places[place]);
    });
    context.globalAlpha = 1;
  }

  function trace(context, { x, y }, left, top) {
    context.beginPath();
    let drawn = false;
    x.forEach((epoch, at) => {
      if (y[at] === null) drawn = false;
      else if (drawn) context.lineTo(left(epoch), top(y[at]));
      else {
        context.moveTo(left(epoch), top(y[at]));
        drawn = true;
      }
    });
    context.stroke();
    if (x.length === 1 && y[0] !== null) {
      context.beginPath();
      context.arc(left(x[0]), top(y[0]), 2.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  function paintBand(context, { x, y, around }, left, top, color, alpha) {
    const there = x.map((_, at) => at).filter((at) => y[at] !== null && around[at] !== null);
    context.beginPath();
    for (const at of there) context.lineTo(left(x[at]), top(y[at] + around[at]));
    for (const at of there.reverse()) context.lineTo(left(x[at]), top(y[at] - around[at]));
    context.closePath();
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.fill();
  }

  new ResizeObserver(() => job.now()).observe(grid);

  return {
    element: root,
    views: () => [],
    show: () => job.now(),
    draw: () => job.mark(),
    theme() {
      if (built) colour(hiddenLayers());
      job.now();
    },
  };
}
