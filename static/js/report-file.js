// The script inside a report file: draws boundaries, points and curves with the Plotly beside it.
// It is no part of the page: app/report.py and report.js put it into the file as it is, so it
// imports nothing. Colours and marks are those of palette.js and points.js; a test compares them.

(() => {
  const CLASS_COLORS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const PANEL_COLORS = {
    light: ["#332288", "#c2526a", "#117733", "#aa4499", "#85802a", "#2a8577"],
    dark: ["#a99cf5", "#f09aa9", "#6cc98a", "#df96d5", "#d8cd78", "#7ed3c6"],
  };
  const GROUND = { light: [250, 250, 247], dark: [22, 25, 29] };
  const REACH = { light: 0.62, dark: 0.66 };
  const SYMBOLS = ["circle", "triangle-up", "diamond", "square", "triangle-down", "pentagon"];
  const PARTS = ["train", "test", "validation", "train_dev"];
  const DASHES = { train: "solid", test: "dash", validation: "dashdot", train_dev: "longdash" };

  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const words = read("words");
  const data = read("data");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const mode = () => (dark.matches ? "dark" : "light");
  const t = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const letter = (index) => "ABCDEF"[index];
  const color = (index) => PANEL_COLORS[mode()][index];
  const parts = [1, 2, 3, 0].filter((part) => data.part.includes(part));
  const className = (index) => words.class.replace("{number}", index + 1);

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const channels = (text) => [1, 3, 5].map((from) => parseInt(text.slice(from, from + 2), 16));
  const mix = (from, to, share) => `rgb(${from.map((value, index) => Math.round(value + (to[index] - value) * share))})`;

  /** The colours of the 256 values of a boundary's byte, as a colour scale of Plotly. */
  function scale() {
    const ground = GROUND[mode()];
    const reach = REACH[mode()];
    const levels = Math.floor(256 / data.classes);
    return [...Array(256).keys()].map((value) => {
      if (!data.classes) {
        const size = value / 127.5 - 1;
        return [value / 255, mix(ground, channels(CLASS_COLORS[size < 0 ? 0 : 1]), Math.abs(size) * reach)];
      }
      const index = Math.min(data.classes - 1, Math.floor(value / levels));
      const confidence = Math.min(1, (value - index * levels) / (levels - 1));
      return [value / 255, mix(ground, channels(CLASS_COLORS[index]), reach * confidence)];
    });
  }

  const style = () => getComputedStyle(document.documentElement);
  function layout(more) {
    const css = style();
    const line = css.getPropertyValue("--line").trim();
    const axis = { gridcolor: line, linecolor: line, zeroline: false, automargin: true };
    const { xaxis, yaxis, ...rest } = more;
    return {
      margin: { l: 40, r: 12, t: 8, b: 36 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, autosize: true,
      font: { family: "system-ui, sans-serif", size: 12, color: css.getPropertyValue("--text").trim() },
      xaxis: { ...axis, ...xaxis }, yaxis: { ...axis, ...yaxis }, ...rest,
    };
  }
  const CONFIG = { displaylogo: false, displayModeBar: false, showSendToCloud: false, responsive: true };

  /** The points, one trace for each class and part; what is learned from comes last. */
  function points() {
    const traces = [];
    const marks = data.classes ? [...Array(data.classes).keys()] : [0];
    for (const part of parts) {
      for (const mark of marks) {
        const picked = [...data.part.keys()].filter((at) => data.part[at] === part && (!data.classes || data.labels[at] === mark));
        if (!picked.length) continue;
        const values = picked.map((at) => data.labels[at]);
        const full = part === 0;
        const name = `${data.classes ? `${className(mark)}, ` : ""}${t(`numbers.${PARTS[part]}`)}`;
        const paint = data.classes ? CLASS_COLORS[mark] : data.dimensions === 1 ? style().getPropertyValue("--muted").trim() : values;
        traces.push({
          type: "scatter", mode: "markers", name, x: picked.map((at) => data.x1[at]), y: data.dimensions === 1 ? values : picked.map((at) => data.x2[at]),
          hovertemplate: `${name} (%{x:.2f}, %{y:.2f})<extra></extra>`,
          marker: { symbol: `${SYMBOLS[mark]}${full ? "" : "-open"}`, size: 6, color: paint, line: { width: full ? 0.6 : 1.6, ...(full ? { color: "rgba(255,255,255,.9)" } : {}) },
            ...(data.classes || data.dimensions === 1 ? {} : { cmin: -1, cmax: 1, colorscale: [[0, CLASS_COLORS[0]], [0.5, mode() === "dark" ? "#8a9096" : "#d8d8d2"], [1, CLASS_COLORS[1]]] }) },
        });
      }
    }
    return traces;
  }

  function ground(panel) {
    const side = panel.side;
    const [low, high] = data.plane;
    const bytes = Uint8Array.from(atob(panel.boundary), (letter) => letter.charCodeAt(0));
    const step = (high - low) / side;
    const centres = [...Array(side).keys()].map((index) => low + (index + 0.5) * step);
    const z = centres.map((_, row) => Array.from(bytes.subarray(row * side, (row + 1) * side)));
    return { type: "heatmap", x: centres, y: [...centres].reverse(), z, zmin: 0, zmax: 255, colorscale: scale(), showscale: false, hoverinfo: "skip" };
  }

  function boundary(panel, index, plot) {
    const range = data.plane;
    const traces = data.dimensions === 1 ? points() : [...(panel?.boundary ? [ground(panel)] : []), ...points()];
    if (panel?.curve) {
      const step = (range[1] - range[0]) / (panel.curve.length - 1);
      traces.push({ type: "scatter", mode: "lines", x: panel.curve.map((_, at) => range[0] + at * step), y: panel.curve, line: { color: color(index), width: 2.5 }, hovertemplate: "%{y:.3f}<extra></extra>" });
    }
    const up = data.dimensions === 1 ? { title: { text: "y" }, range: [-1.3, 1.3] } : { title: { text: "x₂" }, range, dtick: 2 };
    window.Plotly.react(plot, traces, layout({ xaxis: { title: { text: "x₁" }, range, dtick: 2 }, yaxis: up }), CONFIG);
  }

  /** The curves that there are: what they are called, and their columns. */
  const quality = data.classes ? { key: "charts.accuracy", what: "accuracy", format: ".0%" } : { key: "charts.r2", what: "r2", range: [-1, 1.02] };
  const charts = [{ key: "charts.loss", what: "loss", log: !data.classes }, quality, { key: "charts.dead", column: "dead_ratio", format: ".0%", range: [-0.02, 1.02] }];

  function curve(chart, plot) {
    const traces = [];
    data.panels.forEach((panel, index) => {
      const columns = chart.column ? [["", chart.column]] : parts.map((part) => [PARTS[part], `${PARTS[part]}_${chart.what}`]);
      for (const [part, column] of columns) {
        const y = panel.columns[column];
        if (!y?.some((value) => value !== null)) continue;
        const name = [data.panels.length > 1 ? letter(index) : "", part ? t(`numbers.${part}`) : t(chart.key)].filter(Boolean).join(" ");
        traces.push({ type: "scatter", mode: y.length > 1 ? "lines" : "markers", name, x: panel.columns.epoch, y, line: { color: color(index), width: part === "train" ? 1.5 : 2, dash: DASHES[part] ?? "solid" }, marker: { color: color(index) } });
      }
    });
    window.Plotly.react(plot, traces, layout({ hovermode: traces.length <= 8 ? "x unified" : "closest", xaxis: { title: { text: t("charts.epoch") } },
      yaxis: { type: chart.log ? "log" : "linear", tickformat: chart.format, ...(chart.range ? { range: chart.range } : {}), rangemode: chart.what === "loss" ? "tozero" : "normal" },
      hoverlabel: { bgcolor: style().getPropertyValue("--surface").trim() } }), CONFIG);
  }

  const figure = (value, share) => value === null || value === undefined ? "–" : share ? `${(value * 100).toFixed(1)}\u2009%` : Math.abs(value) >= 1000 ? value.toExponential(1) : value.toFixed(3);

  function table() {
    const shares = quality.what === "accuracy";
    const columns = parts.flatMap((part) => [["loss", false], [quality.what, shares]].map(([what, share]) => [t("report.column", { part: t(`numbers.${PARTS[part]}`), what: t(`numbers.${what}`) }), `${PARTS[part]}_${what}`, share]));
    columns.push([t("charts.dead"), "dead_ratio", true]);
    const head = make("thead", {}, make("tr", {}, ...[t("report.network"), t("report.epochs"), t("report.parameters"), ...columns.map(([name]) => name)].map((name, at) => make("th", { scope: "col", class: at ? "figure" : "" }, name))));
    const rows = data.panels.map((panel, index) => {
      const last = (column) => panel.columns[column]?.at(-1);
      const cells = [String(Number(panel.epoch.toFixed(2))), String(panel.parameters), ...columns.map(([, column, share]) => figure(last(column), share))];
      return make("tr", {}, make("th", { scope: "row" }, `${letter(index)} ${words.titles[index] ?? ""}${panel.diverged ? ` (${t("report.diverged")})` : ""}`), ...cells.map((text) => make("td", { class: "figure" }, text)));
    });
    document.getElementById("results").replaceChildren(head, make("tbody", {}, ...rows));
  }

  document.getElementById("about").textContent = t("report.about", { date: new Date(data.date).toLocaleString(document.documentElement.lang), count: data.labels.length });
  const file = `data:application/json;charset=utf-8,${encodeURIComponent(`${JSON.stringify(data.experiment, null, 1)}\n`)}`;
  document.getElementById("open").append(...(data.address ? [make("a", { href: data.address }, t("report.open")), " · "] : []), make("a", { href: file, download: "experiment.json" }, t("report.experiment")));
  table();

  const plots = [];
  function add(parent, caption, label, size, draw, index) {
    const plot = make("div", { class: `plot ${size}`, role: "img", "aria-label": label });
    const element = make("figure", {}, make("figcaption", {}, ...caption), plot);
    document.getElementById(parent).append(element);
    plots.push(() => {
      if (index !== undefined) element.style.setProperty("--panel", color(index));
      draw(plot);
    });
  }
  add("boundaries", [t("report.data")], t("report.data"), "square", (plot) => boundary(null, 0, plot));
  data.panels.forEach((panel, index) => {
    const name = words.titles[index] ?? "";
    const mark = make("span", { class: "letter" }, letter(index));
    const label = t("report.boundary_of", { letter: letter(index), loss: figure(panel.columns.test_loss?.at(-1)), quality: `${t(`numbers.${quality.what}`)} ${figure(panel.columns[`test_${quality.what}`]?.at(-1), quality.what === "accuracy")}` });
    add("boundaries", [mark, name], label, "square", (plot) => boundary(panel, index, plot), index);
  });
  for (const chart of charts) {
    const ends = data.panels.map((panel, index) => `${letter(index)} ${figure(panel.columns[chart.column ?? `test_${chart.what}`]?.at(-1), Boolean(chart.format))}`);
    add("curves", [t(chart.key)], `${t(chart.key)}: ${ends.join(", ")}`, "wide", (plot) => curve(chart, plot));
  }
  const filled = parts.map((part) => t(part === 0 ? "report.filled" : "report.hollow", { part: t(`numbers.${PARTS[part]}`) }));
  document.getElementById("legend").append(...(data.classes ? [...Array(data.classes).keys()].map((index) => {
    const key = make("span", {}, "● ", className(index));
    key.firstChild.replaceWith(Object.assign(make("span", {}, ["●", "▲", "◆", "■", "▼", "⬟"][index], " "), { style: `color:${CLASS_COLORS[index]}` }));
    return key;
  }) : []), ...filled.map((text) => make("span", {}, text)));
  const strokes = { solid: "──", dash: "╌╌", dashdot: "─ ·", longdash: "— —" };
  document.getElementById("lines").append(...parts.map((part) => make("span", {}, `${strokes[DASHES[PARTS[part]]]} ${t(`numbers.${PARTS[part]}`)}`)));
  const draw = () => plots.forEach((one) => one());
  draw();
  dark.addEventListener("change", draw);
})();
