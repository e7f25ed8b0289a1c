// Choosing any number of entries from the catalog, as chips to switch on and off. Below them, each
// chosen entry that has something to set is explained and gets its controls; so is every one of a
// set that may be empty, since there each choice adds a method. Blocks stay while they are
// chosen, so that nobody's typing is interrupted by an echo.

import { valueOf } from "./choices.js";
import { h } from "./dom.js";
import { explain } from "./explain.js";

export function setField(descriptor, context) {
  const entries = context.catalog[descriptor.family] ?? [];
  const optional = descriptor.minimum === 0;
  const blocks = new Map();
  const list = h("div", { class: "chosen", hidden: true });
  let current = descriptor.default;

  const boxes = entries.map((entry) => {
    const input = h("input", { type: "checkbox", value: entry.id, class: "visually-hidden" });
    input.addEventListener("change", () => {
      const rest = current.filter((value) => value.id !== entry.id);
      const wanted = input.checked ? [...rest, valueOf(entry)] : rest;
      const place = (value) => entries.findIndex((candidate) => candidate.id === value.id);
      give(wanted.sort((a, b) => place(a) - place(b)));
      show();
    });
    return { entry, input, element: h("label", { class: "chip", title: entry.description }, input, h("span", {}, entry.label)) };
  });

  function give(value) {
    current = value;
    context.change(current, true);
  }

  function makeBlock(entry) {
    const about = explain(entry);
    const controls = entry.parameters.map((parameter) => ({
      name: parameter.name,
      control: context.make(parameter, {
        ...context, compact: false, bare: false, label: undefined, immediate: false,
        change: (value) => {
          give(current.map((one) => (one.id === entry.id ? { ...one, [parameter.name]: value } : one)));
          about.update(current.filter((one) => one.id === entry.id));
        },
      }),
    }));
    const element = h("section", { class: "chosen-part", role: "group", "aria-label": entry.label },
      h("p", { class: "chosen-name" }, entry.label), about.element,
      controls.length ? h("div", { class: "nested" }, controls.map(({ control }) => control.element)) : null);
    return { element, controls, about };
  }

  function show() {
    for (const { entry, input } of boxes) {
      const value = current.find((chosen) => chosen.id === entry.id);
      input.checked = Boolean(value);
      if (!value) {
        blocks.get(entry.id)?.element.remove();
        blocks.delete(entry.id);
        continue;
      }
      if (!optional && !entry.parameters.length) continue;
      if (!blocks.has(entry.id)) blocks.set(entry.id, makeBlock(entry));
      const { controls, about } = blocks.get(entry.id);
      about.update([value]);
      for (const { name, control } of controls) if (value[name] !== undefined) control.set(value[name]);
    }
    const wanted = entries.filter((entry) => blocks.has(entry.id)).map((entry) => blocks.get(entry.id).element);
    wanted.forEach((element, index) => list.children[index] !== element && list.insertBefore(element, list.children[index] ?? null));
    list.hidden = !wanted.length;
  }

  return {
    element: h("div", { class: "set" }, h("div", { class: "chips" }, boxes.map((box) => box.element)), list),
    focus: null,
    inputs: [],
    set(value) {
      current = value;
      show();
    },
    fail(path, text) {
      const value = current[path.find((step) => typeof step === "number")];
      const hit = blocks.get(value?.id)?.controls.find(({ name }) => path.includes(name));
      return hit ? hit.control.fail(path.slice(path.indexOf(hit.name) + 1), text) : false;
    },
    clear() {
      for (const { controls } of blocks.values()) for (const { control } of controls) control.clear();
    },
  };
}
