// One key for everything the transport does, and digits for the panels. Keys are left alone
// while someone types or a dialog is open, and all of them can be switched off in the help,
// because single-letter keys get in the way of speech input.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { recall, remember } from "./saved.js";

const KEYS = [
  ["Space", "keys.play"], ["S →", "transport.update"], ["E", "transport.epoch"], ["R", "transport.reset"], ["W Home", "transport.rewind"],
  ["+ −", "keys.speed"], ["O", "transport.slow"], ["[ ←", "past.earlier"], ["]", "past.later"], ["1 – 6", "keys.panel"], ["V", "vary.title"], ["D", "draw.open"], ["C", "panels.discretize"], ["T", "panels.test_data"], ["B", "panels.bayes"], ["I", "inside.open"], ["Z", "inside.switch_key"], ["X", "export.open"], ["L", "share.title"], ["?", "help.open"],
];
/** Those that mean something only while someone draws. */
const DRAWING_KEYS = [
  ["1 – 6", "draw.key_class"], ["← ↑ ↓ →", "draw.key_arrows"], ["Enter", "draw.key_add"], ["Delete", "draw.key_erase"], ["M", "draw.key_move"],
  ["Ctrl+Z Ctrl+Shift+Z", "draw.key_undo"], ["Esc", "draw.done"],
];

/** @param {Record<string, () => void>} actions @param {(index: number) => void} selectPanel */
export function createKeyboard(actions, selectPanel) {
  const dialog = document.getElementById("help");
  let enabled = recall("shortcuts") !== "off";

  const byKey = {
    s: "update", arrowright: "update", arrowleft: "earlier", "[": "earlier", "]": "later", o: "slow", e: "epoch", r: "reset", w: "rewind", home: "rewind", "+": "faster", "=": "faster", "-": "slower", "−": "slower",
    v: "vary", d: "draw", c: "discretize", t: "testData", b: "bayes", i: "inside", z: "switchOff", x: "export", l: "share", "?": "help",
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.matches?.("input:not([type=range], [type=checkbox], [type=radio]), select, textarea");
    const key = event.key.toLowerCase();
    if (typing || (!enabled && key !== "?")) return;
    if (key === " ") {
      if (target.closest?.("button, a, summary, input:not([type=range], [type=radio])")) return;
      event.preventDefault();
      actions.toggle();
      return;
    }
    // What can have the focus and is no button uses them itself, if only to scroll.
    if ((key.startsWith("arrow") || key === "home") && target.closest?.("input:is([type=range], [type=radio]), [tabindex='0']:not(button)")) return;
    if (/^[1-9]$/.test(key)) {
      selectPanel(Number(key) - 1);
      return;
    }
    const action = actions[byKey[key]];
    if (!action) return;
    event.preventDefault();
    action();
  });

  // What was clicked with the mouse does not keep the focus, or Space would press it again instead of playing.
  addEventListener("click", (event) => {
    if (event.detail > 0) /** @type {HTMLElement} */ (event.target).closest?.("button, summary, input[type=radio], input[type=checkbox]")?.blur();
  });

  function open() {
    const box = h("input", { type: "checkbox", role: "switch", checked: enabled });
    box.addEventListener("change", () => {
      enabled = box.checked;
      remember("shortcuts", enabled ? "on" : "off");
    });
    const list = (entries) => h("dl", { class: "keys" }, entries.flatMap(([keys, text]) => [
      h("dt", {}, keys.split(/ (?=\S)/).flatMap((one) => (one === "–" ? [" – "] : [h("kbd", {}, one), " "]))), h("dd", {}, t(text))]));
    dialog.replaceChildren(
      h("h2", { id: "help-heading" }, t("help.heading")),
      list(KEYS),
      h("h3", {}, t("draw.heading")),
      list(DRAWING_KEYS),
      h("p", { class: "muted" }, t("draw.mouse")),
      h("label", { class: "switch" }, box, h("span", {}, t("help.shortcuts"))),
      h("p", { class: "muted" }, t("help.reading")),
      h("form", { method: "dialog", class: "dialog-actions" }, h("button", { class: "button strong" }, t("page.close"))));
    dialog.showModal();
  }
  return { open };
}
