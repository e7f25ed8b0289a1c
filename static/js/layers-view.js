// The layers, one by one: as they are now, over time, or the histograms of their weights,
// activations and gradients. Each is asked of the server only while it is shown.

import { h, segment, setText } from "./dom.js";
import { t } from "./i18n.js";
import { createBars } from "./layer-bars.js";
import { createLayerHistograms } from "./layer-histograms.js";
import { createLayerLines } from "./layer-lines.js";
import { recallHere, rememberHere } from "./saved.js";
import { seedNumber } from "./seeds.js";

const KEY = "layers";

/** @type {import("./inside.js").Maker} */
export function createLayers({ store, loop, words, ask }) {
  const parts = { now: createBars(store, loop, words), time: createLayerLines(store, loop), histograms: createLayerHistograms(store, loop) };
  const names = Object.keys(parts);
  let part = names.includes(recallHere(KEY)) ? recallHere(KEY) : names[0];
  const labels = names.map((name) => segment("layers-part", name === part, "", () => go(name)));
  const choice = h("div", { class: "scope layers-part", role: "radiogroup" }, labels);
  /** Of several seeds: whose numbers they are. */
  const whose = h("p", { class: "layers-whose muted" });
  const root = h("div", { class: "layers-view", tabindex: "0", role: "region" }, h("div", { class: "layers-head" }, choice, whose), names.map((name) => parts[name].element));

  function go(name) {
    part = name;
    rememberHere(KEY, part);
    arrange();
    root.scrollTop = 0;
    ask();
    show();
  }

  function show() {
    whose.hidden = store.seeds < 2;
    if (!whose.hidden) setText(whose, t(`seeds.layers_${part}`, { number: seedNumber(store, store.seed) }));
    parts[part].show();
  }

  function arrange() {
    for (const name of names) parts[name].element.hidden = name !== part;
  }
  arrange();

  return {
    name: "layers",
    element: root,
    get diverged() {
      return part === "time";
    },
    views: () => parts[part].views(),
    show,
    draw: () => parts[part].draw(),
    words() {
      root.setAttribute("aria-label", t("inside.layers"));
      choice.setAttribute("aria-label", t("inside.layers"));
      labels.forEach((label, at) => setText(label.lastChild, t(`inside.layers_${names[at]}`)));
    },
    theme: () => parts[part].theme(),
  };
}
