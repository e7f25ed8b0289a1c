// What a setting comes to where that is not what it says: the loss that "automatic" has become, and
// the batch of an optimizer that takes all points, or of data that have fewer. It stands below the
// setting.

import { h, setText } from "./dom.js";
import { t } from "./i18n.js";

/** Where, and what is said there of a setting's value in a panel; nothing where it is taken at its word. */
const PLACES = [
  {
    control: "[data-family=losses]",
    said: (store, { id }, { loss }) => loss && loss !== id && (store.boot.catalog.losses.find((each) => each.id === loss)?.label ?? loss),
  },
  {
    control: "[data-name=batch_size]",
    said: (_, value, { batch_size: batch }) => batch && batch !== value && t("settings.all_points", { count: batch }),
  },
];

export function createResolved(store) {
  const lines = PLACES.map((place) => ({ ...place, line: h("p", { class: "resolved", hidden: true }) }));
  const controlOf = ({ control }) => document.querySelector(`#settings-form .control${control}`);

  function place() {
    for (const each of lines) {
      const control = controlOf(each);
      (control?.querySelector("select") ?? control?.querySelector(":scope > .error").previousElementSibling)?.after(each.line);
    }
  }

  function update() {
    if (!store.experiment) return;
    for (const { line, said, ...where } of lines) {
      if (!line.isConnected) continue;
      const value = store.experiment.panels[store.selectedIndex][controlOf(where).dataset.name];
      const text = said(store, value, store.panels[store.selectedIndex]);
      line.hidden = !text;
      if (text) setText(line, t("settings.resolved", { label: text }));
    }
  }

  store.on("boot", () => {
    place();
    update();
  });
  store.on("state", update);
  store.on("select", update);
}
