// A goal that the page around sets (`?goal=test_accuracy>=0.95,hidden_units<=4`): conditions on the
// real figures of a panel, all of which one panel has to meet at the same time. They are those of
// the lessons' tasks (judge.js), written in an address; with a panel's letter in front
// (`b.test_loss<=0.1`) a condition is about that panel. Nothing of it is evaluated.

import { SCALARS } from "./frames.js";
import { WORKED_OUT, holds, quantity } from "./judge.js";
import { LETTERS } from "./palette.js";

const CONDITION = /^(?:([a-f])\.)?(\w+)(<=|>=)(-?\d+(?:\.\d+)?(?:e-?\d+)?)$/i;
const KNOWN = new Set([...SCALARS, ...WORKED_OUT, "epoch"]);

/** @typedef {{panel: number|null, name: string, at_least: number|null, at_most: number|null}} Condition */

/** @param {string} text @returns {Condition[]} @throws {RangeError} with the condition that means nothing */
export function readGoal(text) {
  return text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
    const [, letter, name, sign, number] = part.match(CONDITION) ?? [];
    if (!KNOWN.has(name)) throw new RangeError(part);
    const [least, most] = sign === ">=" ? [Number(number), null] : [null, Number(number)];
    return { panel: letter ? LETTERS.indexOf(letter.toUpperCase()) : null, name, at_least: least, at_most: most };
  });
}

/** The first panel that meets all conditions, or -1. @param {Condition[]} goal */
export function solvedBy(goal, store) {
  if (!goal.length) return -1;
  const panels = store.panels.map(({ id, parameters }, index) => ({ row: store.history.get(id)?.now, spec: store.experiment.panels[index], parameters }));
  const meets = (condition, panel) => Boolean(panel?.row) && holds(condition, quantity(condition.name, panel));
  return panels.findIndex((own) => goal.every((condition) => meets(condition, condition.panel === null ? own : panels[condition.panel])));
}
