// The bar of drawing tools, which takes the place of the bar above the panels as long as someone
// draws: tools, classes, undo and redo, how many points there are, and the way out.

import { h, icon, setText } from "./dom.js";
import { t } from "./i18n.js";
import { MOST_CLASSES, MOST_POINTS } from "./pointlist.js";
import { drawMarker, fit } from "./points.js";

const TOOLS = ["draw", "move", "erase"];

/** @param {{tool: (name: string) => void, choose: (label: number) => void, undo: () => void, redo: () => void, clear: () => void, close: () => void}} editor */
export function createDrawBar(editor) {
  const root = document.getElementById("draw-bar");
  let parts = null;

  function button(name, { text = true, press, keys = "" }) {
    const label = t(`draw.${name}`);
    return h("button", { type: "button", class: "tool", "data-draw": name, "aria-label": label, title: keys ? `${label} (${keys})` : label, onclick: press },
      icon(`i-${name}`), text ? h("span", { class: "tool-text" }, label) : null);
  }
  function classButton(label) {
    const canvas = h("canvas", { class: "mark", "aria-hidden": "true" });
    const name = t("legend.class", { number: label + 1 });
    const element = h("button", { type: "button", class: "tool class-choice", "aria-label": name, title: `${name} (${label + 1})`, onclick: () => editor.choose(label) }, canvas);
    return { element, paint: () => drawMarker(fit(canvas, 18), label, 9, 9, 5.5, false) };
  }

  function build() {
    const tools = TOOLS.map((name) => button(name, { press: () => editor.tool(name) }));
    const classes = Array.from({ length: MOST_CLASSES }, (_, label) => classButton(label));
    parts = {
      tools, classes,
      undo: button("undo", { text: false, press: editor.undo, keys: "Ctrl+Z" }),
      redo: button("redo", { text: false, press: editor.redo, keys: "Ctrl+Shift+Z" }),
      clear: button("clear", { text: false, press: editor.clear }),
      count: h("output", { class: "figure draw-count", "aria-live": "off" }),
    };
    root.setAttribute("aria-label", t("draw.label"));
    root.replaceChildren(
      h("div", { class: "draw-group", role: "group", "aria-label": t("draw.tools") }, tools),
      h("div", { class: "draw-group", role: "group", "aria-label": t("draw.classes") }, classes.map(({ element }) => element)),
      h("div", { class: "draw-group" }, parts.undo, parts.redo, parts.clear),
      parts.count,
      h("button", { type: "button", class: "button strong", "data-draw": "done", title: `${t("draw.done")} (D)`, onclick: editor.close }, t("draw.done")),
      h("p", { class: "visually-hidden", id: "draw-keys" }, t("draw.keys")));
    for (const { paint } of classes) paint();
  }

  return {
    build,
    show: (yes) => (root.hidden = !yes),
    repaint: () => parts?.classes.forEach(({ paint }) => paint()),
    /** @param {{tool: string, label: number, count: number, canUndo: boolean, canRedo: boolean}} now */
    update({ tool, label, count, canUndo, canRedo }) {
      if (!parts) return;
      parts.tools.forEach((element) => element.setAttribute("aria-pressed", String(element.dataset.draw === tool)));
      parts.classes.forEach(({ element }, index) => element.setAttribute("aria-pressed", String(index === label)));
      // Not `disabled`, which would throw the focus off the tool that was just used.
      parts.undo.setAttribute("aria-disabled", String(!canUndo));
      parts.redo.setAttribute("aria-disabled", String(!canRedo));
      parts.clear.setAttribute("aria-disabled", String(!count));
      setText(parts.count, t("draw.count", { count, limit: MOST_POINTS }));
    },
  };
}
