// Controls that the address locks (`?lock=learning_rate,dataset`, or `lock=all`): they show their
// values, and cannot be used. Names are those of `hide`. What is made later inside of a locked
// control is locked as well.

import { selectorsOf, namesOf } from "./hidden.js";

const ALL = "all";
/** Of everything: what changes an experiment, not what plays it. */
const EVERYTHING = ["#data .control", "#settings .control", "#settings .scope", "#data .switch", ".pace .speed", "[data-action=reset]", "[data-action=slow]"];
const WITHIN = "button:not(.ask), input, select, textarea";

/** @param {string|null} text the list in the address; an empty one means all */
export function createLocks(text) {
  const names = text === "" ? [ALL] : namesOf(text ?? "");
  const selector = (names.includes(ALL) ? EVERYTHING : names.flatMap(selectorsOf)).join(", ");

  function lock() {
    if (!selector) return;
    for (const element of document.querySelectorAll(selector)) {
      element.classList.add("locked");
      for (const one of [element, ...element.querySelectorAll(WITHIN)]) {
        if (one.matches(WITHIN) && !one.disabled) one.disabled = true;
      }
    }
  }
  const made = new MutationObserver(lock);
  for (const place of document.querySelectorAll("#data, #settings, .pace")) made.observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
  lock();
  return {
    /** Whether nothing of the experiment may be changed, panels included. */
    everything: names.includes(ALL),
    /** @param {string} name of an action */
    has: (name) => names.includes(name) || (names.includes(ALL) && ["reset", "slow"].includes(name)),
  };
}
