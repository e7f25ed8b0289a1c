// The loss landscape around the selected network, as a map or a surface: the training loss over two
// random directions through the weights, with the ways that all networks of the same shape have
// gone since this tab was opened. A tab of the look inside. The landscape is asked for when there
// is none yet, when the network stands still somewhere else, and by a button; while it trains only
// the ways go on.

import { h, segment, setText } from "./dom.js";
import { figure } from "./format.js";
import { t } from "./i18n.js";
import { LETTERS, panelColor } from "./palette.js";
import { Way, heightAt, projection } from "./plane.js";
import { CLEAR, CONFIG, loadPlotly } from "./plotly.js";

/** Which directions there are: any two, or those of the ways. */
const KINDS = ["random", "ways"];
/** px that the surface needs with all that is around it. */
const ROOM = 480;
const REACHES = [0.25, 0.5, 1, 2, 4];
/** The lowest loss that is told from 0 on the logarithmic scale. */
const LEAST = 1e-6;
const COLORS = "Viridis";

/** Whether the browser can draw surfaces at all. */
function solid() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl"));
  } catch {
    return false;
  }
}

/** @type {import("./inside.js").Maker} */
export function createLandscape({ store, loop, ask, requests }) {
  const kinds = ["map", "surface"];
  let kind = "map";
  let along = "random";
  let seed = 1;
  let reach = 1;
  let plotly = null;
  let failed = false;
  let drawn = "";
  /** What was asked for last, and what the newest landscape is about: an experiment, and its network as it was. */
  let asked = { experiment: "", network: "" };
  let shown = asked;
  let newest = null;
  /** What is not asked for again by itself, whether or not there was an answer. */
  let tried = "";
  /** @type {Map<number, Way>} */
  const ways = new Map();
  let waysOf = "";
  let seen = null;

  const choice = h("div", { class: "scope landscape-kind", role: "radiogroup" });
  const reachSelect = h("select", { class: "landscape-reach" });
  const reachLabel = h("label", { class: "landscape-label" }, h("span", {}), reachSelect);
  const alongSelect = h("select", { class: "landscape-reach" });
  const alongLabel = h("label", { class: "landscape-label" }, h("span", {}), alongSelect);
  const anew = h("button", { type: "button", class: "button" });
  const here = h("button", { type: "button", class: "button" });
  const plot = h("div", { class: "landscape-plot", "aria-hidden": "true" });
  const picture = h("div", { class: "landscape-picture", role: "img" }, plot);
  const note = h("p", { class: "landscape-note" });
  const help = h("p", { class: "landscape-help muted" });
  const root = h("div", { class: "landscape-view" }, h("div", { class: "landscape-tools" }, choice, alongLabel, reachLabel, anew, here), picture, note, help);

  reachSelect.addEventListener("change", () => {
    reach = Number(reachSelect.value);
    compute();
  });
  alongSelect.addEventListener("change", () => {
    along = alongSelect.value;
    anew.disabled = along !== KINDS[0];
    compute();
  });
  anew.addEventListener("click", () => {
    seed++;
    compute();
  });
  here.addEventListener("click", compute);

  const message = () => store.seen("landscape");

  /** The network, as far as the page knows it: at one epoch it is another when a weight was typed or a unit switched off. */
  function networkKey() {
    const { epoch, train_loss: train, test_loss: test } = store.history.get(store.selected)?.now ?? {};
    return JSON.stringify([epoch, train, test]);
  }
  const triedKey = () => [store.run, store.selected, store.seed, along, seed, reach, store.playing || networkKey()].join(" ");
  const experimentKey = () => JSON.stringify([store.experiment.data, store.experiment.panels, store.selected]);

  /** Asks for the landscape around the network as it is now. */
  function compute() {
    const network = networkKey();
    tried = triedKey();
    if (requests.ask({ id: "landscape", along, seed, reach }, network)) asked = { experiment: experimentKey(), network };
  }

  /** Keeps where the networks are. */
  function follow() {
    const which = `${store.run} ${store.seed}`;
    if (waysOf !== which) {
      ways.clear();
      waysOf = which;
    }
    const way = store.seen("way");
    if (!way || way === seen) return;
    seen = way;
    const { parameters, panels } = way.tensors;
    const count = parameters.shape[1];
    panels.data.forEach((id, at) => {
      if (!ways.has(id) || ways.get(id).rows[0]?.length !== count) ways.set(id, new Way());
      ways.get(id).push(Number(way.about.epoch), parameters.data.slice(at * count, (at + 1) * count));
    });
  }

  /** Every network's way in the plane: panel's place, and its points. */
  function project({ centre, directions }) {
    if (!centre.data.length) return [];
    const place = projection(centre.data, directions.data);
    return store.panels.flatMap(({ id }, index) => {
      const way = ways.get(id);
      if (!way?.rows.length || way.rows[0].length !== centre.data.length) return [];
      return [{ index, points: way.rows.map(place) }];
    });
  }

  const job = loop.job(() => {
    const current = message();
    if (!current || !plotly || picture.clientWidth < 40) return;
    const { steps, loss, ...plane } = current.tensors;
    const side = steps.data.length;
    const logs = Array.from(loss.data, (value) => (Number.isFinite(value) ? Math.log10(Math.max(value, LEAST)) : null));
    const rows = [...Array(side).keys()].map((row) => logs.slice(row * side, (row + 1) * side));
    const traces = kind === "map" ? flat(steps.data, rows, loss.data) : raised(steps.data, rows);
    const lines = project(plane);
    for (const { index, points } of lines) traces.push(...(kind === "map" ? track(index, points) : trackOn(index, points, steps.data, logs)));
    if (drawn && drawn !== kind) plotly.purge(plot);
    drawn = kind;
    plotly.react(plot, traces, layout(steps.data), CONFIG);
    tell(current, steps.data, loss.data, lines);
  }, () => (store.playing ? 250 : 0));

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ticks = (values) => ({ title: { text: t("inside.landscape_loss"), side: "right" }, thickness: 12, len: 0.9, outlinewidth: 0, tickvals: values, ticktext: values.map((value) => figure(Number((10 ** value).toPrecision(2)))) });

  /** Values for the ends and three places between, on the logarithmic scale. */
  function scaleOf(rows) {
    const finite = rows.flat().filter((value) => value !== null);
    const [low, high] = finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
    return [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * Math.max(high - low, 1e-6));
  }

  const flat = (steps, rows, loss) => {
    const values = scaleOf(rows);
    return [{
      type: "contour", x: Array.from(steps), y: Array.from(steps), z: rows, colorscale: COLORS, contours: { coloring: "heatmap", start: values[0], end: values[4], size: Math.max((values[4] - values[0]) / 18, 1e-9) },
      line: { width: 0.6, color: "rgba(255,255,255,.45)" }, zmin: values[0], zmax: values[4], colorbar: ticks(values), connectgaps: false,
      customdata: rows.map((row, at) => row.map((_, column) => figure(loss[at * steps.length + column]))), hovertemplate: "%{customdata}<extra></extra>",
    }];
  };
  const raised = (steps, rows) => {
    const values = scaleOf(rows);
    return [{ type: "surface", x: Array.from(steps), y: Array.from(steps), z: rows, colorscale: COLORS, cmin: values[0], cmax: values[4], colorbar: ticks(values), opacity: 0.95, hoverinfo: "skip", contours: { z: { show: true, width: 1, color: "rgba(255,255,255,.35)" } } }];
  };

  /** A way on the map: a line with a halo, and the letter where the network is now. */
  function track(index, points) {
    const [x, y] = [points.map((point) => point[0]), points.map((point) => point[1])];
    const ink = panelColor(index);
    const line = (width, tone) => ({ type: "scatter", mode: "lines", x, y, line: { width, color: tone }, hoverinfo: "skip" });
    return [line(5, color("--surface")), line(2.5, ink),
      { type: "scatter", mode: "markers+text", cliponaxis: false, x: [x.at(-1)], y: [y.at(-1)], text: [LETTERS[index]], textfont: { color: color("--surface"), size: 11, weight: 700 }, hoverinfo: "skip", marker: { size: 19, color: ink, line: { width: 2, color: color("--surface") } } }];
  }
  function trackOn(index, points, steps, logs) {
    const heights = points.map((point) => heightAt(steps, logs, point));
    const ink = panelColor(index);
    const above = heights.map((height) => (Number.isFinite(height) ? height + 0.02 : null));
    const [x, y] = [points.map((point) => point[0]), points.map((point) => point[1])];
    return [{ type: "scatter3d", mode: "lines", x, y, z: above, line: { width: 7, color: ink }, hoverinfo: "skip" },
      { type: "scatter3d", mode: "markers+text", x: [x.at(-1)], y: [y.at(-1)], z: [above.at(-1)], text: [LETTERS[index]], textfont: { color: color("--text"), size: 14 }, textposition: "top center", marker: { size: 6, color: ink, line: { width: 1, color: "#fff" } }, hoverinfo: "skip" }];
  }

  function layout(steps) {
    const range = [steps[0], steps.at(-1)];
    const axis = (key) => ({ title: { text: t(key), standoff: 4 }, range, zeroline: false, gridcolor: color("--line"), linecolor: color("--line"), tickcolor: color("--line"), fixedrange: true, automargin: true });
    const base = { width: picture.clientWidth, height: picture.clientHeight, paper_bgcolor: CLEAR, plot_bgcolor: CLEAR, showlegend: false, uirevision: kind, font: { family: color("--font"), size: 11, color: color("--text") }, hoverlabel: { bgcolor: color("--surface"), bordercolor: color("--line-strong"), font: { color: color("--text") } } };
    if (kind === "map") return { ...base, margin: { l: 44, r: 8, t: 12, b: 36 }, xaxis: axis("inside.landscape_first"), yaxis: axis("inside.landscape_second") };
    // From further away where there is less room, or the names of the axes would be cut.
    const away = Math.max(1, ROOM / picture.clientWidth);
    const scene = (key) => ({ title: { text: t(key), font: { size: 11 } }, range, gridcolor: color("--line-strong"), color: color("--text"), showbackground: false });
    return { ...base, margin: { l: 0, r: 0, t: 0, b: 0 }, scene: { xaxis: scene("inside.landscape_first"), yaxis: scene("inside.landscape_second"), zaxis: { title: { text: "" }, showticklabels: false, gridcolor: color("--line-strong"), showbackground: false }, aspectmode: "manual", aspectratio: { x: 1, y: 1, z: 0.65 }, camera: { eye: { x: 1.45 * away, y: -1.45 * away, z: 0.95 * away }, center: { x: 0, y: 0, z: -0.12 } } } };
  }

  /** The same in words: where it stands, the lowest place in view, how many ways there are, and whether the loss is taken over some points only. */
  function tell(current, steps, loss, lines) {
    const side = steps.length;
    let best = 0;
    loss.forEach((value, at) => {
      if (value < loss[best] || !Number.isFinite(loss[best])) best = at;
    });
    const place = (index) => figure(Number(steps[index].toFixed(2))).replace("-", "−");
    const said = t("inside.landscape_said", {
      epoch: figure(Number(Number(current.about.epoch).toFixed(2))), loss: figure(loss[(side * side - 1) / 2]), lowest: figure(loss[best]), place: `(${place(best % side)}, ${place(Math.floor(best / side))})`,
    });
    const ways = lines.length > 1 ? ` ${t("inside.landscape_race", { letters: lines.map(({ index }) => LETTERS[index]).join(", ") })}` : current.tensors.centre.data.length ? "" : ` ${t("inside.landscape_no_way")}`;
    const { points, of } = current.about;
    const some = Number(points) < Number(of) ? ` ${t("inside.landscape_some", { points, of })}` : "";
    setText(note, said + ways + some);
    picture.setAttribute("aria-label", said + ways + some);
  }

  function build() {
    choice.setAttribute("aria-label", t("inside.landscape_kind"));
    choice.replaceChildren(...kinds.map((each) => segment("landscape-kind", each === kind, t(`inside.landscape_${each}`), () => {
      kind = each;
      job.now();
    })));
    choice.hidden = !solid();
    setText(alongLabel.firstChild, t("inside.landscape_along"));
    alongSelect.replaceChildren(...KINDS.map((each) => h("option", { value: each }, t(`inside.landscape_${each}`))));
    alongSelect.value = along;
    setText(reachLabel.firstChild, t("inside.landscape_reach"));
    reachSelect.replaceChildren(...REACHES.map((value) => h("option", { value: String(value) }, `± ${value}`)));
    reachSelect.value = String(reach);
    setText(anew, t("inside.landscape_anew"));
    anew.title = t("inside.landscape_anew_help");
    setText(here, t("inside.landscape_here"));
    here.title = t("inside.landscape_here_help");
    setText(help, t("inside.landscape_help"));
    picture.setAttribute("aria-label", t("inside.landscape"));
    job.mark();
  }

  new ResizeObserver(() => job.now()).observe(picture);

  /** Asks for what is missing: whoever starts again with the same weights wants to see the race on the same ground, and
   * while the network stands still, the landscape is the one around where it stands. */
  function suit() {
    const current = message();
    if (current !== newest) [newest, shown] = [current, asked];
    const again = current && current.run !== store.run;
    const unfit = !current || (again ? along === KINDS[0] || shown.experiment !== experimentKey() : !store.playing && shown.network !== networkKey());
    if (unfit && tried !== triedKey()) compute();
  }

  // A new connection answers nothing that the last one was asked.
  store.on("jump", () => (tried = ""));

  return {
    name: "landscape",
    element: root,
    views: () => (message()?.tensors.centre.data.length ? ["way"] : []),
    show() {
      if (!plotly && !failed) {
        loadPlotly().then((loaded) => {
          plotly = loaded;
          job.now();
        }, () => {
          failed = true;
          setText(note, t("inside.landscape_failed"));
        });
      }
      follow();
      suit();
      ask();
      job.mark();
    },
    draw: suit,
    words: build,
    theme: () => job.now(),
  };
}
