// The lines between the classes of a grid, for the Bayes boundary. Between four cells that are not
// of one class, the middles of the sides where the class changes are joined (to the middle, if
// more than two classes or a saddle meet there); the pieces are linked to lines and smoothed a
// little, because a grid knows a border only to half a cell.

import { ink } from "./palette.js";

const ROUNDS = 24;
/** How far, in half cells, a point may be moved; further would be away from what the grid knows. */
const REACH = 1;

/**
 * @param {Uint8Array} cells classes, row 0 on top @param {number} side cells along a side
 * @returns {number[][]} lines as x, y, x, y, … with 0 to 1 from left to right and from top to bottom
 */
export function contours(cells, side) {
  const last = side - 1;
  const at = (row, column) => cells[Math.max(0, Math.min(last, row)) * side + Math.max(0, Math.min(last, column))];
  /** In half cells, so that the middles are whole numbers. @type {Map<number, number[]>} */
  const neighbours = new Map();
  const wide = 2 * side + 8;
  const join = (a, b) => {
    for (const [from, to] of [[a, b], [b, a]]) {
      if (!neighbours.has(from)) neighbours.set(from, []);
      neighbours.get(from).push(to);
    }
  };
  // One cell beyond the edge, so that lines run out of the picture.
  for (let row = -1; row < side; row++) {
    for (let column = -1; column < side; column++) {
      const [a, b, c, d] = [at(row, column), at(row, column + 1), at(row + 1, column + 1), at(row + 1, column)];
      if (a === b && b === c && c === d) continue;
      const node = (down, right) => (2 * row + down + 4) * wide + (2 * column + right + 4);
      const middles = [[a !== b, node(0, 1)], [b !== c, node(1, 2)], [c !== d, node(2, 1)], [d !== a, node(1, 0)]].filter(([cut]) => cut).map(([, one]) => one);
      if (middles.length === 2) join(middles[0], middles[1]);
      else for (const middle of middles) join(middle, node(1, 1));
    }
  }
  return link(neighbours).map((line) => smooth(line.map((node) => [node % wide, Math.floor(node / wide)])).flatMap(([x, y]) => [(x - 3) / 2 / side, (y - 3) / 2 / side]));
}

/** Pieces to lines, from one end or crossing to the next; what is left are rings. */
function link(neighbours) {
  const lines = [];
  const used = new Set();
  const edge = (a, b) => (a < b ? `${a} ${b}` : `${b} ${a}`);
  const walk = (from, to) => {
    const line = [from];
    while (!used.has(edge(from, to))) {
      used.add(edge(from, to));
      line.push(to);
      const around = neighbours.get(to);
      if (around.length !== 2) break;
      [from, to] = [to, around[0] === from ? around[1] : around[0]];
    }
    lines.push(line);
  };
  const begin = (node) => {
    for (const to of neighbours.get(node)) if (!used.has(edge(node, to))) walk(node, to);
  };
  for (const [node, around] of neighbours) if (around.length !== 2) begin(node);
  for (const node of neighbours.keys()) begin(node);
  return lines;
}

/** Each point moves towards its neighbours, but stays near its place; ends stay, a ring has none. */
function smooth(line) {
  const ring = line.length > 3 && line[0][0] === line.at(-1)[0] && line[0][1] === line.at(-1)[1];
  const origin = ring ? line.slice(0, -1) : line;
  const count = origin.length;
  let points = origin;
  for (let round = 0; round < ROUNDS; round++) {
    points = points.map((point, index) => {
      if (!ring && (index === 0 || index === count - 1)) return point;
      const [before, after] = [points[(index + count - 1) % count], points[(index + 1) % count]];
      return point.map((value, axis) => {
        const place = origin[index][axis];
        return Math.max(place - REACH, Math.min(place + REACH, value / 2 + (before[axis] + after[axis]) / 4));
      });
    });
  }
  return ring ? [...points, points[0]] : points;
}

/** A fine dashed line with a halo, to be seen on every ground. @param {CanvasRenderingContext2D} context */
export function drawContours(context, lines, size) {
  const tones = ink();
  context.beginPath();
  for (const line of lines) for (let at = 0; at < line.length; at += 2) context[at ? "lineTo" : "moveTo"](line[at] * size, line[at + 1] * size);
  const width = Math.max(1.2, Math.min(2, size / 260));
  context.save();
  context.lineJoin = "round";
  context.strokeStyle = tones.halo;
  context.lineWidth = 2.4 * width;
  context.stroke();
  context.strokeStyle = tones.ring;
  context.lineWidth = width;
  context.setLineDash([4 * width, 3 * width]);
  context.stroke();
  context.restore();
}
