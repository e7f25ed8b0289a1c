// What the charts remember of one panel, in columns, one entry a recorded epoch. It is bounded:
// when full, every second row goes and from then on only every second new one is kept, so a run
// left alone overnight shows its whole course at half the detail instead of filling the memory.

import { BANDED, ENDS, LAYERED, SCALARS } from "./frames.js";

const LIMIT = 1200;
const COLUMNS = ["epoch", ...SCALARS];
/** Only where there are several seeds. */
const BANDS = BANDED.flatMap((name) => ENDS.map((end) => `${name}_${end}`));

/** What comes for every layer, and of several seeds only. */
const BY_LAYER = [...LAYERED, ...ENDS.map((end) => `gradient_norm_${end}`)];

export class History {
  constructor() {
    this.stride = 1;
    this.seen = 0;
    /** @type {Record<string, number[]>} */
    this.columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));
    /** What there is of every layer, one column each. @type {Record<string, number[][]>} */
    this.layers = Object.fromEntries(BY_LAYER.map((name) => [name, []]));
    /** The newest row, recorded or not. */
    this.now = null;
  }

  /** Gradient norms, one column a weight layer. */
  get gradients() {
    return this.layers.gradient_norm;
  }

  /** The same for the ends of the band of several seeds. */
  get gradientBand() {
    return { low: this.layers.gradient_norm_low, high: this.layers.gradient_norm_high };
  }

  get length() {
    return this.columns.epoch.length;
  }

  /** A panel that was duplicated goes on with the past of the one it came from. */
  copy() {
    const other = new History();
    Object.assign(other, { stride: this.stride, seen: this.seen, now: this.now });
    other.columns = Object.fromEntries(Object.entries(this.columns).map(([name, values]) => [name, values.slice()]));
    for (const name of BY_LAYER) other.layers[name] = this.layers[name].map((values) => values.slice());
    return other;
  }

  push(row) {
    const last = this.columns.epoch.at(-1);
    if (last !== undefined && row.epoch <= last) return;
    if (this.seen++ % this.stride) return;
    for (const name of COLUMNS) this.columns[name].push(row[name]);
    const before = this.length - 1;
    for (const name of BANDS) if (name in row) (this.columns[name] ??= Array(before).fill(NaN)).push(row[name]);
    for (const name of BY_LAYER) row[name]?.forEach((value, layer) => (this.layers[name][layer] ??= Array(before).fill(NaN)).push(value));
    if (this.length >= LIMIT) this.thin();
  }

  /** What came after an epoch is no more. */
  cut(epoch) {
    let length = this.length;
    while (length && this.columns.epoch[length - 1] > epoch) length--;
    if (length === this.length) return;
    for (const values of Object.values(this.columns)) values.length = length;
    for (const lists of Object.values(this.layers)) for (const values of lists) values.length = length;
    this.seen = length * this.stride;
  }

  thin() {
    const even = (values) => values.filter((_, index) => index % 2 === 0);
    for (const name of Object.keys(this.columns)) this.columns[name] = even(this.columns[name]);
    for (const name of BY_LAYER) this.layers[name] = this.layers[name].map(even);
    this.stride *= 2;
  }
}
