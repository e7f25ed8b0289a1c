// Which loss "automatic" has become: the server chooses one that suits the data, and its name
// stands below the choice.

import { h, setText } from "./dom.js";
import { t } from "./i18n.js";

export function createResolved(store) {
  const line = h("p", { class: "resolved" });
  const control = () => document.querySelector("#settings-form .control[data-family=losses]");

  function place() {
    control()?.querySelector("select")?.after(line);
  }

  function update() {
    if (!store.experiment || !line.isConnected) return;
    const chosen = store.experiment.panels[store.selectedIndex][control().dataset.name]?.id;
    const { loss } = store.panels[store.selectedIndex];
    line.hidden = !loss || loss === chosen;
    if (!line.hidden) setText(line, t("settings.resolved", { label: store.boot.catalog.losses.find(({ id }) => id === loss)?.label ?? loss }));
  }

  store.on("boot", () => {
    place();
    update();
  });
  store.on("state", update);
  store.on("select", update);
}
