// Says in a few words what a panel is: beside others, only what differs from the first; alone, a
// short summary of its network. Works on descriptors and values, so a new setting is named in
// titles without a change here.

import { complete } from "./controls.js";
import { same } from "./dom.js";
import { lowerFirst, plain, withUnit } from "./format.js";
import { t } from "./i18n.js";

const entryOf = (descriptor, value, catalog) => catalog[descriptor.family]?.find((entry) => entry.id === value?.id);
const entryLabel = (descriptor, value, catalog) => entryOf(descriptor, value, catalog)?.label ?? value?.id ?? "";
const allSame = (values) => values.every((value) => same(value, values[0]));

/** One word or two for a value. */
function brief(descriptor, value, catalog) {
  if (descriptor.kind === "component") return entryLabel(descriptor, value, catalog);
  if (descriptor.kind === "components") return value.map((one) => entryLabel(descriptor, one, catalog)).join(" ");
  if (descriptor.kind === "boolean") return t(value ? "value.on" : "value.off");
  if (descriptor.kind === "layers") return value.length ? value.map((layer) => layerText(descriptor, layer, catalog)).join(" · ") : t("titles.no_hidden");
  return withUnit(value, descriptor.unit);
}

function layerText(descriptor, layer, catalog) {
  return descriptor.layer.map((part) => brief(part, layer[part.name], catalog)).join(" ");
}

/** "Learning rate η" has a word and a symbol; titles need only one of them. */
const SYMBOL = /\s+([\u0370-\u03ff][\u2080-\u2089]?)$/u;
const named = (descriptor, text) => `${lowerFirst(descriptor.label.replace(SYMBOL, ""))} ${text}`;
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
  return values.map((value) => named(descriptor, brief(descriptor, value, catalog)));
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
  let settings = 0;
  for (const descriptor of descriptors) {
    if (panels.some((panel) => panel[descriptor.name] === undefined)) continue;
    const values = panels.map((panel) => complete(descriptor, panel[descriptor.name], catalog));
    const found = differences(descriptor, values, catalog);
    if (!found) continue;
    settings += 1;
    found.forEach((text, index) => text && (index === 0 || !same(values[index], values[0])) && lists[index].push(text));
  }
  // Where several settings differ, the first panel is the plain one that the others are compared with.
  if (settings > 1) lists[0] = [summary(descriptors, panels[0], catalog)];
  return lists.map((list) => list.join(" · ") || t("titles.same"));
}

/** "8 · 8  ReLU": the layers of a lone network. */
export function summary(descriptors, panel, catalog) {
  const layers = descriptors.find(({ kind }) => kind === "layers");
  if (!layers) return "";
  const value = panel[layers.name] ?? [];
  if (!value.length) return t("titles.no_hidden");
  return layers.layer.map((part) => {
    const words = value.map((layer) => brief(part, layer[part.name], catalog));
    return part.kind === "component" && allSame(words) ? words[0] : words.join(" · ");
  }).join("  ");
}
