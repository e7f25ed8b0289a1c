// Choosing one component from the catalog: a select, or thumbnails where the entries bring
// example points, with what it means and its own parameters below. Nothing here knows the name
// of any component.

import { h } from "./dom.js";
import { explain } from "./explain.js";
import { drawn } from "./fields.js";
import { createThumbnails } from "./thumbnails.js";

/** The value for a newly chosen entry: defaults, keeping parameters that mean the same. */
export function valueOf(entry, previous = {}) {
  const value = { id: entry.id };
  for (const parameter of entry.parameters) {
    const kept = previous[parameter.name];
    const legal = typeof kept === "number" && typeof parameter.default === "number" && kept >= (parameter.minimum ?? -Infinity) && kept <= (parameter.maximum ?? Infinity);
    value[parameter.name] = legal ? kept : structuredClone(parameter.default);
  }
  return value;
}

export function choiceField(descriptor, context) {
  const entries = context.catalog[descriptor.family] ?? [];
  let current = descriptor.default;
  let built = null;
  let parameters = [];
  /** The last value of entries that hold what nobody wants to make twice. */
  const kept = new Map();
  const pick = (entryId) => {
    const entry = entries.find((candidate) => candidate.id === entryId);
    current = kept.get(entryId) ?? valueOf(entry, current);
    context.change(current, true);
    show();
  };

  const pictured = entries.some((entry) => entry.example);
  const chooser = pictured ? createThumbnails(entries, context, pick) : list(entries, context.id, pick);
  const nested = h("div", { class: "nested" });
  const about = context.compact ? null : h("div", {});
  let meaning = null;

  function show() {
    const entry = entries.find((candidate) => candidate.id === current?.id);
    chooser.set(current?.id);
    if (!entry) return;
    if (!entry.parameters.every(drawn)) kept.set(entry.id, current);
    if (built !== entry.id) {
      built = entry.id;
      meaning = about && explain(entry);
      about?.replaceChildren(meaning.element);
      parameters = entry.parameters.filter(drawn).map((parameter) => ({
        name: parameter.name,
        control: context.make(parameter, {
          ...context, compact: false, bare: false, label: undefined, immediate: false,
          change: (value) => {
            current = { ...current, [parameter.name]: value };
            context.change(current, true);
            meaning?.update([current]);
          },
        }),
      }));
      nested.replaceChildren(...parameters.map(({ control }) => control.element));
      nested.hidden = !parameters.length;
    }
    meaning?.update([current]);
    for (const { name, control } of parameters) if (current[name] !== undefined) control.set(current[name]);
  }

  return {
    element: h("div", { class: "choice" }, chooser.element, about, nested),
    chooser: chooser.element,
    focus: pictured ? null : context.id,
    inputs: pictured ? [] : [chooser.element],
    set(value) {
      current = value;
      show();
    },
    blame: (asked, holds, says) => chooser.blame?.(asked?.id === holds?.id ? null : asked.id, says),
    fail(path, text, at) {
      const hit = parameters.find(({ name }) => path.includes(name));
      return hit ? hit.control.fail(path.slice(path.indexOf(hit.name) + 1), text, at) : false;
    },
    clear() {
      for (const { control } of parameters) control.clear();
    },
  };
}

function list(entries, id, pick) {
  const select = h("select", { id }, entries.map((entry) => h("option", { value: entry.id }, entry.label)));
  select.addEventListener("change", () => pick(select.value));
  return {
    element: select,
    set(value) {
      select.value = value ?? "";
    },
  };
}
