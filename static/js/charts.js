// The charts below the panels drawn by Plotly. Plotly is loaded after the
// first boundary is on screen, since it takes a second to start, and where a chart comes into
// sight, which on a phone may be never; each chart is redrawn a few times
// a second at most, in turn with the others. Beside the picture, which assistive technology
// skips, stand a summary in words, the numbers as a table, and a CSV file.

import { h, icon, setText } from "./dom.js";
import { saveFile } from "./files.js";
import { epochOf, figure, percent } from "./format.js";
import { ENDS } from "./frames.js";
import { currentLanguage, hasText, t } from "./i18n.js";
import { createFlags } from "./flags.js";
import { LETTERS, panelColor } from "./palette.js";
import { CLEAR, CONFIG, loadPlotly } from "./plotly.js";
import { buildChart, chartsFor } from "./traces.js";

/** In units of the font size, which follows the screen. */
const MARGIN = { l: 4.1, r: 2.6, t: 0.7, b: 2.3 };
/** ms between two texts for those who listen. */
const PAUSE = 2000;

/** @param {(epoch: number) => void} visit goes to a moment of the run */
export function createCharts(store, loop, visit) {
  const root = document.getElementById("charts");
  let plotly = null;
  let wanted = false;
  let loading = false;
  let zoom = null;
  let charts = [];
  /** Whether these are the charts of values (regression). */
  let ofValues = false;

  function build() {
    for (const chart of charts) {
      chart.job.drop();
      chart.sizes.disconnect();
      chart.sight.disconnect();
      if (plotly && chart.plot.data) plotly.purge(chart.plot);
    }
    ofValues = store.data?.classes === 0;
    charts = chartsFor(ofValues).map(makeChart);
    root.replaceChildren(...charts.map((chart) => chart.element));
  }

  function makeChart(spec, index) {
    const kept = charts[index]?.spec.id === spec.id ? charts[index] : null;
    const chart = { spec, log: kept?.chosen ? kept.log : spec.log, chosen: kept?.chosen ?? false, layer: kept?.layer ?? null, seen: false, cost: 8, summarized: -Infinity };
    const title = t(spec.key);
    chart.plot = h("div", { class: "plot", "aria-hidden": "true" });
    chart.picture = h("div", { class: "chart-picture", role: "img", "aria-label": title }, chart.plot);
    chart.flags = createFlags(store, index === 0, visit);
    chart.note = h("p", { class: "chart-note muted" }, t("charts.loading"));
    chart.table = h("div", { class: "chart-table", tabindex: "0", role: "region", "aria-label": t("charts.table_of", { name: title }) });
    chart.details = h("details", { class: "chart-details" }, h("summary", { title: t("charts.table"), "aria-label": t("charts.table_of", { name: title }) }, icon("i-table")), chart.table);
    chart.details.addEventListener("toggle", () => chart.job.now());
    const button = (key, glyph, action) => h("button", { type: "button", class: "mini", title: t(key), "aria-label": `${title}: ${t(key)}`, onclick: action }, icon(glyph));
    chart.logButton = h("button", { type: "button", class: "mini toggle", "aria-pressed": String(chart.log), title: t("charts.log_help"), "aria-label": `${title}: ${t("charts.log_help")}`,
      onclick: () => {
        chart.log = !chart.log;
        chart.chosen = true;
        chart.logButton.setAttribute("aria-pressed", String(chart.log));
        chart.job.now();
      } }, t("charts.log"));
    chart.zoomButton = button("charts.late", "i-late", () => look(zoom ? null : { share: 1 / 3 }));
    const named = [...spec.series, ...(spec.best ? [{ key: "charts.best", dash: "fine" }] : [])];
    const keys = [...(named.length > 1 ? named : []), { key: "seeds.band", dash: "area" }];
    chart.legend = h("span", { class: "chart-legend" }, keys.map(({ key, dash }) => h("span", { class: `key ${dash}`, "data-key": key, title: t(key) }, t(hasText(`${key}_short`) ? `${key}_short` : key))));
    chart.logButton.hidden = spec.floor !== undefined;
    if (spec.layers) {
      chart.select = h("select", { class: "layer-select", "aria-label": t("charts.which_layer") });
      chart.select.addEventListener("change", () => {
        chart.layer = Number.isNaN(Number(chart.select.value)) ? chart.select.value : Number(chart.select.value);
        chart.job.now();
      });
    }
    chart.element = h("article", { class: "chart", "data-chart": spec.id },
      h("header", { class: "chart-head" }, h("h2", {}, title), chart.select ?? chart.legend,
        h("span", { class: "chart-tools" }, chart.logButton, chart.zoomButton, button("charts.csv", "i-down", () => download(spec)), chart.details)),
      h("div", { class: "chart-stage" }, chart.picture, chart.flags.element), chart.note);
    chart.job = loop.job(() => paint(chart), () => Math.max(280, chart.cost * 34));
    chart.sizes = new ResizeObserver(() => chart.job.now());
    chart.sizes.observe(chart.picture);
    chart.sight = new IntersectionObserver((entries) => {
      chart.seen = entries.at(-1).isIntersecting;
      if (!chart.seen) return;
      fetchPlotly();
      chart.job.mark();
    });
    if (wanted) chart.sight.observe(chart.element);
    return chart;
  }

  function look(next) {
    zoom = next;
    for (const chart of charts) chart.job.now();
  }

  /** The one zoom button offers the way back while only a part is shown. */
  function showZoom(chart) {
    const key = zoom ? "charts.whole" : "charts.late";
    if (chart.zoomButton.dataset.shows === key) return;
    chart.zoomButton.dataset.shows = key;
    chart.zoomButton.title = t(key);
    chart.zoomButton.setAttribute("aria-label", `${t(chart.spec.key)}: ${t(key)}`);
    chart.zoomButton.classList.toggle("on", Boolean(zoom));
    chart.zoomButton.replaceChildren(icon(zoom ? "i-whole" : "i-late"));
  }

  const shownPanels = () => store.panels.map((panel, index) => ({
    letter: LETTERS[index], title: "", color: panelColor(index), history: store.history.get(panel.id), diverged: store.diverged.has(panel.id), loss: panel.loss }));

  /** The choices of the per-layer chart: one panel's layers together, or one layer of all panels. */
  function updateLayers(chart, shown) {
    const depth = Math.max(1, ...shown.map(({ history }) => history.gradients.length || history.now?.gradient_norm.length || 1));
    const letter = LETTERS[store.selectedIndex];
    const key = `${depth} ${shown.length} ${letter} ${currentLanguage()}`;
    if (chart.layersShown !== key) {
      chart.layersShown = key;
      const options = [["all", shown.length > 1 ? t("charts.all_layers_of", { letter }) : t("charts.all_layers")]];
      for (let layer = 0; layer < depth - 1; layer++) options.push([layer, t("charts.layer", { number: layer + 1 })]);
      options.push(["output", t("charts.output")]);
      chart.select.replaceChildren(...options.map(([value, text]) => h("option", { value: String(value) }, text)));
    }
    let layer = chart.layer;
    if (layer === null || (typeof layer === "number" && layer >= depth - 1)) layer = shown.length > 1 ? (depth > 1 ? 0 : "output") : "all";
    chart.select.value = String(layer);
    return layer;
  }

  function paint(chart) {
    if (!store.frame || (!chart.seen && chart.later)) return;
    const shown = shownPanels();
    if (shown.some(({ history }) => !history?.now)) return;
    const layer = chart.select ? updateLayers(chart, shown) : "all";
    const size = fontSize();
    const width = chart.picture.clientWidth;
    const height = chart.picture.clientHeight;
    const built = buildChart(chart.spec, shown, { log: chart.log, zoom, cursor: store.timeline.past ? shown[0].history.now.epoch : null, layer, selected: store.selectedIndex, bayes: store.bayes, ink: getComputedStyle(document.documentElement).getPropertyValue("--text").trim(), height: Math.max(20, height - (MARGIN.t + MARGIN.b) * size), words: t });
    describe(chart, built);
    for (const key of chart.legend.children) key.hidden = !built.lines.some((one) => (key.classList.contains("area") ? one.low : one.name === key.dataset.key));
    if (chart.details.open) fillTable(chart, built);
    showZoom(chart);
    if (!chart.seen || !plotly || width < 40 || height < 40) return;
    chart.note.hidden = true;
    const side = (name) => MARGIN[name] * size;
    chart.flags.place(built.range, { left: side("l"), width: width - side("l") - side("r"), top: 0, height: height - side("b") });
    const started = performance.now();
    plotly.react(chart.plot, built.traces, layout(chart, built, width, height, size), CONFIG);
    chart.cost = chart.cost * 0.7 + (performance.now() - started) * 0.3;
    if (!chart.wired) wire(chart);
  }

  const fontSize = () => Math.max(11, parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.72);

  function layout(chart, { cursor, range, yRange, labels, lines }, width, height, size) {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const axis = { gridcolor: color("--line"), zeroline: false, linecolor: color("--line"), tickfont: { size, color: color("--muted") }, fixedrange: true, automargin: false, tickcolor: color("--line") };
    return {
      width, height, margin: Object.fromEntries(Object.entries(MARGIN).map(([side, units]) => [side, units * size])), paper_bgcolor: CLEAR, plot_bgcolor: CLEAR, showlegend: false, uirevision: "keep",
      font: { family: style.getPropertyValue("--font"), size, color: color("--text") },
      hovermode: lines.length <= Math.min(8, (height - 3 * size) / (1.7 * size)) ? "x unified" : "closest", dragmode: "zoom", hoverdistance: 30,
      hoverlabel: { bgcolor: color("--surface"), bordercolor: color("--line-strong"), font: { size, color: color("--text") } },
      xaxis: { ...axis, range, fixedrange: false, nticks: Math.max(3, Math.round(width / 90)), hoverformat: ".6~g" },
      yaxis: { ...axis, range: yRange, type: chart.log ? "log" : "-", nticks: Math.max(4, Math.round(height / 36)),
        dtick: chart.log ? (yRange[1] - yRange[0] > 1.4 ? Math.ceil((yRange[1] - yRange[0]) / 5) : undefined) : chart.spec.fixed ? 0.5 : undefined,
        tickformat: chart.spec.share ? ".0%" : undefined, exponentformat: "power" },
      shapes: cursor === null ? [] : [{ type: "line", xref: "x", yref: "paper", x0: cursor, x1: cursor, y0: 0, y1: 1, line: { color: color("--text"), width: 1.5 } }],
      annotations: [{ text: t("charts.epoch"), xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "right", yanchor: "top", xshift: -0.4 * size, yshift: -0.45 * size, showarrow: false, font: { size, color: color("--muted") } },
        ...labels.map(({ text, color: ink, y }) => ({ text: `<b>${text}</b>`, xref: "paper", yref: "paper", x: 1, y, xanchor: "left", yanchor: "middle", showarrow: false, xshift: 2, font: { size: size + 1, color: ink } }))],
    };
  }

  function wire(chart) {
    chart.wired = true;
    chart.plot.on("plotly_relayout", (change) => {
      const from = change["xaxis.range[0]"];
      if (from !== undefined) look({ range: [Math.max(0, from), change["xaxis.range[1]"]] });
    });
    chart.plot.on("plotly_doubleclick", () => look(null));
  }

  const show = (chart, value) => (chart.spec.share ? percent(value) : figure(value));

  /** Whether it is time for a chart's words; a chart out of sight has nothing else to do. */
  const tells = (chart) => performance.now() - chart.summarized >= PAUSE;

  /** What the chart says, in words, for those who do not see it. */
  function describe(chart, { lines, label }) {
    if (!tells(chart)) {
      chart.later ??= setTimeout(() => {
        chart.later = null;
        chart.job.mark();
      }, PAUSE);
      return;
    }
    chart.summarized = performance.now();
    const epoch = Math.floor(lines[0]?.panel.history.now.epoch ?? 0);
    const parts = lines.map((one) => `${label(one)} ${show(chart, one.newest)}${one.low ? ` (${t("seeds.range", { low: show(chart, one.low.at(-1) ?? NaN), high: show(chart, one.high.at(-1) ?? NaN) })})` : ""}`);
    chart.picture.setAttribute("aria-label", t("charts.summary", { name: t(chart.spec.key), epoch, values: parts.join(", ") }));
  }

  function fillTable(chart, { lines, label }) {
    const epochs = lines[0]?.x ?? [];
    const columns = Math.min(5, epochs.length);
    const picks = [...Array(columns).keys()].map((index) => Math.round((index * (epochs.length - 1)) / Math.max(1, columns - 1))).reverse();
    const rows = lines.flatMap((one) => [[label(one), one.x, one.y], ...(one.low ? [[t("seeds.low_of", { name: label(one) }), one.x, one.low], [t("seeds.high_of", { name: label(one) }), one.x, one.high]] : [])]);
    const at = (x, y, pick) => y[x.indexOf(epochs[pick])] ?? NaN;
    const flags = chart.flags.list();
    chart.table.replaceChildren(...(flags.length ? [h("h3", {}, t("flags.heading")), h("ul", { class: "flag-list" }, flags.map((flag) => h("li", {}, chart.flags.line(flag))))] : []), h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("charts.epoch")), picks.map((pick) => h("th", { scope: "col", class: "figure" }, epochOf(epochs[pick]))))),
      h("tbody", {}, rows.map(([name, x, y]) => h("tr", {}, h("th", { scope: "row" }, name), picks.map((pick) => h("td", { class: "figure" }, show(chart, at(x, y, pick)))))))));
  }

  function download(spec) {
    const rows = [];
    shownPanels().forEach(({ letter, history }) => {
      const { columns: known, gradients, gradientBand } = history;
      const depth = gradients.length;
      const layerName = (layer) => `gradient_norm_${layer === depth - 1 ? "output" : layer + 1}`;
      const columns = spec.layers ? [...Array(depth).keys()].flatMap((layer) => [[layerName(layer), gradients[layer]], ...ENDS.map((end) => [`${layerName(layer)}_${end}`, gradientBand[end][layer]])])
        : spec.series.flatMap(({ column, optional }) => [[column, known[column], optional], ...ENDS.map((end) => [`${column}_${end}`, known[`${column}_${end}`]])]);
      for (const [name, values, optional] of columns) {
        if (!values || (optional && !values.some((value) => value > 0))) continue;
        values.forEach((value, index) => rows.push([letter, known.epoch[index], name, Number.isFinite(value) ? value : ""]));
      }
    });
    const text = `panel,epoch,series,value\r\n${rows.map((row) => row.join(",")).join("\r\n")}\r\n`;
    saveFile(`${spec.id}.csv`, text, "text/csv");
  }

  /** Called after the first boundary is on screen; before, the charts stand where the panels will be. */
  function load() {
    if (wanted) return;
    wanted = true;
    for (const chart of charts) chart.sight.observe(chart.element);
  }

  /** Loads Plotly once. */
  function fetchPlotly() {
    if (loading) return;
    loading = true;
    loadPlotly().then((loaded) => {
      plotly = loaded;
      for (const chart of charts) chart.job.now();
    }, () => charts.forEach((chart) => setText(chart.note, t("charts.failed"))));
  }

  const mark = () => charts.forEach((chart) => chart.job.mark());
  const now = () => charts.forEach((chart) => chart.job.now());
  store.on("boot", build);
  store.on("state", ({ fresh }) => {
    if (fresh) zoom = null;
    now();
  });
  store.on("data", () => {
    if (ofValues === (store.data.classes === 0)) return;
    build();
    now();
  });
  store.on("select", now);
  store.on("timeline", mark);
  store.on("bayes", now);
  store.on("theme", now);
  return { draw: mark, load };
}
