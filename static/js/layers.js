// The hidden layers: how many, and for each a row with its own few settings. Rows are made from
// the descriptor's `layer`, so a new per-layer setting appears without a change here. What the
// chosen components mean is said once below the rows, not once a row.

import { h } from "./dom.js";
import { t } from "./i18n.js";

export function layersField(descriptor, context) {
  let current = structuredClone(descriptor.default);
  let rows = [];
  let explained = "";
  const least = descriptor.minimum ?? 0;
  const most = descriptor.maximum ?? 8;

  const count = h("output", { class: "figure layer-count" });
  const fewer = h("button", { type: "button", class: "stepper", "aria-label": t("layers.fewer"), onclick: () => resize(-1) }, "−");
  const more = h("button", { type: "button", class: "stepper", "aria-label": t("layers.more"), onclick: () => resize(1) }, "+");
  const list = h("div", { class: "layer-list" });
  const about = h("div", { class: "about" });
  const alike = h("button", { type: "button", class: "text-button", onclick: makeAlike }, t("layers.alike"));

  function resize(change) {
    if (change < 0) current = current.slice(0, -1);
    else current = [...current, structuredClone(current.at(-1) ?? Object.fromEntries(descriptor.layer.map((part) => [part.name, part.default])))];
    context.change(current, true);
    show();
  }
  function makeAlike() {
    current = current.map(() => structuredClone(current[0]));
    context.change(current, true);
    show();
  }

  function makeRow(index) {
    const parts = descriptor.layer.map((part) => ({
      part,
      control: context.make(part, {
        ...context, compact: true, bare: true, immediate: true,
        label: t("layers.part", { name: part.label, number: index + 1 }),
        change: (value) => {
          current = current.map((entry, at) => (at === index ? { ...entry, [part.name]: value } : entry));
          context.change(current, true);
          explain();
        },
      }),
    }));
    const element = h("div", { class: "layer-row" }, h("span", { class: "layer-number figure", "aria-hidden": "true" }, String(index + 1)), parts.map(({ control }) => control.element));
    return { element, parts };
  }

  function show() {
    count.textContent = String(current.length);
    fewer.disabled = current.length <= least;
    more.disabled = current.length >= most;
    while (rows.length > current.length) rows.pop().element.remove();
    while (rows.length < current.length) {
      rows.push(makeRow(rows.length));
      list.append(rows.at(-1).element);
    }
    rows.forEach(({ parts }, index) => {
      for (const { part, control } of parts) control.set(current[index][part.name] ?? part.default);
    });
    alike.hidden = current.length < 2 || current.every((entry) => JSON.stringify(entry) === JSON.stringify(current[0]));
    explain();
  }

  /** Formula and sentence of every component in use, each once. */
  function explain() {
    const used = [];
    for (const part of descriptor.layer.filter(({ kind }) => kind === "component")) {
      for (const entry of context.catalog[part.family] ?? []) {
        if (current.some((layer) => layer[part.name]?.id === entry.id)) used.push(entry);
      }
    }
    const key = used.map((entry) => entry.id).join();
    if (key === explained) return;
    explained = key;
    about.replaceChildren(...used.flatMap((entry) => [
      h("p", { class: "formula" }, used.length > 1 ? `${entry.label}: ${entry.formula}` : entry.formula),
      h("p", { class: "sentence" }, entry.description)]));
  }

  return {
    element: h("div", { class: "layers" }, h("div", { class: "layer-depth" }, fewer, count, more), list, alike, about),
    focus: null,
    inputs: [],
    set(value) {
      current = structuredClone(value);
      show();
    },
    fail(path, text) {
      const index = path.find((step) => typeof step === "number");
      if (index === undefined || !rows[index]) return false;
      const hit = rows[index].parts.find(({ part }) => path.includes(part.name));
      return hit ? hit.control.fail(path.slice(path.indexOf(hit.part.name) + 1), text) : false;
    },
    clear() {
      for (const { parts } of rows) for (const { control } of parts) control.clear();
    },
  };
}
