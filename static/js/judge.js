// Whether a panel solves a lesson's task. The conditions are data in a small closed language: a
// quantity of one panel is at least or at most a number, and some settings are left as they were.
// The server's tests judge by the same rules (app/course.py), and a test holds both together.

import { same } from "./dom.js";

/** As much as single precision may change a figure. */
const SLACK = 1e-6;

/** What is worked out of a panel's figures; everything else is in the row under its own name. */
const DERIVED = {
  gap: ({ row }) => row.train_accuracy - row.test_accuracy,
  vote_gain: ({ row }) => row.vote_accuracy - row.test_accuracy,
  first_gradient: ({ row }) => row.gradient_norm[0],
  gradient_share: ({ row, spec }) => (row.gradient_norm[spec.hidden.length] > 0 ? row.gradient_norm[0] / row.gradient_norm[spec.hidden.length] : NaN),
  first_update: ({ row }) => row.update_ratio[0],
  first_mean: ({ row, spec }) => (spec.hidden.length ? row.layer_mean[0] : NaN),
  depth: ({ spec }) => spec.hidden.length,
  hidden_units: ({ spec }) => spec.hidden.reduce((sum, { width }) => sum + width, 0),
  parameters: ({ parameters }) => parameters,
};

/** Names of what is worked out. */
export const WORKED_OUT = Object.keys(DERIVED);

/**
 * A quantity of one panel, NaN if it is not known.
 * @param {string} name @param {{row: any, spec: any, parameters: number}} panel its figures, settings, and size
 * @returns {number}
 */
export const quantity = (name, panel) => DERIVED[name]?.(panel) ?? panel.row[name] ?? NaN;

/** @param {{at_least: number|null, at_most: number|null}} condition @param {number} value */
export const holds = (condition, value) => value >= (condition.at_least ?? -Infinity) - SLACK && value <= (condition.at_most ?? Infinity) + SLACK;

/** The settings that were to be kept and are not. @param {any} lesson @param {any} experiment @param {number} index */
export function changed(lesson, experiment, index) {
  const before = lesson.experiment;
  return lesson.task.keep.filter((name) => {
    if (name === "data" || name === "seeds") return !same(experiment[name], before[name]);
    if (name.startsWith("data.")) return !same(experiment.data[name.slice(5)], before.data[name.slice(5)]);
    return !same(experiment.panels[index][name], before.panels[0][name]);
  });
}

/**
 * How one panel stands: every condition with its value, and what was changed that should not have been.
 * @param {any} lesson @param {any} experiment @param {number} index @param {any} row @param {number} parameters
 */
export function judge(lesson, experiment, index, row, parameters) {
  const panel = { row, spec: experiment.panels[index], parameters };
  const conditions = lesson.task.conditions.map((condition) => {
    const value = quantity(condition.quantity, panel);
    return { ...condition, value, met: holds(condition, value) };
  });
  const different = changed(lesson, experiment, index);
  return { conditions, different, solved: !different.length && conditions.every(({ met }) => met) };
}
