// What a chosen entry of the catalog means: its curve, if it has one, its formula and its one
// sentence. Selects, sets and layers all say it in this way.

import { createCurves } from "./curve.js";
import { h } from "./dom.js";

/**
 * @param {any} entry @param {{named?: boolean}} [options] named: the formula says whose it is
 * @returns {{element: HTMLElement, update: (values: Record<string, any>[]) => void}} update: the values of this entry in use
 */
export function explain(entry, { named = false } = {}) {
  const curves = entry.curve ? createCurves(entry) : null;
  const formula = entry.formula ? h("p", { class: "formula" }, named ? `${entry.label}: ${entry.formula}` : entry.formula) : null;
  return {
    element: h("div", { class: "about" }, curves?.element, formula, h("p", { class: "sentence" }, entry.description)),
    update: (values) => curves?.update(values),
  };
}
