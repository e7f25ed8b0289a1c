// What the charts remember of one panel, in columns, one entry a recorded epoch. It is bounded:
// when full, every second row goes and from then on only every second new one is kept, so a run
// left alone overnight shows its whole course at half the detail instead of filling the memory.

import { SCALARS } from "./frames.js";

const LIMIT = 1200;
const COLUMNS = ["epoch", ...SCALARS];

export class History {
  constructor() {
    this.stride = 1;
    this.seen = 0;
    /** @type {Record<string, number[]>} */
    this.columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));
    /** @type {number[][]} one column a weight layer */
    this.gradients = [];
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
    return other;
  }

  push(row) {
    const last = this.columns.epoch.at(-1);
    if (last !== undefined && row.epoch <= last) return;
    if (this.seen++ % this.stride) return;
    for (const name of COLUMNS) this.columns[name].push(row[name]);
    row.gradient_norm.forEach((value, layer) => {
      this.gradients[layer] ??= Array(this.length - 1).fill(NaN);
      this.gradients[layer].push(value);
    });
    if (this.length >= LIMIT) this.thin();
  }

  /** What came after an epoch is no more. */
  cut(epoch) {
    let length = this.length;
    while (length && this.columns.epoch[length - 1] > epoch) length--;
    if (length === this.length) return;
    for (const name of COLUMNS) this.columns[name].length = length;
    for (const values of this.gradients) values.length = length;
    this.seen = length * this.stride;
  }

  thin() {
    const even = (values) => values.filter((_, index) => index % 2 === 0);
    for (const name of COLUMNS) this.columns[name] = even(this.columns[name]);
    this.gradients = this.gradients.map(even);
    this.stride *= 2;
  }
}
