// Says in a few words what a panel is: beside others, only what differs from the first; alone, a
// short summary of its network. Works on descriptors and values, so a new setting is named in
// titles without a change here.

import { complete } from "./controls.js";
import { same } from "./dom.js";
import { split } from "./layers.js";
import { lowerFirst, plain, withUnit } from "./format.js";
import { t } from "./i18n.js";

/** How large a network is. @param {import("./store.js").PanelInfo} panel */
export const sizeOf = ({ units, parameters, bytes }) => t("panels.size", {
  units: units === 1 ? t("inside.one_unit") : t("inside.units", { count: units }),
  parameters: parameters.toLocaleString("en"), bytes: bytes.toLocaleString("en"),
});

const entryOf = (descriptor, value, catalog) => catalog[descriptor.family]?.find((entry) => entry.id === value?.id);
const entryLabel = (descriptor, value, catalog) => entryOf(descriptor, value, catalog)?.label ?? value?.id ?? "";
const allSame = (values) => values.every((value) => same(value, values[0]));

/** A text of the user's own, not longer than a title can bear. */
const shortened = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

/** What an entry of a set is called: by its text where it has one, since there may be several of them. */
function called(descriptor, value, catalog) {
  const entry = entryOf(descriptor, value, catalog);
  const text = entry?.parameters.find(({ kind }) => kind === "text");
  return text && value[text.name] ? shortened(value[text.name]) : entryLabel(descriptor, value, catalog);
}

/** One word or two for a value. */
function brief(descriptor, value, catalog) {
  if (descriptor.kind === "component") return entryLabel(descriptor, value, catalog);
  if (descriptor.kind === "components") return value.map((one) => called(descriptor, one, catalog)).join(" ");
  if (descriptor.kind === "boolean") return t(value ? "value.on" : "value.off");
  if (descriptor.kind === "choice") return descriptor.options.find((option) => option.value === value)?.label ?? value;
  if (descriptor.kind === "text") return shortened(value);
  return withUnit(value, descriptor.unit);
}

/** "Learning rate η" has a word and a symbol; titles need only one of them. */
const SYMBOL = /\s+([\u0370-\u03ffa-z][\u2080-\u2089]?)$/u;
const bare = (descriptor) => lowerFirst(descriptor.label.replace(SYMBOL, ""));
const named = (descriptor, text) => `${bare(descriptor)} ${text}`;
const symbolOf = (parameter) => parameter.label.match(SYMBOL)?.[1] ?? lowerFirst(parameter.label);

/** What differs in one setting, for every panel: a list of texts, or null. */
function differences(descriptor, values, catalog) {
  if (allSame(values)) return null;
  if (descriptor.kind === "component") {
    const parts = values.map((value) => [entryLabel(descriptor, value, catalog)]);
    const alike = values.every((value) => value.id === values[0].id);
    values.forEach((value, index) => {
      for (const parameter of entryOf(descriptor, value, catalog)?.parameters ?? []) {
        const others = values.filter((other) => other.id === value.id).map((other) => other[parameter.name]);
        if (alike ? !allSame(others) : others.length > 1 && !allSame(others)) parts[index].push(`${symbolOf(parameter)} ${brief(parameter, value[parameter.name], catalog)}`);
      }
    });
    const numbers = values.every((value) => (entryOf(descriptor, value, catalog)?.parameters.length ?? 0) <= 1);
    if (!alike && numbers) {
      values.forEach((value, index) => {
        const [parameter] = entryOf(descriptor, value, catalog)?.parameters ?? [];
        if (parameter && parts[index].length === 1 && typeof value[parameter.name] === "number") parts[index].push(`${symbolOf(parameter)} ${plain(value[parameter.name])}`);
      });
    }
    return parts.map((list) => list.join(" "));
  }
  if (descriptor.kind === "layers") return layerDifferences(descriptor, values, catalog);
  if (descriptor.kind === "components" && descriptor.minimum === 0) return setDifferences(descriptor, values, catalog);
  if (descriptor.kind === "boolean") return values.map((value) => (value ? bare(descriptor) : t("titles.none", { name: bare(descriptor) })));
  return values.map((value) => named(descriptor, brief(descriptor, value, catalog)));
}

/** "L2 λ 0.01 + Dropout", "no regularization": what a panel has that not all have alike. */
function setDifferences(descriptor, values, catalog) {
  const everywhere = (one) => values.every((list) => list.some((other) => same(other, one)));
  // Where something would be left without a word, the whole sets are said.
  const whole = values.some((list) => list.length && list.every(everywhere));
  const inOrder = catalog[descriptor.family] ?? [];
  return values.map((list) => {
    const said = inOrder.flatMap((entry) => {
      const one = list.find((value) => value.id === entry.id);
      if (!one || (everywhere(one) && !whole)) return [];
      const others = values.flatMap((other) => other.filter((value) => value.id === entry.id));
      const telling = entry.parameters.filter((parameter) => !allSame(others.map((other) => other[parameter.name])));
      // A lone strength with a symbol is short enough to be said although nothing differs from it.
      const [only, another] = entry.parameters;
      const brisk = only && !another && SYMBOL.test(only.label) && !everywhere(one);
      const numbers = telling.length || !brisk ? telling : [only];
      return [[entry.label, ...numbers.map((parameter) => `${symbolOf(parameter)} ${brief(parameter, one[parameter.name], catalog)}`)].join(" ")];
    });
    return said.length ? said.join(" + ") : t("titles.none", { name: lowerFirst(descriptor.label) });
  });
}

function layerDifferences(descriptor, values, catalog) {
  const texts = values.map(() => []);
  if (!allSame(values.map((value) => value.length))) {
    values.forEach((value, index) => texts[index].push(t(value.length === 1 ? "titles.layer" : "titles.layers", { count: value.length })));
  }
  for (const part of descriptor.layer) {
    const lists = values.map((value) => value.map((layer) => layer[part.name]));
    const shorts = lists.map((list) => (list.length && allSame(list) ? [list[0]] : list));
    const spoken = shorts.filter((list) => list.length);
    if (spoken.every((list) => same(list, spoken[0]))) continue;
    shorts.forEach((list, index) => {
      if (!list.length) return;
      const words = list.map((value) => brief(part, value, catalog)).join(", ");
      texts[index].push(part.kind === "component" ? words : named(part, words));
    });
  }
  return texts.map((list) => list.join(", "));
}

/**
 * @param {any[]} descriptors the network form @param {Record<string, any>[]} panels
 * @returns {string[]} one title a panel
 */
export function titles(descriptors, panels, catalog) {
  if (panels.length === 1) return [summary(descriptors, panels[0], catalog)];
  const lists = panels.map(() => []);
  for (const descriptor of descriptors) {
    if (panels.some((panel) => panel[descriptor.name] === undefined)) continue;
    const values = panels.map((panel) => complete(descriptor, panel[descriptor.name], catalog));
    const found = differences(descriptor, values, catalog);
    if (!found) continue;
    found.forEach((text, index) => text && (index === 0 || !same(values[index], values[0])) && lists[index].push(text));
  }
  return lists.map((list) => list.join(" · ") || t("titles.same"));
}

/** Kinds whose values say nothing without the setting's name. */
const NAMELESS = ["number", "integer", "choice", "text"];

/** "learning rate 0.03 → 0.1", "SGD → Adam": one setting before and after it was changed. */
export function changed(descriptor, before, after, catalog) {
  const values = [before, after].map((value) => complete(descriptor, value, catalog));
  if (NAMELESS.includes(descriptor.kind)) return named(descriptor, values.map((value) => brief(descriptor, value, catalog)).join(" → "));
  return (differences(descriptor, values, catalog) ?? [bare(descriptor)]).join(" → ");
}

/** The settings in which two networks differ, each with its name and its two values in words. */
export function contrasts(descriptors, panels, catalog) {
  return descriptors.flatMap((descriptor) => {
    const values = panels.map((panel) => complete(descriptor, panel[descriptor.name] ?? descriptor.default, catalog));
    if (allSame(values)) return [];
    const texts = [...NAMELESS, "boolean"].includes(descriptor.kind) ? values.map((value) => brief(descriptor, value, catalog)) : differences(descriptor, values, catalog);
    return [{ label: descriptor.label, texts: texts.map((text) => text || t("titles.same")) }];
  });
}

/** "8 · 8  ReLU": the layers of a lone network. */
export function summary(descriptors, panel, catalog) {
  const layers = descriptors.find(({ kind }) => kind === "layers");
  if (!layers) return "";
  const value = panel[layers.name] ?? [];
  if (!value.length) return t("titles.no_hidden");
  const { shown, more } = split(layers.layer);
  const told = [...shown, ...more.filter((part) => value.some((layer) => layer[part.name] !== undefined && !same(layer[part.name], part.default)))];
  return told.map((part) => {
    const words = value.map((layer) => brief(part, layer[part.name] ?? part.default, catalog));
    const text = part.kind === "component" && allSame(words) ? words[0] : words.join(" · ");
    return shown.includes(part) ? text : named(part, allSame(words) ? words[0] : text);
  }).join("  ");
}
