// The right column: the selected panel's settings. With more than one panel it says which panel
// they are, marks settings in which the panels differ, and has a switch for whether a change is
// meant for this panel or for all, because a comparison is only one if the rest stays the same.

import { h, segment } from "./dom.js";
import { createForm } from "./form.js";
import { groupName, t } from "./i18n.js";
import { LETTERS, panelColor } from "./palette.js";

/** The groups in the order in which they stand; a group the server adds comes after them. */
const GROUPS = ["network", "training", "regularization", "initialization", "inputs"];

export function createSettings(store, commands) {
  const root = document.getElementById("settings-form");
  const heading = document.getElementById("settings-heading");
  let form = null;
  let scope = null;
  let shownPanel = null;

  function build() {
    const { form: descriptors, catalog, plane } = store.boot;
    const radio = (value, key) => segment("scope", store.scope === value, t(key), () => (store.scope = value), { value });
    scope = h("fieldset", { class: "scope" }, h("legend", { class: "visually-hidden" }, t("settings.scope")), radio("this", "settings.this_panel"), radio("all", "settings.all_panels"));
    const fields = h("div", {});
    scope.hidden = store.panels.length < 2;
    root.replaceChildren(scope, fields);
    const named = [...new Set([...GROUPS, ...descriptors.network.map(({ group }) => group)])];
    form = createForm(fields, {
      descriptors: descriptors.network,
      groups: Object.fromEntries(named.map((group) => [group, groupName(group)])),
      context: { catalog, plane },
      send: (name, value) => commands.set(name, value, store.scope === "all" || store.panels.length === 1 ? null : [store.selectedIndex]),
    });
  }

  function update() {
    if (!form || !store.experiment) return;
    const index = store.selectedIndex;
    const panels = store.experiment.panels;
    const several = panels.length > 1;
    scope.hidden = !several;
    heading.replaceChildren(
      ...(several ? [h("span", { class: "letter", style: `--panel: ${panelColor(index)}` }, LETTERS[index]), t("settings.panel", { letter: LETTERS[index] })] : [t("settings.heading")]));
    if (shownPanel !== store.selected) form.clear();
    shownPanel = store.selected;
    form.update(panels[index], several ? panels.filter((_, at) => at !== index) : []);
  }

  store.on("boot", () => {
    build();
    update();
  });
  store.on("state", update);
  store.on("select", update);
  store.on("theme", update);
  return {
    fail([panel, ...rest], text, at) {
      if (typeof panel === "number" && panel !== store.selectedIndex && store.scope !== "all") return false;
      return form.fail(rest, text, at);
    },
    clear: () => form.clear(),
    find: (name) => store.boot.form.network.find((descriptor) => descriptor.name === name),
  };
}
