// Choosing any number of entries from the catalog, as chips to switch on and off. Below them, each
// chosen entry that has something to set is explained and gets its controls; so is every one of a
// set that may be empty, since there each choice adds a method. An entry with a text of the user's
// own may be chosen several times, so its chip adds one, and each can be removed. Blocks stay
// while they are chosen, so that nobody's typing is interrupted by an echo.

import { valueOf } from "./choices.js";
import { describe, h, icon, same } from "./dom.js";
import { explain } from "./explain.js";
import { drawn } from "./fields.js";
import { t } from "./i18n.js";

const textOf = (entry) => entry.parameters.find(({ kind }) => kind === "text");

export function setField(descriptor, context) {
  const entries = context.catalog[descriptor.family] ?? [];
  const optional = descriptor.minimum === 0;
  /** The blocks of an entry's id, in the order in which the entry was chosen. */
  const blocks = new Map(entries.map(({ id }) => [id, []]));
  const list = h("div", { class: "chosen", hidden: true });
  let current = descriptor.default;

  const boxes = entries.map((entry) => (textOf(entry) ? adder(entry) : toggle(entry)));
  const valuesOf = (entry, values = current) => values.filter((value) => value.id === entry.id);

  function toggle(entry) {
    const input = h("input", { type: "checkbox", value: entry.id, class: "visually-hidden" });
    input.addEventListener("change", () => {
      const rest = current.filter((value) => value.id !== entry.id);
      give(input.checked ? [...rest, valueOf(entry)] : rest);
      show();
    });
    return { entry, input, element: h("label", { class: "chip", title: entry.description, "data-entry": entry.id }, input, h("span", {}, entry.label)) };
  }

  function adder(entry) {
    const element = h("button", { type: "button", class: "chip", title: entry.description, "data-entry": entry.id, onclick: () => add(entry) },
      t("sets.add", { name: entry.label }));
    return { entry, input: null, element };
  }

  /** One more, with the first of the examples that is not there yet. */
  function add(entry) {
    const text = textOf(entry);
    const fresh = valueOf(entry);
    const taken = valuesOf(entry).map((value) => value[text.name]);
    fresh[text.name] = [text.default, ...(text.suggestions ?? [])].find((one) => !taken.includes(one)) ?? text.default;
    give([...current, fresh]);
    show();
    const input = blocks.get(entry.id).at(-1)?.element.querySelector("input");
    input?.focus();
    input?.select();
  }

  function remove(entry, block) {
    const at = blocks.get(entry.id).indexOf(block);
    const gone = valuesOf(entry)[at];
    block.element.remove();
    blocks.get(entry.id).splice(at, 1);
    give(current.filter((value) => value !== gone));
    show();
    boxes.find((box) => box.entry === entry).element.focus();
  }

  function give(values) {
    const place = (value) => entries.findIndex((candidate) => candidate.id === value.id);
    current = [...values].sort((a, b) => place(a) - place(b));
    context.change(current, true);
  }

  function makeBlock(entry) {
    const about = explain(entry);
    const block = {};
    const controls = entry.parameters.filter(drawn).map((parameter) => {
      const control = context.make(parameter, {
        ...context, compact: false, bare: false, label: undefined, immediate: false,
        change: (value) => {
          const mine = valuesOf(entry)[blocks.get(entry.id).indexOf(block)];
          give(current.map((one) => (one === mine ? { ...one, [parameter.name]: value } : one)));
          about.update(valuesOf(entry));
        },
      });
      return { name: parameter.name, control };
    });
    const several = Boolean(textOf(entry));
    const off = several ? h("button", { type: "button", class: "mini", "aria-label": t("sets.remove", { name: entry.label }), title: t("sets.remove", { name: entry.label }), onclick: () => remove(entry, block) }, icon("i-close")) : null;
    block.element = h("section", { class: `chosen-part${several ? " removable" : ""}`, role: "group", "aria-label": entry.label },
      off, several ? null : h("p", { class: "chosen-name" }, entry.label), several ? null : about.element,
      controls.length ? h("div", { class: "nested" }, controls.map(({ control }) => control.element)) : null);
    return Object.assign(block, { controls, about });
  }

  function show() {
    for (const { entry, input } of boxes) {
      const values = valuesOf(entry);
      const made = blocks.get(entry.id);
      if (input) input.checked = values.length > 0;
      const told = optional || entry.parameters.some(drawn) ? values.length : 0;
      while (made.length > told) made.pop().element.remove();
      while (made.length < told) made.push(makeBlock(entry));
      made.forEach(({ controls, about }, index) => {
        about.update([values[index]]);
        for (const { name, control } of controls) if (values[index][name] !== undefined) control.set(values[index][name]);
      });
    }
    const wanted = entries.flatMap((entry) => blocks.get(entry.id).map(({ element }) => element));
    wanted.forEach((element, index) => list.children[index] !== element && list.insertBefore(element, list.children[index] ?? null));
    list.hidden = !wanted.length;
  }

  /** The part of a component that is not as it was: what is wrong with the whole set came of it. */
  function changed(holds) {
    for (const { entry } of boxes) {
      const before = valuesOf(entry, holds);
      const now = valuesOf(entry);
      if (now.length !== before.length) continue;
      for (const [index, { controls }] of blocks.get(entry.id).entries()) {
        const hit = controls.find(({ name }) => !same(now[index][name], before[index][name]));
        if (hit) return hit.control;
      }
    }
    return null;
  }

  const chips = h("div", { class: "chips" }, boxes.map((box) => box.element));
  return {
    element: h("div", { class: "set" }, chips, list),
    chooser: chips,
    focus: null,
    inputs: [],
    set(value) {
      current = value;
      show();
    },
    /** Marks the chips that were pressed: in them, what was asked for differs from what holds. @param {string|null} says id of what says why */
    blame(asked, holds, says) {
      for (const { entry, input, element } of boxes) {
        const wrong = valuesOf(entry, asked).length !== valuesOf(entry, holds).length;
        element.classList.toggle("refused", wrong);
        describe(input ?? element, wrong ? says : null);
      }
    },
    fail(path, text, at, holds) {
      const index = path.find((step) => typeof step === "number");
      if (index === undefined) return changed(holds)?.fail([], text, at) ?? false;
      const value = current[index];
      const before = current.slice(0, index).filter((one) => one.id === value?.id).length;
      const hit = blocks.get(value?.id)?.[before]?.controls.find(({ name }) => path.includes(name));
      return hit ? hit.control.fail(path.slice(path.indexOf(hit.name) + 1), text, at) : false;
    },
    clear() {
      for (const { controls } of [...blocks.values()].flat()) for (const { control } of controls) control.clear();
    },
  };
}
