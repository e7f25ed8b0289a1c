// Dropout seen as an ensemble, in the tab of the seeds: the sub-networks that the updates of the
// selected panel's network train, beside the whole network and their mean. Nothing where nothing is dropped.

import { drawBoundary } from "./boundary.js";
import { h, setText } from "./dom.js";
import * as format from "./format.js";
import { slice } from "./frames.js";
import { t } from "./i18n.js";
import { seedNumber } from "./seeds.js";

export const VIEW = "sub_networks";

export function createSubNetworks(store) {
  const caption = h("h3", {});
  const maps = h("div", { class: "seed-maps", role: "group" });
  const note = h("p", { class: "muted seeds-note" });
  const root = h("div", { class: "sub-networks", hidden: true }, caption, maps, note);
  let cards = [];

  /** What stands at a place: the whole network, the mean, and the sub-networks by their numbers. */
  const named = (place) => (place === 0 ? t("subnets.whole") : place === 1 ? t("subnets.mean") : String(place - 1));

  function makeCard() {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const name = h("span", { class: "figure muted" });
    const value = h("span", { class: "figure" });
    return { element: h("div", { class: "seed-map still", role: "img" }, canvas, h("span", { class: "seed-caption", "aria-hidden": "true" }, name, value)), canvas, name, value };
  }

  return {
    element: root,
    show() {
      const message = store.seen(VIEW);
      const [count, size] = message?.tensors.maps.shape ?? [0];
      root.hidden = !count || !store.data;
      if (root.hidden) return;
      if (cards.length !== count) {
        cards = Array.from({ length: count }, makeCard);
        maps.replaceChildren(...cards.map(({ element }) => element));
      }
      setText(caption, store.seeds > 1 ? t("subnets.caption_of", { number: seedNumber(store, store.seed) }) : t("subnets.caption"));
      setText(note, t("subnets.note"));
      maps.setAttribute("aria-label", caption.textContent);
      const { classes } = store.data;
      cards.forEach(({ element, canvas, name, value }, place) => {
        drawBoundary(canvas, slice(message.tensors.maps, place), size, classes, store.view.discretize);
        const score = message.tensors.score.data[place];
        setText(name, named(place));
        setText(value, classes ? format.percent(score) : format.fit(score));
        element.classList.toggle("together", place < 2);
        element.setAttribute("aria-label", t(place < 2 ? "subnets.label" : "subnets.label_one", {
          name: named(place), figure: t(classes ? "numbers.accuracy" : "numbers.r2"), value: value.textContent }));
      });
    },
  };
}
