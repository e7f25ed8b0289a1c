// A column of controls: makes one per descriptor, in groups, passes values in and errors to
// the control they belong to. Both columns are this form; they differ in what they send. Groups
// with a title fold, so that twenty settings fit beside a picture; a folded group says what in
// it is changed, and opens by itself when an error is inside.

import { h, same, setText } from "./dom.js";
import { complete, makeControl } from "./controls.js";
import { drawn } from "./fields.js";
import { t } from "./i18n.js";
import { recall, remember } from "./saved.js";

const OPEN_AT_FIRST = 2;

/**
 * @param {HTMLElement} root
 * @param {{descriptors: any[], groups: Record<string, string>, context: any, send: (name: string, value: any) => void}} options
 */
export function createForm(root, { descriptors, groups, context, send }) {
  const controls = new Map();
  const sections = new Map();
  for (const descriptor of descriptors.filter(drawn)) {
    const control = makeControl(descriptor, { ...context, change: (value) => send(descriptor.name, value) });
    const entry = { descriptor, control, differs: false };
    controls.set(descriptor.name, entry);
    if (!sections.has(descriptor.group)) sections.set(descriptor.group, []);
    sections.get(descriptor.group).push(entry);
  }
  const order = [...Object.keys(groups), ...sections.keys()];
  const names = [...sections.keys()].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const notes = new Map();
  root.replaceChildren(...names.map((name, index) => {
    const elements = sections.get(name).map(({ control }) => control.element);
    if (!groups[name]) return h("fieldset", { class: "group" }, h("legend", { class: "visually-hidden" }, name), elements);
    const key = `group.${name}`;
    const changed = h("span", { class: "group-note" });
    const differs = h("span", { class: "differs" }, t("settings.differs"));
    notes.set(name, { changed, differs });
    const fold = h("details", { class: "group folding", "data-group": name, open: recall(key, index < OPEN_AT_FIRST ? "open" : "closed") === "open" },
      h("summary", {}, h("span", { class: "group-title" }, groups[name]), changed, differs),
      h("div", { role: "group", "aria-label": groups[name] }, elements));
    fold.firstChild.addEventListener("click", () => remember(key, fold.open ? "closed" : "open"));
    return fold;
  }));

  function note() {
    for (const [name, { changed, differs }] of notes) {
      const number = sections.get(name).filter(({ control }) => control.element.classList.contains("changed")).length;
      setText(changed, number ? t("group.changed", { count: number }) : "");
      differs.hidden = !sections.get(name).some((entry) => entry.differs);
    }
  }

  return {
    /** @param {Record<string, any>} values @param {Record<string, any>[]} [others] what to compare with */
    update(values, others = []) {
      for (const [name, entry] of controls) {
        if (!(name in values)) continue;
        const { descriptor, control } = entry;
        control.set(values[name]);
        const mine = complete(descriptor, values[name], context.catalog);
        entry.differs = others.some((other) => !same(complete(descriptor, other[name], context.catalog), mine));
        control.differ(entry.differs);
      }
      note();
    },
    /** @param {number} [at] place in a text @returns {boolean} whether a control took it */
    fail([name, ...rest], text, at) {
      const found = controls.get(name);
      const taken = found ? found.control.fail(rest, text, at) : false;
      const fold = taken && found.control.element.closest("details");
      if (fold) fold.open = true;
      return taken;
    },
    clear() {
      for (const { control } of controls.values()) control.clear();
    },
  };
}
