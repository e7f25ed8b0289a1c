// Where a value sits on a slider. Sliders move in whole notches: even steps on a linear scale,
// the server's suggestions or even ratios on a logarithmic one, and zero, which has no logarithm,
// gets a notch of its own at the far left.

const NOTCHES = 100;

const tidy = (value, digits = 2) => Number(value.toPrecision(digits));
const decimals = (step) => (String(step).split(".")[1] ?? "").length;

/**
 * @param {{kind: string, minimum: number|null, maximum: number|null, scale: string, step: number|null, suggestions: number[]}} control
 * @returns {{last: number, value: (notch: number) => number, notch: (value: number) => number} | null} null: no slider fits
 */
export function createScale({ kind, minimum, maximum, scale, step, suggestions }) {
  if (scale === "log" && suggestions.length > 2 && typeof suggestions[0] === "number") return listed([...suggestions].sort((a, b) => a - b));
  if (minimum === null || maximum === null || maximum <= minimum) return null;
  if (scale === "log") return logarithmic(minimum, maximum, kind === "integer");
  const whole = kind === "integer";
  if (whole && maximum - minimum > 10_000) return null;
  const size = step || (whole ? 1 : (maximum - minimum) / NOTCHES);
  const digits = step ? Math.max(decimals(step), decimals(minimum)) : 6;
  return {
    last: Math.round((maximum - minimum) / size),
    value: (notch) => Number(Math.min(maximum, minimum + notch * size).toFixed(digits)),
    notch: (value) => Math.round((value - minimum) / size),
  };
}

function listed(values) {
  const distance = (a, b) => (a > 0 && b > 0 ? Math.abs(Math.log(a / b)) : Math.abs(a - b) * 1e9);
  return {
    last: values.length - 1,
    value: (notch) => values[notch],
    notch(value) {
      let best = 0;
      values.forEach((candidate, index) => {
        if (distance(candidate, value) < distance(values[best], value)) best = index;
      });
      return best;
    },
  };
}

function logarithmic(minimum, maximum, whole) {
  const zero = minimum === 0 ? 1 : 0;
  const low = Math.log(minimum > 0 ? minimum : maximum * 1e-6);
  const high = Math.log(maximum);
  return {
    last: NOTCHES + zero,
    value(notch) {
      if (zero && notch === 0) return 0;
      const value = Math.exp(low + ((high - low) * (notch - zero)) / NOTCHES);
      return Math.min(maximum, Math.max(minimum, whole ? Math.round(value) : tidy(value)));
    },
    notch: (value) => (value <= 0 ? 0 : zero + Math.round(((Math.log(value) - low) / (high - low)) * NOTCHES)),
  };
}

/** The next value when a number field is stepped with a button or an arrow key. */
export function stepped({ kind, minimum, maximum, scale, step }, value, direction) {
  const size = step || (kind === "integer" ? 1 : null);
  let next;
  if (scale === "log" && kind !== "integer") next = value <= 0 ? (direction > 0 ? 1e-3 : 0) : tidy(direction > 0 ? value * 1.25 : value / 1.25);
  else next = Number((value + direction * (size ?? 0.1)).toFixed(Math.max(decimals(size ?? 0.1), 0)));
  if (minimum !== null) next = Math.max(minimum, next);
  if (maximum !== null) next = Math.min(maximum, next);
  return next;
}
