// What an "inside" message says, made easy to ask: units are counted through (inputs, hidden
// layers, outputs), weights lie row by row, and where an activation chooses among several affine
// maps, several rows lead to one unit. Also what units and layers are called.

import { t } from "./i18n.js";
import { inFull, outputsOf } from "./outputs.js";

const LONGEST = 12;

/**
 * @typedef {{layers: {size: number, first: number}[], links: {rows: number, columns: number, at: number, bias: number}[],
 *   count: number, points: number, seed: number, key: string, of: (unit: number) => {layer: number, index: number},
 *   rows: (layer: number, index: number) => number[], weight: (link: number, row: number, column: number) => number,
 *   bias: (link: number, row: number) => number, gamma: (link: number, row: number) => number|null, learned: (unit: number) => number, tensors: Record<string, import("./frames.js").Tensor>,
 *   off: {units: number[], links: [number, number, number|null][]}, unitOff: (unit: number) => boolean,
 *   linkOff: (link: number, row: number, column: number|null) => boolean, silent: (link: number, row: number, column: number|null) => boolean}} Anatomy
 * `off` is what is switched off, and `silent` says whether a weight or bias is 0 because it or its unit is off.
 * @param {import("./frames.js").Message} message @returns {Anatomy}
 */
export function anatomy({ tensors, about }) {
  const { sizes, shapes, weights, biases, gamma, learned } = tensors;
  let count = 0;
  const layers = Array.from(sizes.data, (size) => {
    count += size;
    return { size, first: count - size };
  });
  let at = 0;
  let bias = 0;
  const links = layers.slice(1).map((_, link) => {
    const [rows, columns] = shapes.data.subarray(2 * link, 2 * link + 2);
    const place = { rows, columns, at, bias };
    at += rows * columns;
    bias += rows;
    return place;
  });
  const off = { units: Array.from(tensors.off_units.data), links: [] };
  for (let at = 0; at < tensors.off_links.data.length; at += 3) {
    const [link, row, column] = tensors.off_links.data.subarray(at, at + 3);
    off.links.push([link, row, column < 0 ? null : column]);
  }
  const dark = new Set(off.units);
  const cut = new Set(off.links.map(String));
  const unitOff = (unit) => dark.has(unit);
  const linkOff = (link, row, column) => cut.size > 0 && cut.has(String([link, row, column]));
  const last = links.length - 1;
  return {
    off, unitOff, linkOff,
    silent: (link, row, column) => linkOff(link, row, column) || (column !== null && unitOff(layers[link].first + column)) || (link === last && unitOff(layers[link + 1].first + row)),
    layers, links, count, tensors, points: Number(about.points), seed: Number(about.seed), key: `${sizes.data} ${shapes.data}`,
    of(unit) {
      const layer = layers.findLastIndex(({ first }) => first <= unit);
      return { layer, index: unit - layers[layer].first };
    },
    /** The rows of the weights that lead to a unit. */
    rows(layer, index) {
      if (!layer) return [];
      const found = [];
      for (let row = index; row < links[layer - 1].rows; row += layers[layer].size) found.push(row);
      return found;
    },
    weight: (link, row, column) => weights.data[links[link].at + row * links[link].columns + column],
    /** The bias, or batch normalization's shift β where there is a γ. */
    bias: (link, row) => biases.data[links[link].bias + row],
    gamma: (link, row) => (link < last && gamma.data.length ? gamma.data[links[link].bias + row] : null),
    learned: (unit) => learned.data[unit],
  };
}

/** How a unit is: switched off, or in a hidden layer dead or saturated. @param {Anatomy} body */
export function stateOf(body, unit) {
  if (body.unitOff(unit)) return "off";
  const { layer } = body.of(unit);
  if (!layer || layer === body.layers.length - 1) return "";
  if (body.tensors.active.data[unit] === 0) return "dead";
  return body.tensors.saturated.data[unit] > 0.95 ? "saturated" : "";
}

/** A text of the user's own in as many letters as there is room for. */
const shortened = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** What inputs and outputs are called. @returns {{inputs: string[], whole: string[], outputs: import("./outputs.js").Output[]}} */
export function namesOf(store, body) {
  const spec = store.experiment.panels[store.selectedIndex];
  const descriptor = store.boot.form.network.find(({ family }) => family === "features");
  const whole = (spec[descriptor?.name] ?? []).map((value) => {
    const entry = store.boot.catalog.features.find(({ id }) => id === value.id);
    const own = entry?.parameters.find(({ kind }) => kind === "text");
    return (own && value[own.name]) || entry?.label || value.id;
  });
  return { whole, inputs: whole.map(shortened), outputs: outputsOf(store, body.layers.at(-1).size) };
}

/** What a layer is called. @param {Anatomy} body */
export const layerName = (body, layer) => (layer === 0 ? t("inside.inputs") : layer === body.layers.length - 1 ? t("inside.outputs") : t("charts.layer", { number: layer }));

/** What a unit is called; `brief` where its layer is clear. */
export function unitName(body, names, unit, brief = false) {
  const { layer, index } = body.of(unit);
  if (layer === 0) return (brief ? names.inputs : names.whole)[index] ?? t("inside.input", { number: index + 1 });
  if (layer === body.layers.length - 1) return names.outputs[index].name;
  return brief ? t("inside.unit", { number: index + 1 }) : t("inside.unit_of", { layer, number: index + 1 });
}

/** What a unit is called, and of an output what it stands for. */
export function fullName(body, names, unit) {
  const { layer, index } = body.of(unit);
  return layer === body.layers.length - 1 ? inFull(names.outputs[index]) : unitName(body, names, unit);
}

/** A weight, bias or activity in a fixed width. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size >= 1000 || (size > 0 && size < 0.0005) ? value.toExponential(1) : value.toFixed(3);
  return text.replaceAll("-", "−");
}
