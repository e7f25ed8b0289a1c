// What a chart shows, worked out from the histories as plain data: lines thinned to what the
// screen can show, axis ranges that do not jitter, and a letter at each line's end, moved apart
// where they would overlap. Knows nothing of Plotly beyond the shape of its input, so that it can
// be tested without a browser.

import { ENDS } from "./frames.js";

/** Opacity of a band, as the end of a colour. */
const BAND = "33";
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const MOST = 260;
/** Up to so many panels, every line of each can be told apart. */
const FEW = 2;

/**
 * @typedef {{letter: string, title: string, color: string, history: import("./history.js").History, diverged: boolean, loss: string}} Shown
 * @typedef {{column?: string, key: string, dash: string, optional?: boolean, own?: boolean}} Series optional: only where there
 *   is anything above 0; own: of many panels, the selected one's alone
 * @typedef {{error: number|null, losses: Record<string, number>}} Bayes
 * @typedef {{id: string, key: string, series: Series[], log: boolean, fixed?: [number, number], share?: boolean, floor?: number, layers?: boolean,
 *   best?: (bayes: Bayes, loss: string) => number|null|undefined}} Chart best: the best possible value, drawn as a line
 */

/** The two parts between training and test. */
const between = (what) => [
  { column: `validation_${what}`, key: "numbers.validation", dash: "dashdot", optional: true, own: true },
  { column: `train_dev_${what}`, key: "numbers.train_dev", dash: "longdash", optional: true, own: true }];
/** How well the networks do: one chart for classes, another for values. @type {Record<string, Chart>} */
const QUALITY = {
  classes: { id: "accuracy", key: "charts.accuracy", log: false, share: true, best: ({ error }) => error === null ? null : 1 - error, series: [
    { column: "train_accuracy", key: "numbers.train", dash: "solid" }, { column: "test_accuracy", key: "numbers.test", dash: "dash" }, ...between("accuracy")] },
  values: { id: "r2", key: "charts.r2", log: false, floor: -1, series: [
    { column: "train_r2", key: "numbers.train", dash: "solid" }, { column: "test_r2", key: "numbers.test", dash: "dash" }] },
};

/** @param {boolean} values whether the points carry values @returns {Chart[]} */
export const chartsFor = (values) => [
  // Errors of values begin huge and fall over decades.
  { id: "loss", key: "charts.loss", log: values, best: ({ losses }, loss) => losses[loss], series: [
    { column: "train_loss", key: "numbers.train", dash: "solid" }, { column: "test_loss", key: "numbers.test", dash: "dash" },
    ...between("loss"), { column: "penalty", key: "charts.penalty", dash: "dot", optional: true }] },
  QUALITY[values ? "values" : "classes"],
  { id: "dead", key: "charts.dead", log: false, share: true, fixed: [0, 1.02], series: [{ column: "dead_ratio", key: "charts.dead_units", dash: "solid" }] },
  { id: "gradients", key: "charts.gradients", log: true, layers: true, series: [] },
];

/** The epochs on screen, those to come again included. @param {null|{range?: number[], share?: number}} zoom @param {Shown[]} shown */
function epochRange(zoom, shown) {
  const end = Math.max(1, ...shown.map(({ history }) => Math.max(history.now?.epoch ?? 0, history.columns.epoch.at(-1) ?? 0)));
  if (zoom?.range) return zoom.range;
  return zoom?.share ? [end * (1 - zoom.share), end] : [0, end];
}

/** One line's points within the range, thinned, with the newest value at its end. */
export function line(epochs, values, now, newest, [from, to]) {
  let first = 0;
  while (first < epochs.length - 1 && epochs[first + 1] < from) first++;
  let last = epochs.length;
  while (last > first + 1 && epochs[last - 2] > to) last--;
  const every = Math.max(1, Math.ceil((last - first) / MOST));
  const x = [];
  const y = [];
  // Counted from the start of the run, so that the same points stay while the line grows.
  for (let index = first; index < last; index++) {
    if (index % every && index !== first) continue;
    x.push(epochs[index]);
    y.push(values[index]);
  }
  if (now !== undefined && now <= to && (x.length === 0 || now > x.at(-1))) {
    x.push(now);
    y.push(newest);
  }
  return { x, y: y.map((value) => (Number.isFinite(value) ? value : null)) };
}

/** A line as it is up to an epoch, and what came after it. */
function parted({ x, y }, epoch, value) {
  let at = x.findIndex((each) => each > epoch);
  if (at < 0) at = x.length;
  const between = Number.isFinite(value) ? value : null;
  return [{ x: [...x.slice(0, at), epoch], y: [...y.slice(0, at), between] }, { x: [epoch, ...x.slice(at)], y: [between, ...y.slice(at)] }];
}

/** The two ends of the band of several seeds: what was, and what is now; null where there is one seed. */
function bandOf(read) {
  const [low, high] = ENDS.map(read);
  return low[0] && high[0] ? [low, high] : null;
}

/** Which lines a chart has. @param {Chart} chart @param {Shown[]} shown @param {string|number} layer */
function linesOf(chart, shown, layer, selected) {
  const list = [];
  shown.forEach((panel, index) => {
    const { columns, gradients, now } = panel.history;
    if (!chart.layers) {
      for (const { column, key, dash, optional, own } of chart.series) {
        if (own && shown.length > FEW && index !== selected) continue;
        if (optional && !columns[column].some((value) => value > 0) && !(now?.[column] > 0)) continue;
        const main = column.startsWith("test") || chart.series.length === 1;
        list.push({ panel, values: columns[column], newest: now?.[column], name: key, dash, main, ends: main && bandOf((end) => [columns[`${column}_${end}`], now?.[`${column}_${end}`]]) });
      }
      return;
    }
    const depth = (now?.gradient_norm ?? []).filter((value) => Number.isFinite(value)).length || gradients.length;
    const wanted = layer === "all" ? (index === selected ? [...Array(depth).keys()] : []) : [layer === "output" ? depth - 1 : layer];
    for (const at of wanted) {
      if (at < 0 || at >= depth) continue;
      list.push({ panel, values: gradients[at] ?? [], newest: now?.gradient_norm[at], ends: layer !== "all" && bandOf((end) => [panel.history.gradientBand[end][at], now?.[`gradient_norm_${end}`]?.[at]]), layer: at, output: at === depth - 1, dash: layer === "all" ? DASHES[at % DASHES.length] : "solid", main: true });
    }
  });
  return list;
}

/** Lines at the best possible values: one for all panels if they share it. */
function bestLines(chart, shown, bayes, lines, range) {
  if (!chart.best || !bayes || !lines.length) return [];
  const groups = new Map();
  for (const panel of shown) {
    const value = chart.best(bayes, panel.loss);
    if (!Number.isFinite(value)) continue;
    if (!groups.has(value)) groups.set(value, []);
    groups.get(value).push(panel);
  }
  const x = [...new Set([range[0], ...lines[0].x, range[1]])];
  return [...groups].map(([value, panels]) => ({
    best: true, panel: panels[0], letters: panels.length < shown.length ? panels.map(({ letter }) => letter).join(" ") : "",
    name: "charts.best", dash: "1px,3px", x, y: x.map(() => value), newest: value, main: false }));
}

export const nice = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].find((step) => step * power >= value * 0.999) * power;
};

/** How far below its lines a logarithmic axis goes to show what is best possible. */
const DEPTH = 30;

function valueRange(chart, log, lines, best) {
  if (chart.fixed && !log) return chart.fixed;
  let calm = lines.filter(({ panel }) => !panel.diverged);
  if (!calm.length) calm = lines;
  let low = Infinity;
  let high = -Infinity;
  for (const { y, low: bottom, high: top } of calm) {
    for (const value of [...y, ...(bottom ?? []), ...(top ?? [])]) {
      if (value === null || (log && value <= 0)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (!Number.isFinite(low)) return log ? [-3, 0] : [0, 1];
  if (log) {
    for (const { newest } of best) if (newest > low / DEPTH) low = Math.min(low, newest * 0.9);
    const floor = Math.max(Math.floor(Math.log10(low) * 2) / 2, Math.log10(high) - 12);
    return [floor, Math.max(Math.ceil(Math.log10(high) * 2 + 0.01) / 2, floor + 0.5)];
  }
  if (chart.floor !== undefined) return [Math.max(chart.floor, Math.min(0.8, Math.floor(low * 10 - 0.2) / 10)), 1.01];
  if (chart.share) return [Math.max(0, Math.min(0.9, Math.floor(low * 10 - 0.2) / 10)), 1.01];
  return [0, nice(Math.max(high * 1.02, 1e-3))];
}

/** Moves labels apart: positions in pixels, sorted, at least `gap` between them, within [0, size]. */
export function spread(positions, gap, size) {
  const order = positions.map((_, index) => index).sort((a, b) => positions[a] - positions[b]);
  const out = positions.slice();
  let previous = -Infinity;
  for (const index of order) {
    out[index] = Math.max(out[index], previous + gap);
    previous = out[index];
  }
  let next = size;
  for (const index of order.reverse()) {
    out[index] = Math.min(out[index], next);
    next = out[index] - gap;
  }
  return out;
}

/**
 * @param {Chart} chart @param {Shown[]} shown
 * @param {{log: boolean, zoom: any, cursor: number|null, layer: string|number, selected: number, height: number, bayes: Bayes|null, ink: string,
 *   words: (key: string, values?: any) => string}} options
 */
export function buildChart(chart, shown, { log, zoom, cursor, layer, selected, height, bayes, ink, words }) {
  const range = epochRange(zoom, shown);
  const lines = linesOf(chart, shown, layer, selected).map((one) => {
    const { columns, now } = one.panel.history;
    const course = (values, newest) => line(columns.epoch, values, now?.epoch, newest, range);
    const [low, high] = one.ends ? one.ends.map(([values, newest]) => course(values, newest).y) : [];
    return { ...one, ...course(one.values, one.newest), low, high };
  });
  const layerName = (one) => (one.output ? words("charts.output") : words("charts.layer", { number: one.layer + 1 }));
  const label = (one) => one.best ? [one.letters, words(one.name)].filter(Boolean).join(" ") : `${shown.length > 1 ? `${one.panel.letter} ` : ""}${one.layer === undefined ? words(one.name) : layerName(one)}`;
  const best = bestLines(chart, shown, bayes, lines, range);
  const yRange = valueRange(chart, log, lines, best);
  const hovered = chart.share ? ".1%" : chart.floor === undefined ? ".3~g" : ".3f";
  const bands = lines.filter(({ low }) => low).map((one) => area(one, log, yRange));
  // Of an earlier moment the rest of the run is shown paler, and says nothing under the pointer.
  const rest = cursor === null ? [] : lines.map((one) => ({ ...one, ...parted(one, cursor, one.newest)[1], later: true }));
  const until = cursor === null ? lines : lines.map((one) => ({ ...one, ...parted(one, cursor, one.newest)[0] }));
  const traces = [...best, ...rest, ...until].map((one) => {
    const color = one.best && !one.letters ? ink : one.panel.color;
    const between = one.low && cursor === null && { customdata: one.low.map((value, at) => [value, one.high[at]]) };
    return {
      ...(one.later ? { opacity: 0.35, hoverinfo: "skip" } : {}),
      ...between,
      type: "scatter", mode: one.x.length === 1 ? "markers" : "lines", x: one.x, y: one.y,
      line: { color, width: one.main ? 2 : one.best ? 1.6 : 1.3, dash: one.dash, simplify: true }, marker: { color, size: 5 },
      name: label(one), hovertemplate: one.later ? undefined : `${label(one)} %{y:${hovered}}${between ? ` (%{customdata[0]:${hovered}} – %{customdata[1]:${hovered}})` : ""}<extra></extra>`, connectgaps: false, showlegend: false,
    };
  });
  return { traces: [...bands, ...traces], lines: [...lines, ...best], cursor, range, yRange, labels: endLabels(until, chart, shown, layer, log, yRange, height, words), label };
}

/** The band of several seeds, as an area in the line's colour. What a logarithmic axis cannot show ends at its foot. */
function area({ panel, x, low, high }, log, [foot]) {
  const least = log ? 10 ** foot : -Infinity;
  const known = x.map((_, at) => at).filter((at) => low[at] !== null && high[at] !== null);
  const there = (values) => known.map((at) => Math.max(least, values[at]));
  const places = known.map((at) => x[at]);
  return {
    type: "scatter", mode: "lines", x: [...places, ...places.slice().reverse()], y: [...there(high), ...there(low).reverse()],
    fill: "toself", fillcolor: `${panel.color}${BAND}`, line: { width: 0, color: panel.color }, hoverinfo: "skip", showlegend: false, name: "",
  };
}

function endLabels(lines, chart, shown, layer, log, [low, high], height, words) {
  const byLayer = chart.layers && layer === "all";
  if (shown.length < 2 && !byLayer) return [];
  const ends = [];
  for (const one of lines) {
    if (!one.main) continue;
    let value = one.y.at(-1);
    if (value === null || value === undefined || (log && value <= 0)) continue;
    if (log) value = Math.log10(value);
    const at = Math.min(Math.max((value - low) / (high - low), 0), 1);
    ends.push({ text: byLayer ? (one.output ? words("charts.output_short") : String(one.layer + 1)) : one.panel.letter, color: one.panel.color, y: (1 - at) * height });
  }
  const placed = spread(ends.map((end) => end.y), 12, height);
  return ends.map((end, index) => ({ ...end, y: 1 - placed[index] / height }));
}
