// How weights, activations and gradients are spread in every layer: a row a layer, a column a kind.
// What is exactly 0 is counted beside each picture, not drawn: with ReLU it is half of all, and
// nothing else could be seen beside it. The bars are one path each, and say under the pointer what
// they count.

import { h, setText, svg } from "./dom.js";
import { percent } from "./format.js";
import { currentLanguage, t } from "./i18n.js";
import { layerName, number } from "./anatomy.js";

const KINDS = ["weights", "activations", "gradients"];
const HIGH = 100;

/** The outline of bars over a width of as many units as there are bins. @param {ArrayLike<number>} counts */
export function outline(counts) {
  const most = Math.max(1, ...Array.from(counts));
  let path = "";
  Array.from(counts).forEach((count, bin) => {
    if (count) path += `M${bin + 0.06} ${HIGH}V${(HIGH * (1 - count / most)).toFixed(2)}H${bin + 0.94}V${HIGH}z`;
  });
  return path;
}

/** An end of an axis in few digits. */
const ended = (value) => (value === 0 ? "0" : Math.abs(value) >= 1e4 || Math.abs(value) < 1e-3 ? value.toExponential(0).replace("e+", "e") : String(Number(value.toPrecision(2)))).replaceAll("-", "−");

/** @param {any} store @param {any} loop */
export function createLayerHistograms(store, loop) {
  const body = h("tbody", {});
  const head = h("thead", {});
  const table = h("table", { class: "histograms", role: "table" }, head, body);
  const note = h("p", { class: "muted layers-note" });
  const root = h("div", { class: "layer-histograms" }, table, note);
  let cells = [];
  let built = "";
  let newest = null;

  function build(layers, bins) {
    setText(note, t("inside.histograms_note"));
    head.replaceChildren(h("tr", {}, h("th", { scope: "col" }, t("inside.layer")), KINDS.map((kind) => h("th", { scope: "col", title: t(`inside.hist_${kind}_help`) }, t(`inside.hist_${kind}`)))));
    cells = [];
    body.replaceChildren(...Array.from({ length: layers }, (_, layer) => h("tr", {},
      h("th", { scope: "row" }, layerName({ layers: { length: layers + 1 } }, layer + 1)),
      KINDS.map((kind, place) => {
        const bars = svg("path", { class: "bars" });
        const middle = svg("path", { class: "middle" });
        const picture = svg("svg", { viewBox: `0 0 ${bins} ${HIGH}`, preserveAspectRatio: "none", role: "img" });
        picture.append(middle, bars);
        const ends = [h("span", {}), h("span", {}), h("span", {})];
        const facts = h("p", { class: "hist-facts figure" });
        const cell = { layer, place, kind, picture, bars, middle, ends, facts, pointed: null };
        picture.addEventListener("pointermove", (event) => {
          const box = picture.getBoundingClientRect();
          cell.pointed = Math.max(0, Math.min(bins - 1, Math.floor(((event.clientX - box.left) / box.width) * bins)));
          tell(cell);
        });
        picture.addEventListener("pointerleave", () => {
          cell.pointed = null;
          tell(cell);
        });
        cells.push(cell);
        return h("td", { "data-label": t(`inside.hist_${kind}`) }, facts, picture, h("div", { class: "hist-ends figure" }, ends));
      }))));
  }

  const job = loop.job(paint, () => (store.playing ? 200 : 0));

  function paint() {
    const message = store.seen("histograms");
    if (!message) return;
    newest = message.tensors;
    const { shape } = newest.counts;
    const key = `${currentLanguage()} ${shape}`;
    if (built !== key) {
      built = key;
      build(shape[0], shape[2]);
    }
    for (const cell of cells) {
      const counts = countsOf(cell);
      cell.bars.setAttribute("d", outline(counts));
      const [low, high] = endsOf(cell);
      const zero = ((0 - low) / (high - low)) * shape[2];
      cell.middle.setAttribute("d", `M${zero} 0V${HIGH}`);
      [low, low < 0 && high > 0 ? 0 : NaN, high].forEach((value, at) => setText(cell.ends[at], Number.isNaN(value) ? "" : ended(value)));
      tell(cell);
    }
  }

  const countsOf = ({ layer, place }) => {
    const [, kinds, bins] = newest.counts.shape;
    const from = (layer * kinds + place) * bins;
    return newest.counts.data.subarray(from, from + bins);
  };
  const endsOf = ({ layer, place }) => newest.ends.data.subarray(2 * (layer * KINDS.length + place), 2 * (layer * KINDS.length + place) + 2);

  /** The numbers beside a picture, or those of the bar under the pointer. */
  function tell(cell) {
    const counts = countsOf(cell);
    const [low, high] = endsOf(cell);
    const width = (high - low) / counts.length;
    if (cell.pointed !== null) {
      const from = low + cell.pointed * width;
      setText(cell.facts, t("inside.hist_bar", { from: ended(from), to: ended(from + width), count: counts[cell.pointed] }));
      return;
    }
    const zeros = newest.zeros.data[cell.layer * KINDS.length + cell.place];
    const all = counts.reduce((sum, count) => sum + count, 0) + zeros;
    const share = zeros ? t("inside.hist_zero", { share: percent(zeros / all, 0) }) : "";
    const own = cell.kind === "weights" ? t("inside.hist_norm", { norm: number(newest.weight_norm.data[cell.layer]), share: percent(newest.near_zero.data[cell.layer], 0) }) : share;
    setText(cell.facts, own);
    if (store.playing && cell.picture.hasAttribute("aria-label")) return;
    const middle = [...counts].reduce((best, count, bin) => (count > counts[best] ? bin : best), 0);
    cell.picture.setAttribute("aria-label", t("inside.hist_label", { kind: t(`inside.hist_${cell.kind}`), low: ended(low), high: ended(high), most: ended(low + (middle + 0.5) * width), facts: [own, share].filter((text, at, texts) => text && texts.indexOf(text) === at).join("; ") }));
  }

  return {
    element: root,
    views: () => ["histograms"],
    show: () => job[store.playing && built ? "mark" : "now"](),
    draw: () => {},
    theme: () => {},
  };
}
