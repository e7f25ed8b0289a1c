// How far a visitor has come in the lessons: kept in this browser, for nobody else. What is there
// may be of another version or damaged, so only what fits is taken.

import { recall, remember } from "./saved.js";

const KEY = "lessons";

/** @typedef {{choice?: number, solved?: boolean, helped?: boolean}} Progress */

/** @returns {Record<string, Progress>} */
export function allProgress() {
  try {
    const kept = JSON.parse(recall(KEY, "{}"));
    return kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
  } catch {
    return {};
  }
}

/** @param {string} id @returns {Progress} */
export const progressOf = (id) => Object(allProgress()[id]);

/** @param {string} id @param {Progress} change */
export function note(id, change) {
  const all = allProgress();
  all[id] = { ...Object(all[id]), ...change };
  remember(KEY, JSON.stringify(all));
}
