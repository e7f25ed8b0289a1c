// A goal that the page around sets (`?goal=test_accuracy>=0.95,units<=4`): conditions on the real
// figures of a panel, all of which one panel has to meet at the same time. A small closed language,
// read here and never evaluated. Names are those of the metrics, and epoch, units (hidden ones) and
// parameters; with a panel's letter in front (`b.test_loss<0.1`) the condition is about that panel.

import { SCALARS } from "./frames.js";
import { LETTERS } from "./palette.js";

const CONDITION = /^(?:([a-f])\.)?(\w+)(<=|>=|<|>)(-?\d+(?:\.\d+)?(?:e-?\d+)?)$/i;
const HOLDS = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };
/** What is known besides the metrics. */
const MORE = {
  epoch: (store, index) => store.history.get(store.panels[index]?.id)?.now?.epoch,
  parameters: (store, index) => store.panels[index]?.parameters,
  units(store, index) {
    const layers = store.boot.form.network.find(({ kind }) => kind === "layers").name;
    return store.experiment.panels[index]?.[layers].reduce((sum, { width }) => sum + width, 0);
  },
};

/**
 * @param {string} text @returns {{panel: number|null, name: string, holds: (value: number) => boolean}[]}
 * @throws {RangeError} with the condition that means nothing
 */
export function readGoal(text) {
  return text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
    const [, letter, name, sign, number] = part.match(CONDITION) ?? [];
    if (!name || !(SCALARS.includes(name) || Object.hasOwn(MORE, name))) throw new RangeError(part);
    return { panel: letter ? LETTERS.indexOf(letter.toUpperCase()) : null, name, holds: (value) => HOLDS[sign](value, Number(number)) };
  });
}

/** The first panel that meets all conditions, or -1. @param {ReturnType<typeof readGoal>} goal */
export function solvedBy(goal, store) {
  if (!goal.length) return -1;
  const value = (index, name) => (Object.hasOwn(MORE, name) ? MORE[name](store, index) : store.history.get(store.panels[index]?.id)?.now?.[name]);
  const meets = (index) => goal.every(({ panel, name, holds }) => holds(value(panel ?? index, name) ?? NaN));
  return store.panels.findIndex((_, index) => meets(index));
}
