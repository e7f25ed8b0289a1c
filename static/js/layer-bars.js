// Every layer in one row: how much of it is dead or flat, how large its gradient and its last update
// are, and what it puts out. The numbers come with the frames, those of the outputs with the
// messages about the inside. Sizes that range over powers of ten have logarithmic bars.

import { anatomy, layerName, number } from "./anatomy.js";
import { h, setText } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";

/** Ends of the logarithmic bars, as powers of ten. */
const GRADIENT = [-6, 1];
const UPDATE = [-6, 0];
/** Where the size of an update is healthy, about 1e-3 of the weights. */
export const HEALTHY = [3e-4, 3e-3];

const place = (value, [low, high]) => (value > 0 ? Math.max(0, Math.min(1, (Math.log10(value) - low) / (high - low))) : 0);
export const power = (value) => (Number.isFinite(value) ? (value === 0 ? "0" : value.toExponential(1).replace("e+", "e").replaceAll("-", "−")) : "–");

/** @param {any} store @param {any} loop @param {() => string} words what the names of layers depend on */
export function createBars(store, loop, words) {
  // The roles are said because on a phone the rows are no longer laid out as a table.
  const table = h("table", { class: "layer-table", role: "table" });
  const root = h("div", { class: "layer-bars" }, table, h("p", { class: "muted layers-note" }));
  let rows = [];
  let built = "";

  function build(body) {
    const bar = (extra = "") => h("span", { class: `bar ${extra}`, "aria-hidden": "true" }, h("i", {}));
    const cell = (kind, key) => {
      const text = h("span", { class: "figure" });
      const line = bar(kind);
      if (kind === "band") {
        const [from, to] = HEALTHY.map((value) => place(value, UPDATE));
        line.style.setProperty("--from", `${100 * from}%`);
        line.style.setProperty("--to", `${100 * to}%`);
      }
      return { text, line, element: h("td", { role: "cell", "data-label": t(`inside.${key}`) }, text, line) };
    };
    rows = body.layers.slice(1).map((_, index) => {
      const cells = { dead: cell("", "dead_units"), saturated: cell("", "saturated_units"), gradient: cell("", "gradient"), update: cell("band", "update"), output: cell("range", "activation") };
      return { cells, element: h("tr", { role: "row" }, h("th", { scope: "row", role: "rowheader" }, layerName(body, index + 1)), Object.values(cells).map(({ element }) => element)) };
    });
    const head = (key) => h("th", { scope: "col", role: "columnheader", title: t(`inside.${key}_help`) }, t(`inside.${key}`));
    table.replaceChildren(
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, h("th", { scope: "col", role: "columnheader" }, t("inside.layer")), ["dead_units", "saturated_units", "gradient", "update", "activation"].map(head))),
      h("tbody", { role: "rowgroup" }, rows.map(({ element }) => element)));
    setText(root.lastChild, t("inside.layers_note"));
  }

  const fill = ({ text, line }, words, share) => {
    setText(text, words);
    line.firstChild.style.setProperty("transform", `scaleX(${(Number.isFinite(share) ? share : 0).toFixed(3)})`);
  };

  const job = loop.job(() => {
    const message = store.seen("inside");
    if (message) show(anatomy(message));
  }, () => (store.playing ? 100 : 0));

  /** @param {import("./anatomy.js").Anatomy} body */
  function show(body) {
    if (built !== `${body.key} ${words()}`) {
      built = `${body.key} ${words()}`;
      build(body);
    }
    const { frame, selectedIndex } = store;
    if (!frame) return;
    const newest = frame.tensors.epoch.data.length - 1;
    const of = (name, layer) => {
      const { data, shape } = frame.tensors[name];
      return layer < shape[2] ? data[(newest * shape[1] + selectedIndex) * shape[2] + layer] : NaN;
    };
    const { mean, spread } = body.tensors;
    const outputs = body.layers.slice(1).map(({ first, size }) => {
      let sum = 0;
      let squares = 0;
      for (let unit = first; unit < first + size; unit++) {
        sum += mean.data[unit];
        squares += spread.data[unit] ** 2 + mean.data[unit] ** 2;
      }
      return [sum / size, Math.sqrt(Math.max(0, squares / size - (sum / size) ** 2))];
    });
    const reach = Math.max(1e-9, ...outputs.map(([middle, width]) => Math.abs(middle) + width));
    rows.forEach(({ cells }, layer) => {
      const last = layer === rows.length - 1;
      const [dead, saturated] = ["layer_dead_ratio", "layer_saturation_ratio"].map((name) => (last ? NaN : of(name, layer)));
      fill(cells.dead, percent(dead, 0), dead);
      fill(cells.saturated, percent(saturated, 0), saturated);
      const gradient = of("gradient_norm", layer);
      fill(cells.gradient, power(gradient), place(gradient, GRADIENT));
      const update = of("update_ratio", layer);
      const verdict = !(update > 0) ? "" : update < HEALTHY[0] ? `↓ ${t("inside.low")}` : update > HEALTHY[1] ? `↑ ${t("inside.high")}` : `✓ ${t("inside.healthy")}`;
      fill(cells.update, `${power(update)} ${verdict}`, place(update, UPDATE));
      const [middle, width] = outputs[layer];
      setText(cells.output.text, `${number(middle)} ± ${number(width)}`);
      cells.output.line.style.setProperty("--from", `${50 + (50 * (middle - width)) / reach}%`);
      cells.output.line.style.setProperty("--to", `${50 + (50 * (middle + width)) / reach}%`);
      cells.output.line.style.setProperty("--middle", `${50 + (50 * middle) / reach}%`);
    });
  }

  return {
    element: root,
    views: () => ["inside"],
    show: () => job[store.playing && built ? "mark" : "now"](),
    draw: () => job.mark(),
    theme: () => {},
  };
}
