// The links of the network's picture: where they run, how wide and in which colour, which of them the pointer is on,
// and the dash that moves along the strongest. All are on two canvases, for two thousand elements would not keep up.

import { valueColor } from "./palette.js";

const WIDEST = 7;
const LEVELS = 12;
/** From so many links between two layers on, weak ones are paler. */
const DENSE = 100;
/** The dash moves along the strongest links between two layers: so many, or fewer where they are dense. */
const MOVING = [24, 8];
const TURN = 2 * Math.PI;

/**
 * @typedef {{anatomy: import("./anatomy.js").Anatomy|null, columns: any[], units: any[], size: number[], chosen: number,
 *   hovered: number|null, touched: any}} Scene columns: of units, a layer each; units: where each of them is; size: px;
 *   chosen, hovered: units; touched: a link as `at` finds it
 */

/** @param {Scene} scene @param {HTMLElement} root whose colours they have @param {HTMLCanvasElement} lines @param {HTMLCanvasElement} flow */
export function createLinks(scene, root, lines, flow) {
  let strongest = [];
  let widest = 1;
  let phase = 0;
  let still = false;

  function cleared(canvas) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, scene.size[0], scene.size[1]);
    return context;
  }

  const edge = (unit, side) => {
    const column = scene.columns[scene.anatomy.of(unit).layer];
    return column.strip ? column.x + (side * column.width) / 2 : scene.units[unit].x + (side * column.side) / 2;
  };

  /** All links between two layers: from, to, value; those of a strip together, without a sign. */
  function linksOf(link, visit) {
    const [before, after] = [scene.columns[link], scene.columns[link + 1]];
    const { rows, columns: many } = scene.anatomy.links[link];
    const weights = scene.anatomy.tensors.weights.data;
    const from = scene.anatomy.links[link].at;
    const focus = scene.hovered ?? scene.chosen;
    if (!before.strip && !after.strip) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < many; column++) visit(before.first + column, after.first + (row % after.size), weights[from + row * many + column], row, column);
      }
      return;
    }
    // The unit that is looked at has its links one by one even beside a strip.
    const { layer } = scene.anatomy.of(focus);
    for (let row = 0; row < rows; row++) {
      const to = after.first + (row % after.size);
      if (layer === link + 1 && to === focus) for (let column = 0; column < many; column++) visit(before.first + column, to, weights[from + row * many + column], row, column);
      else if (layer === link) visit(focus, to, weights[from + row * many + focus - before.first], row, focus - before.first);
    }
  }

  /** Root mean square of what leads to or from a strip, for each unit on the other side. */
  function bundlesOf(link) {
    const [before, after] = [scene.columns[link], scene.columns[link + 1]];
    if (!before.strip && !after.strip) return [];
    const { rows, columns: many, at } = scene.anatomy.links[link];
    const weights = scene.anatomy.tensors.weights.data;
    const places = before.strip && after.strip ? 1 : before.strip ? after.size : before.size;
    const sums = new Float64Array(places);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < many; column++) sums[places === 1 ? 0 : before.strip ? row % after.size : column] += weights[at + row * many + column] ** 2;
    }
    const each = (rows * many) / places;
    const left = before.x + before.width / 2;
    const right = after.x - after.width / 2;
    const within = (column, y) => Math.max(column.top + 6, Math.min(column.top + column.height - 6, y));
    return Array.from(sums, (sum, index) => {
      const value = Math.sqrt(sum / each);
      if (before.strip && after.strip) return { left, right, from: before.top + before.height / 2, to: after.top + after.height / 2, value };
      const one = scene.units[(before.strip ? after : before).first + index];
      return before.strip
        ? { left, right: one.x - after.side / 2, from: within(before, one.y), to: one.y, value }
        : { left: one.x + before.side / 2, right, from: one.y, to: within(after, one.y), value };
    });
  }

  function curve(path, x0, y0, x1, y1) {
    const middle = (x0 + x1) / 2;
    path.moveTo(x0, y0);
    path.bezierCurveTo(middle, y0, middle, y1, x1, y1);
  }

  function paint() {
    const context = cleared(lines);
    widest = 0.5;
    const bundles = scene.anatomy.links.map((_, link) => bundlesOf(link));
    scene.anatomy.links.forEach(({ rows, columns: many, at }, link) => {
      if (bundles[link].length) for (const { value } of bundles[link]) widest = Math.max(widest, value);
      else for (let index = at; index < at + rows * many; index++) widest = Math.max(widest, Math.abs(scene.anatomy.tensors.weights.data[index]));
    });
    const focus = scene.hovered;
    const paths = new Map();
    const lost = new Path2D();
    strongest = [];
    scene.anatomy.links.forEach((_, link) => {
      const dense = scene.anatomy.links[link].rows * scene.anatomy.links[link].columns > DENSE;
      const found = [];
      linksOf(link, (from, to, value, row, column) => {
        if (scene.anatomy.silent(link, row, column)) {
          curve(lost, edge(from, 1), scene.units[from].y, edge(to, -1), scene.units[to].y);
          return;
        }
        const share = Math.min(1, Math.abs(value) / widest);
        const level = Math.ceil(share * LEVELS);
        if (!level) return;
        const near = focus === null || from === focus || to === focus;
        const key = (near ? 1000 : 0) + level * 4 + (dense ? 0 : 2) + (value > 0 ? 1 : 0);
        if (!paths.has(key)) paths.set(key, new Path2D());
        const ends = [edge(from, 1), scene.units[from].y, edge(to, -1), scene.units[to].y];
        curve(paths.get(key), ...ends);
        if (near && level > 2) found.push({ share, ends });
      });
      strongest.push(...found.sort((a, b) => b.share - a.share).slice(0, MOVING[Number(dense)]));
    });
    context.lineCap = "butt";
    const muted = getComputedStyle(root).getPropertyValue("--muted").trim();
    for (const { left, right, from, to, value } of bundles.flat()) {
      const path = new Path2D();
      curve(path, left, from, right, to);
      context.globalAlpha = focus === null ? 0.55 : 0.2;
      context.strokeStyle = muted;
      context.lineWidth = Math.max(0.6, WIDEST * Math.min(1, value / widest));
      context.stroke(path);
    }
    for (const key of [...paths.keys()].sort((a, b) => a - b)) {
      const near = key >= 1000;
      const level = Math.floor((key % 1000) / 4);
      const pale = key % 4 < 2 ? 0.1 + (0.85 * level) / LEVELS : 0.35 + (0.6 * level) / LEVELS;
      context.globalAlpha = near ? (focus === null ? pale : 0.95) : 0.1;
      context.strokeStyle = valueColor(key % 2 ? 1 : -1);
      context.lineWidth = near && focus !== null ? Math.max(1.2, (WIDEST * level) / LEVELS) : Math.max(0.5, (WIDEST * level) / LEVELS);
      context.stroke(paths.get(key));
    }
    // What is switched off is a dotted line, whatever its weight.
    context.globalAlpha = focus === null ? 0.9 : 0.4;
    context.strokeStyle = muted;
    context.lineWidth = 1.2;
    context.setLineDash([1.5, 4]);
    context.stroke(lost);
    context.setLineDash([]);
    paintBiases(context);
    if (scene.touched) paintTouched(context);
  }

  /** A dot at the lower left of a unit: the larger the bias the larger, in the colour of its sign. */
  function paintBiases(context) {
    const style = getComputedStyle(root);
    const [surface, muted] = ["--surface", "--muted"].map((name) => style.getPropertyValue(name).trim());
    context.globalAlpha = 1;
    scene.columns.forEach((column, place) => {
      if (!place || column.strip) return;
      for (let index = 0; index < column.size; index++) {
        const { x, y } = scene.units[column.first + index];
        const bias = scene.anatomy.bias(place - 1, index);
        context.beginPath();
        context.arc(x - column.side / 2 - 5, y + column.side / 2 - 4, 2 + 4 * Math.min(1, Math.abs(bias) / widest), 0, TURN);
        const off = scene.anatomy.silent(place - 1, index, null);
        context.fillStyle = bias === 0 || off ? surface : valueColor(bias > 0 ? 1 : -1);
        context.fill();
        context.strokeStyle = off ? muted : surface;
        context.lineWidth = 1.5;
        context.stroke();
      }
    });
  }

  function paintTouched(context) {
    const { from, to } = scene.touched;
    const path = new Path2D();
    curve(path, edge(from, 1), scene.units[from].y, edge(to, -1), scene.units[to].y);
    const style = getComputedStyle(root);
    context.globalAlpha = 1;
    context.strokeStyle = style.getPropertyValue("--surface").trim();
    context.lineWidth = 7;
    context.stroke(path);
    context.strokeStyle = style.getPropertyValue("--ink").trim();
    context.lineWidth = 3;
    context.stroke(path);
  }

  /** A dash that runs along the strongest links while the network trains. */
  function paintFlow(moves) {
    if (!scene.anatomy || (!moves && still)) return;
    still = !moves;
    const context = cleared(flow);
    if (!moves) return;
    phase = (phase + 2.5) % 1000;
    context.strokeStyle = getComputedStyle(root).getPropertyValue("--surface").trim();
    context.setLineDash([3, 13]);
    context.lineDashOffset = -phase;
    const paths = new Map();
    for (const { share, ends } of strongest) {
      const width = Math.ceil(share * 4);
      if (!paths.has(width)) paths.set(width, new Path2D());
      curve(paths.get(width), ...ends);
    }
    for (const [width, path] of paths) {
      context.lineWidth = (WIDEST * width) / 4 + 1;
      context.stroke(path);
    }
  }

  /** The link under the pointer, if there is one within a few pixels. */
  function at(x, y) {
    let best = null;
    for (let link = 0; link < scene.columns.length - 1; link++) {
      const left = scene.columns[link].x + scene.columns[link].width / 2;
      const right = scene.columns[link + 1].x - scene.columns[link + 1].width / 2;
      if (x <= left || x >= right) continue;
      // All links between two columns run alike: how far along, and how far down, depends on x alone.
      const along = (x - left) / (right - left);
      let [low, high] = [0, 1];
      for (let turn = 0; turn < 24; turn++) {
        const middle = (low + high) / 2;
        if (1.5 * middle * (1 - middle) + middle ** 3 < along) low = middle;
        else high = middle;
      }
      const down = 3 * low ** 2 - 2 * low ** 3;
      linksOf(link, (from, to, value, row, column) => {
        const distance = Math.abs(scene.units[from].y + (scene.units[to].y - scene.units[from].y) * down - y) - (WIDEST / 2) * Math.min(1, Math.abs(value) / widest);
        if (distance < 5 && (!best || distance < best.distance)) best = { link, from, to, row, column, distance };
      });
    }
    return best && { ...best, x, y };
  }

  return {
    paint,
    flow: paintFlow,
    at,
    /** The largest weight in size: the widest link. */
    get widest() {
      return widest;
    },
  };
}
