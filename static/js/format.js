// Numbers as people read them. Everything that changes has a fixed width (see .figure in the
// style sheets), so each function always gives the same number of digits.

const NOTHING = "–";

/** Loss: three decimals, or a power of ten when it is huge. */
export function loss(value) {
  if (!Number.isFinite(value)) return NOTHING;
  return value >= 1000 ? value.toExponential(1) : value >= 100 ? value.toFixed(1) : value.toFixed(3);
}

/** A share as per cent with one decimal. */
export const percent = (share, digits = 1) => (Number.isFinite(share) ? `${(share * 100).toFixed(digits)}\u2009%` : NOTHING);

/** R²: three decimals, two below zero; below −10 it only matters that it is bad. */
export function fit(value) {
  if (!Number.isFinite(value)) return NOTHING;
  if (value < -9.995) return "< −10";
  return value > -0.005 ? Math.max(0, value).toFixed(3) : value.toFixed(2).replace("-", "−");
}

/** Epochs: always six digits, "000,045"; `exact` adds the part of an epoch, "000,045.04". */
export function epochs(value, exact = false) {
  const whole = Math.floor(value + 1e-9);
  const digits = String(whole).padStart(6, "0").replace(/\B(?=(\d{3})+$)/g, ",");
  return exact && value - whole > 1e-6 ? digits + (value - whole).toFixed(2).replace(/^0|^1\.00/, "") : digits;
}

/** The same as in a sentence, without the zeros in front: "45". */
export const epochOf = (value, exact = false) => epochs(value, exact).replace(/^[0,]+(?=\d)/, "");

/** A setting's number without needless digits: 0.001, 3, 1e-5. */
export function plain(value) {
  if (typeof value !== "number") return String(value);
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e7) && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(4))).includes("e") ? value.toExponential().replace("e+", "e") : String(Number(value.toPrecision(4)));
  }
  return String(Number(value.toPrecision(10)));
}

/** A control's number with its unit: a share shows as per cent. */
export const withUnit = (value, unit) => (unit === "%" ? `${plain(value * 100)}\u2009%` : unit ? `${plain(value)} ${unit}` : plain(value));

/** Any figure with three significant digits, for tables. */
export function figure(value) {
  if (!Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** "Learning rate" inside a title: "learning rate"; "L2" stays. */
export const lowerFirst = (text) => (/^[A-Z][a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text);
