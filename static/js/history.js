// What the charts remember of one panel, in columns, one entry a recorded epoch. It is bounded:
// when full, every second row goes and from then on only every second new one is kept, so a run
// left alone overnight shows its whole course at half the detail instead of filling the memory.

import { BANDED, ENDS, SCALARS } from "./frames.js";

const LIMIT = 1200;
const COLUMNS = ["epoch", ...SCALARS];
/** Only where there are several seeds. */
const BANDS = BANDED.flatMap((name) => ENDS.map((end) => `${name}_${end}`));

export class History {
  constructor() {
    this.stride = 1;
    this.seen = 0;
    /** @type {Record<string, number[]>} */
    this.columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));
    /** @type {number[][]} one column a weight layer */
    this.gradients = [];
    /** The same for the ends of the band of several seeds. @type {Record<string, number[][]>} */
    this.gradientBand = { low: [], high: [] };
    /** The newest row, recorded or not. */
    this.now = null;
  }

  get length() {
    return this.columns.epoch.length;
  }

  /** A panel that was duplicated goes on with the past of the one it came from. */
  copy() {
    const other = new History();
    Object.assign(other, { stride: this.stride, seen: this.seen, now: this.now });
    other.columns = Object.fromEntries(Object.entries(this.columns).map(([name, values]) => [name, values.slice()]));
    other.gradients = this.gradients.map((values) => values.slice());
    for (const end of ENDS) other.gradientBand[end] = this.gradientBand[end].map((values) => values.slice());
    return other;
  }

  push(row) {
    const last = this.columns.epoch.at(-1);
    if (last !== undefined && row.epoch <= last) return;
    if (this.seen++ % this.stride) return;
    for (const name of COLUMNS) this.columns[name].push(row[name]);
    const before = this.length - 1;
    for (const name of BANDS) if (name in row) (this.columns[name] ??= Array(before).fill(NaN)).push(row[name]);
    const keep = (lists, values) => values?.forEach((value, layer) => (lists[layer] ??= Array(before).fill(NaN)).push(value));
    keep(this.gradients, row.gradient_norm);
    for (const end of ENDS) keep(this.gradientBand[end], row[`gradient_norm_${end}`]);
    if (this.length >= LIMIT) this.thin();
  }

  /** What came after an epoch is no more. */
  cut(epoch) {
    let length = this.length;
    while (length && this.columns.epoch[length - 1] > epoch) length--;
    if (length === this.length) return;
    for (const values of Object.values(this.columns)) values.length = length;
    for (const lists of [this.gradients, ...Object.values(this.gradientBand)]) for (const values of lists) values.length = length;
    this.seen = length * this.stride;
  }

  thin() {
    const even = (values) => values.filter((_, index) => index % 2 === 0);
    for (const name of Object.keys(this.columns)) this.columns[name] = even(this.columns[name]);
    this.gradients = this.gradients.map(even);
    for (const end of ENDS) this.gradientBand[end] = this.gradientBand[end].map(even);
    this.stride *= 2;
  }
}
