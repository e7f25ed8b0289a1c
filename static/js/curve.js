// The curve of a function beside its formula: g as a solid line, its derivative dashed. An entry of
// the catalog brings the curve at its default parameters; for other parameters the server is
// asked, a moment after the last change, because it alone knows the function.

import { same, svg, uniqueId } from "./dom.js";
import { plain } from "./format.js";
import { t } from "./i18n.js";

/** @typedef {{z: number[], g: number[], dg: number[]}} Curve */

const WIDTH = 96;
const HEIGHT = 64;
const PAUSE = 120;
const MOST_KEPT = 200;
/** @type {Map<string, Promise<Curve|null>>} */
const known = new Map();

/** `id(name=value,…)` with the parameters that are not at their default, as links write it. */
function shortForm(entry, value) {
  const changed = entry.parameters.filter(({ name, default: usual }) => value[name] !== undefined && !same(value[name], usual));
  return changed.length ? `${entry.id}(${changed.map(({ name }) => `${name}=${JSON.stringify(value[name])}`).join(",")})` : entry.id;
}

/** What is out of range is being typed or refused; asking for it would only make an error. */
const legal = (entry, value) => entry.parameters.every(({ name, kind, minimum, maximum }) => {
  const given = value[name];
  if (given === undefined || typeof given === "boolean") return true;
  return typeof given === "number" && (kind !== "integer" || Number.isInteger(given)) && given >= (minimum ?? -Infinity) && given <= (maximum ?? Infinity);
});

function ask(form) {
  if (!known.has(form)) {
    if (known.size >= MOST_KEPT) known.clear();
    known.set(form, fetch(`api/curve?activation=${encodeURIComponent(form)}`)
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => {
        known.delete(form);
        return null;
      }));
  }
  return known.get(form);
}

/** One small plot. */
function createPlot(entry) {
  const picture = svg("svg", { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  let timer = 0;
  let wanted = null;

  /** @param {Curve} curve @param {string} parameters "slope 0.3", or nothing */
  function draw({ z, g, dg }, parameters) {
    const finite = [...g, ...dg].filter(Number.isFinite);
    const low = Math.min(-1.2, ...finite);
    const high = Math.max(1.2, ...finite);
    const from = z[0];
    const to = z.at(-1);
    const x = (value) => ((value - from) / (to - from)) * (WIDTH - 2) + 1;
    const y = (value) => HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4);
    const line = (values) => {
      let pen = "M";
      return values.map((value, index) => {
        if (!Number.isFinite(value)) {
          pen = "M";
          return "";
        }
        const point = `${pen}${x(z[index]).toFixed(1)} ${y(value).toFixed(1)}`;
        pen = "L";
        return point;
      }).join("");
    };
    const at = (value) => plain(Number(g[z.findIndex((one) => one >= value)]?.toFixed(2)));
    const name = t("curve.label", { name: parameters ? `${entry.label}, ${parameters}` : entry.label, low: plain(from), high: plain(to), left: at(from), middle: at(0), right: at(to) });
    const id = uniqueId("curve");
    picture.setAttribute("aria-labelledby", id);
    picture.replaceChildren(
      svg("title", { id }, name),
      svg("path", { class: "curve-axes", d: `M0 ${y(0)}H${WIDTH}M${x(0)} 0V${HEIGHT}M${x(0) - 2} ${y(1)}h4` }),
      svg("text", { class: "curve-tick", x: x(0) - 4, y: y(1) + 3 }, "1"),
      svg("path", { class: "curve-slope", d: line(dg) }),
      svg("path", { class: "curve-value", d: line(g) }));
  }

  return {
    element: picture,
    /** @param {Record<string, any>} value of the component */
    show(value) {
      const form = shortForm(entry, value);
      if (form === wanted || !legal(entry, value)) return;
      const first = wanted === null;
      wanted = form;
      clearTimeout(timer);
      if (form === entry.id || first) draw(entry.curve, "");
      if (form === entry.id) return;
      timer = setTimeout(async () => {
        const curve = await ask(form);
        const parameters = entry.parameters.map(({ name, label }) => `${label} ${plain(value[name])}`).join(", ");
        if (curve && form === wanted) draw(curve, parameters);
      }, first ? 0 : PAUSE);
    },
  };
}

/** The plots of one entry, one for each distinct set of parameters in use. */
export function createCurves(entry) {
  const element = document.createElement("div");
  element.className = "curves";
  const legend = document.createElement("p");
  legend.className = "curve-legend";
  legend.setAttribute("aria-hidden", "true");
  for (const [text, style] of [["g", ""], ["g′", "dash"]]) {
    const key = document.createElement("span");
    key.className = `key ${style}`;
    key.textContent = text;
    legend.append(key);
  }
  element.append(legend);
  const plots = [];
  return {
    element,
    /** @param {Record<string, any>[]} values */
    update(values) {
      const distinct = [...new Map(values.map((value) => [shortForm(entry, value), value])).values()];
      while (plots.length > distinct.length) plots.pop().element.remove();
      while (plots.length < distinct.length) {
        plots.push(createPlot(entry));
        legend.before(plots.at(-1).element);
      }
      distinct.forEach((value, index) => plots[index].show(value));
    },
  };
}
