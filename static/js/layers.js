// The hidden layers: how many, and for each a row with its own settings. Rows are made from the
// descriptor's `layer`, so a new per-layer setting appears without a change here: the first number
// and the first choice stand in the row, all others behind its "more" button, which is marked
// when one of them is not at its default. What the chosen components mean is said once below the
// rows, not once a row.

import { h, same, uniqueId } from "./dom.js";
import { explain } from "./explain.js";
import { t } from "./i18n.js";

const isNumber = ({ kind }) => kind === "integer" || kind === "number";
const isChoice = ({ kind }) => kind === "component";

/** The parts of a layer that its row shows, and those behind "more". */
export function split(parts) {
  const shown = [parts.find(isNumber), parts.find(isChoice)].filter(Boolean);
  return { shown: parts.filter((part) => shown.includes(part)), more: parts.filter((part) => !shown.includes(part)) };
}

export function layersField(descriptor, context) {
  const { shown, more } = split(descriptor.layer);
  let current = structuredClone(descriptor.default);
  let rows = [];
  let explained = new Map();
  const least = descriptor.minimum ?? 0;
  const most = descriptor.maximum ?? 8;

  const count = h("output", { class: "figure layer-count" });
  const fewer = h("button", { type: "button", class: "stepper", "aria-label": t("layers.fewer"), onclick: () => resize(-1) }, "−");
  const another = h("button", { type: "button", class: "stepper", "aria-label": t("layers.more"), onclick: () => resize(1) }, "+");
  const list = h("div", { class: `layer-list${more.length ? " with-more" : ""}` });
  const about = h("div", {});
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
    const make = (part, how) => ({
      part,
      control: context.make(part, {
        ...context, ...how,
        change: (value) => {
          current = current.map((entry, at) => (at === index ? { ...entry, [part.name]: value } : entry));
          context.change(current, true);
          mark(rows[index], index);
          showAlike();
          say();
        },
      }),
    });
    const inRow = shown.map((part) => make(part, { compact: true, bare: true, immediate: true, label: t("layers.part", { name: part.label, number: index + 1 }) }));
    const behind = more.map((part) => make(part, { compact: false, bare: false, immediate: false, label: undefined }));
    const id = uniqueId("layer-more");
    const box = h("div", { class: "layer-more nested", id, hidden: true, role: "group", "aria-label": t("layers.more_settings", { number: index + 1 }) }, behind.map(({ control }) => control.element));
    const toggle = more.length ? h("button", { type: "button", class: "mini layer-toggle", "aria-expanded": "false", "aria-controls": id, onclick: () => open(row, box.hidden) }, "⋯") : null;
    const element = h("div", { class: "layer" },
      h("div", { class: "layer-row" }, h("span", { class: "layer-number figure", "aria-hidden": "true" }, String(index + 1)), inRow.map(({ control }) => control.element), toggle),
      more.length ? box : null);
    const row = { element, parts: [...inRow, ...behind], behind, box, toggle };
    return row;
  }

  function open({ box, toggle }, yes) {
    box.hidden = !yes;
    toggle.setAttribute("aria-expanded", String(yes));
  }

  /** The dot and the name of a row's "more" button. */
  function mark({ toggle }, index) {
    if (!toggle) return;
    const changed = more.some((part) => !same(current[index][part.name] ?? part.default, part.default));
    toggle.classList.toggle("marked", changed);
    const text = t(changed ? "layers.more_changed" : "layers.more_settings", { number: index + 1 });
    toggle.setAttribute("aria-label", text);
    toggle.title = text;
  }

  function showAlike() {
    alike.hidden = current.length < 2 || current.every((entry) => same(entry, current[0]));
  }

  function show() {
    count.textContent = String(current.length);
    fewer.disabled = current.length <= least;
    another.disabled = current.length >= most;
    while (rows.length > current.length) rows.pop().element.remove();
    while (rows.length < current.length) {
      rows.push(makeRow(rows.length));
      list.append(rows.at(-1).element);
    }
    rows.forEach((row, index) => {
      for (const { part, control } of row.parts) control.set(current[index][part.name] ?? part.default);
      mark(row, index);
    });
    showAlike();
    say();
  }

  /** What every component in use means, each once. */
  function say() {
    const used = new Map();
    for (const part of descriptor.layer.filter(isChoice)) {
      for (const entry of context.catalog[part.family] ?? []) {
        const values = current.map((layer) => layer[part.name]).filter((value) => value?.id === entry.id);
        if (values.length) used.set(entry, values);
      }
    }
    const entries = [...used.keys()];
    if (!same(entries.map(({ id }) => id), [...explained.keys()].map(({ id }) => id))) {
      explained = new Map(entries.map((entry) => [entry, explain(entry, { named: entries.length > 1 })]));
      about.replaceChildren(...[...explained.values()].map(({ element }) => element));
    }
    for (const [entry, meaning] of explained) meaning.update(used.get(entry));
  }

  return {
    element: h("div", { class: "layers" }, h("div", { class: "layer-depth" }, fewer, count, another), list, alike, about),
    chooser: list,
    focus: null,
    inputs: [],
    set(value) {
      current = structuredClone(value);
      show();
    },
    fail(path, text, at) {
      const row = rows[path.find((step) => typeof step === "number")];
      const hit = row?.parts.find(({ part }) => path.includes(part.name));
      if (!hit) return false;
      if (row.behind.includes(hit)) open(row, true);
      return hit.control.fail(path.slice(path.indexOf(hit.part.name) + 1), text, at);
    },
    clear() {
      for (const { parts } of rows) for (const { control } of parts) control.clear();
    },
  };
}
