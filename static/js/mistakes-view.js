// The points that are misclassified, one by one, the surest mistakes first: each can be pointed out
// in the picture, and followed through the network.

import { number } from "./anatomy.js";
import { h, icon, setText } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";

const MOST = 40;

/**
 * @param {{store: any, mark: (label: number) => HTMLElement, look: (item: any, yes: boolean) => void, keep: (item: any) => void, follow: (index: number) => void}} parts
 * — `look`: a point is pointed at or no longer, `keep`: it is chosen to stay
 */
export function createMistakes({ store, mark, look, keep, follow }) {
  const title = h("h3", {});
  const count = h("p", { class: "muted" });
  const body = h("tbody", {});
  const head = h("tr", {});
  const table = h("table", { class: "scores mistakes" }, h("thead", {}, head), body);
  const scroller = h("div", { class: "mistakes-scroll", tabindex: "0", role: "region" }, table);
  const root = h("section", { class: "results-section" }, title, count, scroller);
  let rows = [];

  function makeRow() {
    const row = { index: -1, item: null, button: h("button", { type: "button", class: "mistake" }), cells: [0, 1].map(() => h("td", { class: "figure" })), label: "" };
    row.follow = h("button", { type: "button", class: "mini", onclick: () => follow(row.index) }, icon("i-up"));
    row.element = h("tr", {}, h("td", {}, row.button), row.cells, h("td", {}, row.follow));
    for (const [on, yes] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) row.button.addEventListener(on, () => look(row.item, yes));
    row.button.addEventListener("click", () => keep(row.item));
    return row;
  }

  return {
    element: root,
    words() {
      setText(title, t("mistakes.heading"));
      scroller.setAttribute("aria-label", t("mistakes.heading"));
      head.replaceChildren(h("th", { scope: "col" }, t("mistakes.true_predicted")), h("th", { scope: "col" }, t("mistakes.place")), h("th", { scope: "col", title: t("mistakes.sure_help") }, t("mistakes.sure")), h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, t("mistakes.follow"))));
      rows = [];
      body.replaceChildren();
    },
    /** @param {import("./frames.js").Message} message @param {Uint8Array} parts of all points @param {number} part the one that is looked at */
    show({ tensors }, parts, part) {
      const { labels, points, count: all } = store.data;
      const { predicted, confidence } = tensors;
      const wrong = [];
      let members = 0;
      for (let index = 0; index < all; index++) {
        if (parts[index] !== part) continue;
        members++;
        if (predicted.data[index] !== labels[index]) wrong.push(index);
      }
      wrong.sort((one, other) => confidence.data[other] - confidence.data[one]);
      setText(count, wrong.length ? t(wrong.length > MOST ? "mistakes.count_most" : "mistakes.count", { count: wrong.length, points: members, most: MOST }) : t("mistakes.none", { points: members }));
      scroller.hidden = !wrong.length;
      while (rows.length < Math.min(MOST, wrong.length)) {
        rows.push(makeRow());
        body.append(rows.at(-1).element);
      }
      rows.forEach((row, at) => {
        row.element.hidden = at >= wrong.length;
        if (row.element.hidden) return;
        const index = wrong[at];
        if (row.item?.index !== index) row.item = { index };
        row.index = index;
        const [is, said] = [labels[index], predicted.data[index]];
        const where = `(${number(points[2 * index])}, ${number(points[2 * index + 1])})`;
        const label = t("mistakes.label", { is: is + 1, said: said + 1, place: where });
        if (row.label !== label) {
          row.label = label;
          row.button.replaceChildren(mark(is), h("span", { "aria-hidden": "true" }, "→"), mark(said));
          row.button.setAttribute("aria-label", label);
          row.follow.title = t("mistakes.follow");
          row.follow.setAttribute("aria-label", `${t("mistakes.follow")}: ${where}`);
        }
        setText(row.cells[0], where);
        setText(row.cells[1], percent(confidence.data[index]));
      });
    },
    /** Which one stays pointed out. */
    press(kept) {
      for (const row of rows) row.button.setAttribute("aria-pressed", String(kept?.index !== undefined && kept.index === row.index));
    },
  };
}
