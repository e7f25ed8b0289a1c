// What a "point" message says, made easy to ask: the way of one point through the network. Weight
// layers are counted from 0; a layer has rows (of its weights) and units, of which one may have
// several rows where an activation chooses among affine pieces.

/**
 * @typedef {{count: number, sizes: number[], key: string, inputs: number[], loss: number, outputs: number, terms: string[], classes: number,
 *   rows: (layer: number) => number, columns: (layer: number) => number, rowsOf: (layer: number, unit: number) => number[],
 *   w: (layer: number, row: number, column: number) => number, b: (layer: number, row: number) => number,
 *   z: (layer: number, row: number) => number, slope: (layer: number, row: number) => number, dz: (layer: number, row: number) => number,
 *   a: (layer: number, unit: number) => number, da: (layer: number, unit: number) => number, enter: (layer: number, column: number) => number,
 *   norm: (layer: number, row: number) => {mean: number, deviation: number, gamma: number, normalized: number, u: number, du: number, d_gamma: number, d_beta: number}, normalized: boolean, plain: boolean,
 *   learned: (layer: number, unit: number) => number, dLearned: (layer: number, unit: number) => number,
 *   off: (column: number, unit: number) => boolean, still: (layer: number, row: number, column: number) => boolean, stillBias: (layer: number, row: number) => boolean,
 *   factor: (layer: number) => number, shortcut: (layer: number) => boolean,
 *   target: (output: number) => number, term: (name: string, output: number) => number, probability: (label: number) => number}} Walk
 * @param {import("./frames.js").Message} message @returns {Walk}
 */
export function walk({ tensors, about }) {
  const of = (name) => tensors[name].data;
  const sizes = Array.from(of("sizes"));
  const count = sizes.length - 1;
  const at = [];
  const next = { weight: 0, row: 0, unit: 0, column: 0 };
  for (let layer = 0; layer < count; layer++) {
    const [rows, columns] = of("shapes").subarray(2 * layer, 2 * layer + 2);
    at.push({ ...next, rows, columns });
    next.weight += rows * columns;
    next.row += rows;
    next.unit += sizes[layer + 1];
    next.column += columns;
  }
  const terms = JSON.parse(about.terms);
  const outputs = sizes[count];
  const normalized = of("mean").length > 0;
  const firstOf = sizes.map((_, column) => sizes.slice(0, column).reduce((sum, size) => sum + size, 0));
  return {
    count, sizes, outputs, terms, normalized, key: `${sizes} ${of("shapes")} ${normalized} ${of("shortcut")} ${of("factor")} ${of("off")} ${of("still")} ${of("still_biases")} ${about.loss}`,
    inputs: Array.from(of("inputs")), loss: of("loss")[0], classes: of("probabilities").length,
    rows: (layer) => at[layer].rows,
    columns: (layer) => at[layer].columns,
    rowsOf(layer, unit) {
      const found = [];
      for (let row = unit; row < at[layer].rows; row += sizes[layer + 1]) found.push(row);
      return found;
    },
    w: (layer, row, column) => of("weights")[at[layer].weight + row * at[layer].columns + column],
    b: (layer, row) => of("biases")[at[layer].row + row],
    z: (layer, row) => of("z")[at[layer].row + row],
    slope: (layer, row) => of("slope")[at[layer].row + row],
    dz: (layer, row) => of("dz")[at[layer].row + row],
    a: (layer, unit) => of("a")[at[layer].unit + unit],
    da: (layer, unit) => of("da")[at[layer].unit + unit],
    enter: (layer, column) => of("entering")[at[layer].column + column],
    /** What batch normalization does to a row; its shift β is the row's bias. */
    norm(layer, row) {
      const found = Object.fromEntries(["mean", "deviation", "gamma", "normalized", "du", "d_gamma", "d_beta"].map((name) => [name, of(name)[at[layer].row + row]]));
      return { ...found, u: found.gamma * found.normalized + this.b(layer, row) };
    },
    /** What a unit's activation learns, if it does. */
    learned: (layer, unit) => of("learned")[at[layer].unit + unit],
    dLearned: (layer, unit) => of("d_learned")[at[layer].unit + unit],
    /** Whether a unit is switched off, the inputs being column 0. */
    off: (column, unit) => of("off")[firstOf[column] + unit] > 0,
    /** Whether a weight or bias has no gradient, because something is switched off. */
    still: (layer, row, column) => of("still")[at[layer].weight + row * at[layer].columns + column] > 0,
    stillBias: (layer, row) => of("still_biases")[at[layer].row + row] > 0,
    factor: (layer) => of("factor")[layer],
    shortcut: (layer) => of("shortcut")[layer] > 0,
    /** Whether every layer takes just what the one before puts out. */
    plain: !of("shortcut").some((yes) => yes) && !of("factor").some((factor) => factor !== 1),
    target: (output) => of("target")[output],
    term: (name, output) => of("terms")[terms.indexOf(name) * outputs + output],
    probability: (label) => of("probabilities")[label],
  };
}
