// Flags on the charts: where something was changed while the run went on. Each is a small number at
// the upper edge of the plot, with a line down to the axis, and says under the pointer or the focus
// what was changed; flags that stand too close share one mark. They take no part in Plotly's picture,
// which assistive technology skips: the first chart's can be reached by key, and all charts list them.

import { h } from "./dom.js";
import { epochOf, figure } from "./format.js";
import { t } from "./i18n.js";
import { LETTERS } from "./palette.js";
import { changed } from "./titles.js";

/** Pixels between two marks, at least. */
const APART = 24;

/** "12.50" for a flag's epoch, without the zeros in front. */
const when = (epoch) => epochOf(epoch, true);

/** What was changed, in words. @param {import("./timeline.js").Flag} flag */
export function describe(store, flag) {
  const texts = new Map();
  for (const { panel, before, after } of flag.changes) {
    const text = one(store, flag, before, after);
    const letter = LETTERS[store.panels.findIndex(({ id }) => id === panel)] ?? "–";
    texts.set(text, [...(texts.get(text) ?? []), letter]);
  }
  const all = texts.size === 1 && flag.changes.length === store.panels.length;
  return [...texts].map(([text, letters]) => (all ? text : `${letters.join(" ")}: ${text}`)).join("; ");
}

function one(store, { what, place }, before, after) {
  if (what === "setting") {
    const descriptor = store.boot.form.network.find(({ name }) => name === place.name);
    return descriptor ? changed(descriptor, before, after, store.boot.catalog) : place.name;
  }
  const written = (value) => (typeof value === "number" ? figure(value).replace("-", "−") : String(value));
  const key = what === "weight" && place.input === null ? "flags.bias" : `flags.${what}`;
  const numbers = Object.fromEntries(Object.entries(place ?? {}).map(([name, value]) => [name, value + 1]));
  return t(key, { ...numbers, before: written(before), after: written(after) });
}

/**
 * @param {any} store @param {boolean} reachable by key and for assistive technology
 * @param {(epoch: number) => void} visit goes to the moment of a flag
 */
export function createFlags(store, reachable, visit) {
  const tip = h("div", { class: "flag-tip", hidden: true, role: reachable ? "status" : null });
  const marks = h("div", { class: "flag-marks" });
  const element = h("div", { class: "chart-flags", "aria-hidden": reachable ? null : "true" }, marks, tip);
  let shown = "";

  /** All flags with their numbers and whether they lie on the line that leads to where the session stands. */
  function list() {
    const { flags, tentative, raised } = store.timeline;
    return [...flags, ...tentative].map((flag, index) => ({ flag, number: index + 1, later: !raised.includes(flag) }));
  }

  const line = ({ flag, number }) => `${number}. ${t("flags.at", { epoch: when(flag.epoch), text: describe(store, flag) })}`;

  function point(mark, group) {
    tip.replaceChildren(...group.map((each) => h("p", {}, line(each))));
    tip.hidden = false;
    const room = element.clientWidth;
    const width = Math.min(tip.offsetWidth, room - 8);
    tip.style.left = `${Math.max(4, Math.min(room - width - 4, mark.offsetLeft - width / 2))}px`;
  }

  function make(group, left, height) {
    const first = group[0].number;
    const last = group.at(-1).number;
    const mark = h("button", { type: "button", class: `flag${group.every(({ later }) => later) ? " later" : ""}`, tabindex: reachable ? null : "-1", "aria-label": group.map(line).join(" ") },
      first === last ? String(first) : `${first}–${last}`);
    mark.style.left = `${left}px`;
    mark.style.setProperty("--pole", `${height}px`);
    for (const event of ["pointerenter", "focus"]) mark.addEventListener(event, () => point(mark, group));
    for (const event of ["pointerleave", "blur"]) mark.addEventListener(event, () => (tip.hidden = true));
    mark.addEventListener("click", () => visit(group[0].flag.epoch));
    return mark;
  }

  return {
    element,
    list,
    line,
    /** Puts the flags over a plot. @param {[number, number]} range epochs @param {{left: number, width: number, top: number, height: number}} plot */
    place([from, to], { left, width, top, height }) {
      const all = list().filter(({ flag }) => flag.epoch >= from && flag.epoch <= to);
      const groups = [];
      for (const each of all.sort((a, b) => a.flag.epoch - b.flag.epoch || a.number - b.number)) {
        const at = left + ((each.flag.epoch - from) / (to - from)) * width;
        if (groups.length && at - groups.at(-1).at < APART) groups.at(-1).group.push(each);
        else groups.push({ at, group: [each] });
      }
      const key = JSON.stringify([top, height, groups.map(({ at, group }) => [Math.round(at), group.map((each) => [each.later, line(each)])])]);
      if (key === shown) return;
      shown = key;
      const focused = [...marks.children].indexOf(document.activeElement);
      tip.hidden = true;
      marks.style.top = `${top}px`;
      marks.replaceChildren(...groups.map(({ at, group }) => make(group, at, height)));
      if (focused >= 0) /** @type {HTMLElement} */ (marks.children[Math.min(focused, marks.children.length - 1)])?.focus();
    },
  };
}
