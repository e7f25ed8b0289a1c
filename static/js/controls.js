// A control a kind, made from the server's descriptor alone: label, one-sentence help, the mark
// that says "changed from the default" with its put-back button, and the place for an error are
// the same for all; what is inside comes from the modules named below. A control knows neither
// socket nor store: it gets values by set() and gives them away by `change`.

import { h, icon, same, throttle, uniqueId } from "./dom.js";
import { plain, withUnit } from "./format.js";
import { t } from "./i18n.js";
import { numberField, optionField, place, switchField, textField } from "./fields.js";
import { choiceField } from "./choices.js";
import { layersField } from "./layers.js";
import { setField } from "./sets.js";

/**
 * @typedef {{name: string, kind: string, label: string, description: string, default: any, minimum: number|null,
 *   maximum: number|null, scale: string, step: number|null, suggestions: any[], unit: string, live: boolean,
 *   group: string, family: string|null, layer: Descriptor[], options: {value: string, label: string}[]}} Descriptor
 * @typedef {{element: HTMLElement, set: (value: any) => void, fail: (path: any[], text: string, at?: number) => boolean, clear: () => void,
 *   value: () => any}} Control
 * @typedef {{catalog: Record<string, any[]>, plane: number[], change: (value: any) => void, compact?: boolean, immediate?: boolean,
 *   label?: string, bare?: boolean}} Context
 */

const FIELDS = {
  integer: numberField, number: numberField, boolean: switchField, choice: optionField, text: textField,
  component: choiceField, components: setField, layers: layersField,
};
/** While a hand is on a control, echoes of earlier values must not move it. */
const HOLD = 700;

/** What was wrong may be right after any change that was taken, so errors are of their time. */
let time = 0;
export const nextTime = () => time++;

/** A value with every parameter named, so that it compares with the default. */
export function complete(descriptor, value, catalog) {
  const fill = (entryValue) => {
    const entry = catalog[descriptor.family]?.find((candidate) => candidate.id === entryValue?.id);
    if (!entry) return entryValue;
    const filled = { id: entry.id };
    for (const parameter of entry.parameters) {
      filled[parameter.name] = complete(parameter, entryValue[parameter.name] ?? parameter.default, catalog);
    }
    return filled;
  };
  if (descriptor.kind === "component") return fill(value);
  if (descriptor.kind === "components") return value.map(fill).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (descriptor.kind === "layers") {
    return value.map((entry) =>
      Object.fromEntries(descriptor.layer.map((part) => [part.name, complete(part, entry[part.name] ?? part.default, catalog)])));
  }
  return value;
}

/** The sentence about range, default and effect that follows the description in the help. */
function rangeText(descriptor) {
  const { minimum, maximum, unit, kind } = descriptor;
  const parts = [];
  if (kind === "integer" || kind === "number") {
    if (minimum !== null && maximum !== null) parts.push(t("help.range", { minimum: withUnit(minimum, unit), maximum: withUnit(maximum, unit) }));
    else if (minimum !== null) parts.push(t("help.at_least", { minimum: withUnit(minimum, unit) }));
    else if (maximum !== null) parts.push(t("help.at_most", { maximum: withUnit(maximum, unit) }));
    if (typeof descriptor.default === "number") parts.push(t("help.default", { value: withUnit(descriptor.default, unit) }));
  }
  if (kind === "text" && maximum !== null) parts.push(t("help.length", { maximum: plain(maximum) }));
  if (kind === "layers" || kind === "components") {
    if (minimum !== null && maximum !== null) parts.push(t("help.count", { minimum: plain(minimum), maximum: plain(maximum) }));
  }
  return parts.join(" ");
}

/**
 * @param {Descriptor} descriptor @param {Context} context @returns {Control}
 */
export function makeControl(descriptor, context) {
  const id = uniqueId(descriptor.name);
  let shown = descriptor.default;
  let latest = descriptor.default;
  let confirmed = descriptor.default;
  let heldUntil = 0;
  let timer = 0;
  let failed = false;
  let saidAt = -1;
  const number = descriptor.kind === "integer" || descriptor.kind === "number";
  const typed = number || descriptor.kind === "text";

  const send = throttle(descriptor.live ? 50 : 125, (value) => context.change(value));
  const pass = (value, final) => {
    shown = value;
    latest = value;
    forgive();
    hold(final ? 250 : HOLD);
    mark();
    if (context.immediate) context.change(value);
    else {
      send(value);
      if (final) send.flush();
    }
  };

  const help = h("div", { id: `${id}-help`, class: "help", popover: "" },
    h("p", {}, descriptor.description),
    rangeText(descriptor) ? h("p", { class: "figure" }, rangeText(descriptor)) : null,
    context.compact ? null : h("p", { class: "muted" }, t(descriptor.live ? "help.live" : "help.restart")));
  const field = FIELDS[descriptor.kind](descriptor, { ...context, id, make: makeControl, change: pass });

  const label = context.label ?? descriptor.label;
  const caption = field.focus
    ? h("label", { class: "label", for: field.focus, id: `${id}-label` }, label)
    : h("span", { class: "label", id: `${id}-label` }, label);
  const putBack = h("button", { type: "button", class: "mini put-back", "aria-label": t("help.put_back", { name: label }), title: t("help.put_back", { name: label }),
    onclick: () => {
      const value = structuredClone(descriptor.default);
      clear();
      pass(value, true);
      field.set(value);
    } }, icon("i-back"));
  const helpButton = h("button", { type: "button", class: "mini ask", "aria-label": t("help.about", { name: label }), popovertarget: help.id }, "?");
  help.addEventListener("toggle", (event) => event.newState === "open" && place(help, helpButton));
  const differs = h("span", { class: "differs", hidden: true }, t("settings.differs"));
  const error = h("p", { class: "error", role: "alert", id: `${id}-error`, hidden: true });
  const head = context.bare ? null : h("div", { class: "control-head" }, caption, differs, putBack, helpButton);
  const element = h("div", { class: `control kind-${descriptor.kind}`, "data-name": descriptor.name, "data-family": descriptor.family }, head, field.element, context.bare ? null : help);
  // Where the hand was, and not below all that is said of what is chosen.
  (field.chooser ?? field.element).after(error);
  if (!field.focus) {
    field.element.setAttribute("role", "group");
    field.element.setAttribute("aria-labelledby", `${id}-label`);
    field.element.setAttribute("aria-describedby", context.bare ? `${id}-error` : `${help.id} ${id}-error`);
  }
  for (const input of field.inputs ?? []) {
    if (context.bare) input.setAttribute("aria-label", label);
    input.setAttribute("aria-describedby", context.bare ? `${id}-error` : `${help.id} ${id}-error`);
  }
  if (context.bare && !field.focus) {
    field.element.setAttribute("aria-label", label);
    field.element.removeAttribute("aria-labelledby");
  }

  function mark() {
    const changed = !same(complete(descriptor, shown, context.catalog), complete(descriptor, descriptor.default, context.catalog));
    element.classList.toggle("changed", changed);
    putBack.disabled = !changed;
  }
  function hold(time) {
    heldUntil = performance.now() + time;
    clearTimeout(timer);
    timer = setTimeout(() => show(latest), time + 10);
  }
  function set(value) {
    if (!failed && !error.hidden && (saidAt !== time || !same(value, confirmed))) forgive();
    latest = value;
    confirmed = value;
    show(value);
  }
  function show(value) {
    if (performance.now() < heldUntil || failed) return;
    shown = value;
    field.set(value);
    mark();
  }
  /** What was wrong with this control itself is over; what stands wrong inside of it is not. */
  function forgive() {
    failed = false;
    error.hidden = true;
    error.textContent = "";
    element.classList.remove("failed");
    field.point?.();
    field.blame?.([], [], null);
    for (const input of field.inputs ?? []) input.removeAttribute("aria-invalid");
  }
  function clear() {
    forgive();
    field.clear?.();
  }
  /** What was refused gives way to what holds; why it was refused stays until something is set. */
  function giveWay() {
    failed = false;
    heldUntil = 0;
    clearTimeout(timer);
    latest = shown = confirmed;
    field.set(confirmed, true);
    mark();
  }
  // A number can be corrected as long as the hand is on it.
  if (number) {
    element.addEventListener("focusout", (event) => {
      if (!failed || field.element.contains(event.relatedTarget)) return;
      giveWay();
      for (const input of field.inputs ?? []) input.removeAttribute("aria-invalid");
      element.classList.remove("failed");
    });
  }

  field.set(shown);
  mark();
  return {
    element,
    set,
    clear,
    value: () => shown,
    /** Shows "these panels differ here". */
    differ(yes) {
      differs.hidden = !yes;
    },
    /** Shows what is wrong, here or at the part the path leads to; `at` is the place in a text. */
    fail(path, text, at) {
      if (field.fail?.(path, text, at, confirmed)) {
        // The part stays as it was typed, to be corrected; all others go on from what holds.
        giveWay();
        if (element.querySelector(".error:not([hidden])")) return true; // else the part came only with what was asked for
      }
      const asked = shown;
      failed = true;
      saidAt = time;
      // What was typed stays to be corrected; what was chosen, or left already, goes back to what holds.
      const left = number && !field.element.contains(document.activeElement);
      if (!typed || left) giveWay();
      error.textContent = text;
      error.hidden = false;
      if (element.contains(document.activeElement)) error.scrollIntoView({ block: "nearest" });
      if (left) return true;
      element.classList.add("failed");
      field.point?.(at);
      field.blame?.(asked, confirmed, error.id);
      for (const input of field.inputs ?? []) input.setAttribute("aria-invalid", "true");
      return true;
    },
  };
}
