// What a decision boundary looks like, in words, for whoever cannot see it: how many regions there are,
// which class each is given to, how large it is and where it lies.

import { classOf } from "./boundary.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";

/** Regions below this share of the plane are specks at an edge, and not told. */
const SPECK = 0.005;
/** Of more regions than these, only their number and size by class is told. */
const FEW = 5;

/**
 * The connected regions of equal class in a square picture, largest first.
 * @param {Uint8Array} cells @param {number} size @param {number} classes
 * @returns {{of: number, share: number, sides: boolean[], x: number, y: number}[]} class, share of the plane, whether it
 *   reaches the top, right, bottom and left side, and its middle from −1 to 1, to the right and upwards
 */
export function regions(cells, size, classes) {
  const label = Uint8Array.from(cells, (value) => classOf(value, classes));
  const seen = new Uint8Array(cells.length);
  const found = [];
  const stack = [];
  for (let start = 0; start < cells.length; start++) {
    if (seen[start]) continue;
    const of = label[start];
    const sides = [false, false, false, false];
    let [count, x, y] = [0, 0, 0];
    const visit = (cell) => {
      if (seen[cell] || label[cell] !== of) return;
      seen[cell] = 1;
      stack.push(cell);
    };
    visit(start);
    while (stack.length) {
      const cell = stack.pop();
      const column = cell % size;
      const row = (cell - column) / size;
      count += 1;
      x += column;
      y += row;
      [row > 0, column < size - 1, row < size - 1, column > 0].forEach((inside, side) => {
        if (inside) visit(cell + [-size, 1, size, -1][side]);
        else sides[side] = true;
      });
    }
    const middle = (sum) => (2 * (sum / count + 0.5)) / size - 1;
    found.push({ of, share: count / cells.length, sides, x: middle(x), y: -middle(y) });
  }
  return found.filter(({ share }) => share >= SPECK).sort((one, other) => other.share - one.share);
}

/** How a region lies, and where, as keys of the catalogs. @returns {[string, string]} */
export function lie({ share, sides: [top, right, bottom, left], x, y }) {
  if (share > 1 - SPECK) return ["everywhere", "centre"];
  const reached = [top, right, bottom, left].filter(Boolean).length;
  if (reached === 4) return ["around", "centre"];
  if (reached === 2 && top && bottom) return ["upright", "centre"];
  if (reached === 2 && left && right) return ["across", "centre"];
  if (reached === 3) return ["at", !top ? "bottom" : !right ? "left" : !bottom ? "top" : "right"];
  const row = y > 1 / 3 ? "top" : y < -1 / 3 ? "bottom" : "";
  const column = x > 1 / 3 ? "right" : x < -1 / 3 ? "left" : "";
  return [reached ? "at" : "island", [row, column].filter(Boolean).join("_") || "centre"];
}

/** The sentence about a picture. @returns {string} */
export function describe(cells, size, classes) {
  const found = regions(cells, size, classes);
  const name = (of) => t("legend.class", { number: of + 1 });
  const one = (region) => {
    const [how, place] = lie(region);
    return t(`regions.${how}`, { name: name(region.of), share: percent(region.share, 0), place: t(`regions.place.${place}`) });
  };
  const all = (of) => {
    const own = found.filter((region) => region.of === of);
    return t("regions.many", { name: name(of), count: own.length, share: percent(own.reduce((sum, { share }) => sum + share, 0), 0) });
  };
  const parts = found.length <= FEW ? found.map(one) : [...new Set(found.map(({ of }) => of))].sort((a, b) => a - b).map(all);
  return t(found.length === 1 ? "regions.one" : "regions.sentence", { count: found.length, parts: parts.join(t("regions.and")) });
}
