// The list of points that a hand changes: add, move, erase, clear, each to be undone. It never
// changes a list that was given away, so undoing is taking out an older one. Points sit on the
// same fine grid as in links, so that what is drawn, what the server has and what a link brings
// back are the same numbers.

/** Limits and text as engine/own.py has them. */
export const MOST_POINTS = 2000;
export const FEWEST_POINTS = 2;
export const MOST_CLASSES = 6;
const STEPS = 8191;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const REMEMBERED = 200;

/** @typedef {{x: number, y: number, label: number}} Point */

const notch = (value, [low, high]) => Math.round((Math.min(high, Math.max(low, value)) - low) * (STEPS / (high - low)));
const snap = (value, plane) => plane[0] + (notch(value, plane) * (plane[1] - plane[0])) / STEPS;

/** The same for points at the same place and of the same class. @param {Point} point */
export const keyOf = ({ x, y, label }, plane) => (notch(x, plane) * (STEPS + 1) + notch(y, plane)) * 16 + label;

/** The text of points, five characters each. @param {Point[]} points */
export function encode(points, plane) {
  let text = "";
  for (const { x, y, label } of points) {
    const bits = (notch(x, plane) << 17) | (notch(y, plane) << 4) | label;
    for (const shift of [24, 18, 12, 6, 0]) text += ALPHABET[(bits >> shift) & 63];
  }
  return text;
}

/** @param {number[]} plane */
export function createPointList(plane) {
  /** @type {Point[]} */
  let points = [];
  let undone = [];
  let done = [];
  let gesture = null;

  const placed = (x, y, label) => ({ x: snap(x, plane), y: snap(y, plane), label });

  /** What belongs to one gesture is undone in one go. */
  function change(next) {
    if (next === points) return;
    if (!gesture?.saved) {
      done.push(points);
      if (done.length > REMEMBERED) done.shift();
      if (gesture) gesture.saved = true;
    }
    undone = [];
    points = next;
  }
  function swap(from, to) {
    if (!from.length) return false;
    to.push(points);
    points = from.pop();
    gesture = null;
    return true;
  }

  return {
    get points() {
      return points;
    },
    get full() {
      return points.length >= MOST_POINTS;
    },
    get canUndo() {
      return done.length > 0;
    },
    get canRedo() {
      return undone.length > 0;
    },
    begin() {
      gesture = { saved: false };
    },
    end() {
      gesture = null;
    },
    /** Starts over, with nothing to undo. @param {Point[]} given */
    reset(given) {
      points = given.map(({ x, y, label }) => placed(x, y, label));
      done = [];
      undone = [];
      gesture = null;
    },
    /** Other points, which can be undone. @param {Point[]} given */
    replace(given) {
      change(given.map(({ x, y, label }) => placed(x, y, label)));
    },
    /** @returns {boolean} false when there is no room */
    add(x, y, label) {
      if (points.length >= MOST_POINTS) return false;
      change([...points, placed(x, y, label)]);
      return true;
    },
    move(index, x, y) {
      const next = placed(x, y, points[index].label);
      if (next.x !== points[index].x || next.y !== points[index].y) change(points.with(index, next));
    },
    erase(index) {
      change(points.toSpliced(index, 1));
    },
    clear() {
      if (points.length) change([]);
    },
    /** An empty list as the next state, also where the one before is empty, too. */
    empty: () => change([]),
    undo: () => swap(done, undone),
    redo: () => swap(undone, done),
    /** @returns {number} place of the nearest point within reach, or -1 */
    nearest(x, y, reach = Infinity) {
      let best = -1;
      let least = reach * reach;
      points.forEach((point, index) => {
        const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
        if (distance > least || (distance === least && best >= 0)) return;
        best = index;
        least = distance;
      });
      return best;
    },
  };
}
