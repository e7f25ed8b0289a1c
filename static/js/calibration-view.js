// Whether probabilities mean what they say: of the points of which the network is 80 % sure, 80 %
// should be right. A diagram of the share that is right over the confidence, the number of points
// in every bin below it, and the same as a table.

import { h, setText, svg } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";

const SIZE = { width: 260, high: 168, low: 44, left: 34, top: 6, gap: 10 };

export function createCalibration() {
  const { width, high, low, left, top, gap } = SIZE;
  const total = top + high + gap + low + 18;
  const picture = svg("svg", { class: "calibration", viewBox: `0 0 ${left + width + 8} ${total}`, role: "img" });
  const error = h("span", { class: "figure" });
  const note = h("p", { class: "muted" });
  const scores = h("p", { class: "muted" });
  const body = h("tbody", {});
  const head = h("tr", {});
  const details = h("details", {}, h("summary", {}), h("table", { class: "scores" }, h("thead", {}, head), body));
  const title = h("h3", {});
  const sum = h("p", {}, h("span", {}), " ", error);
  const root = h("section", { class: "results-section" }, title, picture, sum, note, scores, details);
  let rows = [];
  let built = "";
  let bars = [];

  function build(edges) {
    const start = edges[0];
    const x = (value) => left + ((value - start) / (1 - start)) * width;
    const y = (value) => top + high * (1 - value);
    const base = top + high + gap + low;
    const text = (content, at, up, anchor) => {
      const element = svg("text", { x: at, y: up, "text-anchor": anchor });
      element.textContent = content;
      return element;
    };
    const marks = [0, 0.5, 1].flatMap((value) => [svg("line", { class: "grid", x1: left, x2: left + width, y1: y(value), y2: y(value) }), text(percent(value, 0), left - 4, y(value) + 4, "end")]);
    bars = Array.from({ length: edges.length - 1 }, (_, bin) => {
      const from = x(edges[bin]) + 1;
      const wide = x(edges[bin + 1]) - x(edges[bin]) - 2;
      return {
        right: svg("rect", { class: "bin", x: from, width: wide }), count: svg("rect", { class: "count", x: from, width: wide }),
        mean: svg("line", { class: "mean", y1: 0, y2: 0 }), x, y, base,
      };
    });
    picture.replaceChildren(...marks, ...bars.map(({ right }) => right), svg("line", { class: "ideal", x1: x(start), y1: y(start), x2: x(1), y2: y(1) }), ...bars.map(({ mean }) => mean), ...bars.map(({ count }) => count),
      svg("line", { class: "axis", x1: left, x2: left + width, y1: base, y2: base }), text(percent(start, 0), left, base + 14, "middle"), text(percent(1, 0), left + width, base + 14, "end"), text(t("calibration.confidence"), left + width / 2, base + 14, "middle"));
    head.replaceChildren(...["calibration.bin", "calibration.points", "calibration.mean", "calibration.right"].map((key) => h("th", { scope: "col" }, t(key))));
    rows = bars.map((_, bin) => {
      const cells = [0, 1, 2].map(() => h("td", { class: "figure" }));
      return { cells, element: h("tr", {}, h("th", { scope: "row", class: "figure" }, `${percent(edges[bin], 0)} – ${percent(edges[bin + 1], 0)}`), cells) };
    });
    body.replaceChildren(...rows.map(({ element }) => element));
  }

  return {
    element: root,
    words() {
      setText(title, t("calibration.heading"));
      setText(sum.firstChild, t("calibration.error"));
      sum.title = t("calibration.error_help");
      setText(note, t("calibration.note"));
      setText(scores, t("calibration.scores"));
      setText(details.firstChild, t("calibration.numbers"));
      built = "";
    },
    /** @param {import("./frames.js").Message} message @param {number} part @param {boolean} asked whether the loss asks for probabilities */
    show({ tensors }, part, asked) {
      const edges = tensors.edges.data;
      const bins = edges.length - 1;
      const key = String(edges[0]);
      if (built !== key) {
        built = key;
        build(edges);
      }
      scores.hidden = asked;
      const of = (name, bin) => tensors[name].data[part * bins + bin];
      const most = Math.max(1, ...Array.from({ length: bins }, (_, bin) => of("counts", bin)));
      setText(error, percent(tensors.calibration.data[part]));
      picture.setAttribute("aria-label", t("calibration.label", { error: percent(tensors.calibration.data[part]) }));
      bars.forEach(({ right, count, mean, x, y, base }, bin) => {
        const points = of("counts", bin);
        const share = points ? of("right", bin) : 0;
        right.setAttribute("y", String(y(share)));
        right.setAttribute("height", String(high * share));
        count.setAttribute("y", String(base - (low * points) / most));
        count.setAttribute("height", String((low * points) / most));
        const at = points ? of("mean", bin) : edges[bin];
        for (const [name, value] of Object.entries({ x1: x(at) - 5, x2: x(at) + 5, y1: y(at), y2: y(at) })) mean.setAttribute(name, String(value));
        mean.setAttribute("visibility", points ? "visible" : "hidden");
        [String(points), percent(of("mean", bin)), percent(of("right", bin))].forEach((text, at) => setText(rows[bin].cells[at], text));
      });
    },
  };
}
