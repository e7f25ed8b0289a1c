// The geometry of a landscape: where parameters come to lie in its plane, and how high it is there.
// Knows no page, so that it can be tested without one.

/** So many places of a way are kept; of a longer one every second, and so on. */
const LONGEST = 300;

/** The way of one network: its parameters at some epochs, bounded. */
export class Way {
  constructor() {
    this.epochs = [];
    /** @type {Float32Array[]} */
    this.rows = [];
  }

  /** @param {number} epoch @param {Float32Array} parameters */
  push(epoch, parameters) {
    const last = this.epochs.at(-1);
    if (last === epoch) this.rows[this.rows.length - 1] = parameters;
    else {
      if (last > epoch) this.cut(epoch);
      this.epochs.push(epoch);
      this.rows.push(parameters);
    }
    if (this.rows.length < LONGEST) return;
    const kept = (_, index) => index % 2 === 0 || index === this.rows.length - 1;
    [this.epochs, this.rows] = [this.epochs.filter(kept), this.rows.filter(kept)];
  }

  /** What came later is void: someone has gone back in time. */
  cut(epoch) {
    const count = this.epochs.findIndex((one) => one >= epoch);
    this.epochs.length = this.rows.length = Math.max(0, count);
  }
}

/**
 * Projects parameters onto the plane through `centre` spanned by two directions, by least squares.
 * @param {Float32Array} centre @param {Float32Array} directions one after the other @returns {(parameters: Float32Array) => [number, number]}
 */
export function projection(centre, directions) {
  const count = centre.length;
  const dot = [0, 0, 0]; // d₁·d₁, d₁·d₂, d₂·d₂
  for (let at = 0; at < count; at++) {
    const [first, second] = [directions[at], directions[count + at]];
    dot[0] += first * first;
    dot[1] += first * second;
    dot[2] += second * second;
  }
  const determinant = dot[0] * dot[2] - dot[1] * dot[1];
  return (parameters) => {
    let along = 0;
    let across = 0;
    for (let at = 0; at < count; at++) {
      const away = parameters[at] - centre[at];
      along += away * directions[at];
      across += away * directions[count + at];
    }
    if (!(determinant > 0)) return [0, 0];
    return [(along * dot[2] - across * dot[1]) / determinant, (across * dot[0] - along * dot[1]) / determinant];
  };
}

/** The height of a field over a place, between its four neighbours; NaN outside. @param {Float32Array} steps @param {number[]} field row by row */
export function heightAt(steps, field, [x, y]) {
  const last = steps.length - 1;
  const scale = last / (steps[last] - steps[0]);
  const [column, row] = [(x - steps[0]) * scale, (y - steps[0]) * scale];
  if (!(column >= 0 && row >= 0 && column <= last && row <= last)) return NaN;
  const [left, low] = [Math.min(last - 1, Math.floor(column)), Math.min(last - 1, Math.floor(row))];
  const [right, up] = [column - left, row - low];
  const at = (r, c) => field[r * steps.length + c];
  return (1 - up) * ((1 - right) * at(low, left) + right * at(low, left + 1)) + up * ((1 - right) * at(low + 1, left) + right * at(low + 1, left + 1));
}
