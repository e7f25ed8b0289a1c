// Three short hints for who comes for the first time and without a link of somebody's. They stand
// beside what goes on, can be skipped, and never return.

import { h, icon, setText } from "./dom.js";
import { t } from "./i18n.js";
import { recall, remember } from "./saved.js";

const KEY = "hints";
const HINTS = ["hints.watch", "hints.change", "hints.compare"];

export function createHints(store) {
  let at = 0;
  const text = h("p", {});
  const count = h("span", { class: "figure muted" });
  const next = h("button", { type: "button", class: "button strong", onclick: () => go(at + 1) });
  const close = h("button", { type: "button", class: "mini", onclick: () => go(HINTS.length) }, icon("i-close"));
  const card = h("section", { class: "hints" }, text, close, h("div", { class: "hints-foot" }, count, next));

  function words() {
    card.setAttribute("aria-label", t("hints.label"));
    setText(text, t(HINTS[at]));
    setText(count, `${at + 1} / ${HINTS.length}`);
    setText(next, t(at + 1 < HINTS.length ? "hints.next" : "hints.done"));
    close.title = t("hints.skip");
    close.setAttribute("aria-label", t("hints.skip"));
  }

  function go(to) {
    at = to;
    if (at < HINTS.length) {
      words();
      return;
    }
    remember(KEY, "seen");
    if (card.contains(document.activeElement)) document.getElementById("main").focus();
    card.remove();
  }

  return {
    /** Once there is something to see. */
    begin() {
      if (recall(KEY) === "seen") return;
      words();
      document.body.append(card);
      store.on("boot", () => at < HINTS.length && words());
    },
  };
}
