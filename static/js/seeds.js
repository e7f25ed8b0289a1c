// How many seeds each panel trains: a choice above the panels. It shows what the server has, not
// what was asked for, since more networks than can be trained are refused.

import { h } from "./dom.js";
import { t } from "./i18n.js";

/** "16 seeds" */
export const seedsText = (count) => t(count === 1 ? "seeds.one" : "seeds.some", { count });

/** The number of a panel's seed, as the settings have it. @param {any} store @param {number} place from 0 */
export const seedNumber = (store, place, index = store.selectedIndex) => (store.experiment.panels[index].seed + place) % 2 ** 31;

export function createSeeds(store, commands) {
  const select = /** @type {HTMLSelectElement} */ (document.getElementById("seeds"));

  function update() {
    select.value = String(store.seeds);
  }
  select.addEventListener("change", () => {
    const count = Number(select.value);
    update();
    commands.seeds(count);
  });
  store.on("boot", () => {
    const { label, description, options } = store.boot.form.seeds;
    select.setAttribute("aria-label", label);
    select.title = description;
    select.replaceChildren(...options.map(({ value }) => h("option", { value: String(value) }, seedsText(value))));
    update();
  });
  store.on("state", update);
}
