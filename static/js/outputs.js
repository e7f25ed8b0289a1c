// What the outputs of a network stand for: each makes some classes less probable as it grows and others
// more. An output for one class is called by it; one that decides between two groups has a number and
// the marks of both, in the order of its sign.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { drawMarker, fit } from "./points.js";

/** Pixels of a mark, and of each of several. */
const MARK = 14;
const SMALL = 11;

/** The classes that an output makes less probable as it grows, and those that it makes more so. @typedef {[number[], number[]]} Sides */

/**
 * @typedef {{name: string, tag: string, meaning: string, sides: Sides|null}} Output
 * `tag` is its name where there is little room and its marks stand beside it; `meaning` says in words what it decides
 * between, empty where the name says it all; `sides` are the classes whose marks it has.
 */

function listed(classes) {
  const numbers = classes.map((index) => index + 1);
  const last = numbers.pop();
  if (!numbers.length) return t("inside.one_class", { number: last });
  return t("inside.some_classes", { list: [numbers.join(t("inside.between_classes")), last].join(t("inside.before_last_class")) });
}

/** @param {number} count how many there are @returns {Output[]} */
export function outputsOf(store, count) {
  const { loss, outputs } = store.panels[store.selectedIndex];
  const { output: kind } = store.boot.catalog.losses.find(({ id }) => id === loss);
  // The numbers may be of a network with more or fewer outputs than the newest state tells of.
  const sides = outputs.length === count ? outputs : Array(count).fill([[], []]);
  const oneEach = new Set(sides.flat(2)).size === count;
  return sides.map(([less, more], index) => {
    const number = count > 1 ? String(index + 1) : "";
    if (oneEach) {
      const name = t("legend.class", { number });
      return { name, tag: name, meaning: "", sides: [[], more] };
    }
    const name = `${kind} ${number}`.trim();
    if (!more.length) return { name, tag: name, meaning: "", sides: null };
    return { name, tag: number, meaning: t("inside.decides", { less: listed(less), more: listed(more) }), sides: [less, more] };
  });
}

/** Name and meaning. @param {Output} output */
export const inFull = ({ name, meaning }) => (meaning ? t("inside.stands_for", { name, meaning }) : name);

/** Whether an output has so many marks that they need a place of their own. @param {Output[]} outputs */
export const crowded = (outputs) => outputs.some(({ sides }) => sides?.flat().length > 3);

/** The marks of an output's classes, those of both sides apart. @param {Output} output */
export function marksOf({ sides }) {
  if (!sides) return null;
  const [less, more] = sides;
  const size = less.length ? SMALL : MARK;
  const mark = (index) => {
    const canvas = h("canvas", { class: "output-mark" });
    canvas.style.setProperty("--side", `${size}px`);
    drawMarker(fit(canvas, size), index, size / 2, size / 2, size * 0.36, "full");
    return canvas;
  };
  return h("span", { class: "output-marks", "aria-hidden": "true" }, less.map(mark), less.length ? h("i", {}) : null, more.map(mark));
}
