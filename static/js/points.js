// Draws the data points over a boundary. The class is told by colour and by shape, a value by
// colour; the part by how the mark is filled. Points sit on their own canvas, drawn again only when
// data, size or theme change; the rings around misclassified points have another, lighter one.
// Points of one dimension are drawn as a graph: the value upwards, over the x1 axis.

import { classColor, ink, valueColor } from "./palette.js";

const TURN = 2 * Math.PI;
/** How a part's marks are filled, and in which order they are drawn: what was learned from comes last. */
export const PARTS = [
  { key: "train", fill: "full" }, { key: "test", fill: "hollow" }, { key: "validation", fill: "dotted" }, { key: "train_dev", fill: "half" },
];
const ORDER = [1, 2, 3, 0];
/** Heights in a graph: a value of 1 stands as high as x2 = 5. */
export const HEIGHT = 5;

/** Outline of each class's marker, about equal in area. */
const SHAPES = [
  (path, x, y, r) => path.arc(x, y, r, 0, TURN),
  (path, x, y, r) => polygon(path, x, y, r * 1.35, 3, -TURN / 4),
  (path, x, y, r) => polygon(path, x, y, r * 1.25, 4, 0),
  (path, x, y, r) => polygon(path, x, y, r * 1.25, 4, TURN / 8),
  (path, x, y, r) => polygon(path, x, y, r * 1.35, 3, TURN / 4),
  (path, x, y, r) => polygon(path, x, y, r * 1.2, 5, -TURN / 4),
];

function polygon(path, x, y, radius, corners, turn) {
  for (let corner = 0; corner < corners; corner++) {
    const angle = turn + (corner * TURN) / corners;
    const to = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    if (corner) path.lineTo(...to);
    else path.moveTo(...to);
  }
  path.closePath();
}

/** Pixels for one of the style sheet's are enough for lines that change all the time. */
export const SHARP = 2;

/** Gives the canvas as many pixels as the screen shows of it, and clears it. @returns {CanvasRenderingContext2D} in the style sheet's pixels */
export function fit(canvas, width, height = width, most = 3) {
  const ratio = Math.min(most, devicePixelRatio || 1);
  const [across, down] = [width, height].map((side) => Math.max(1, Math.round(side * ratio)));
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

const radiusFor = (size, count) => Math.max(1.9, Math.min(6, (size / 105) * (count > 900 ? 0.75 : 1)));

/** How far a mark with its ring reaches at most, in pixels. */
export const ringFor = (size) => 1.6 * radiusFor(size, 0) + 1.5;

/** One marker of a class; also used by thumbnails and the legend. @param {boolean|string} fill a part's fill, or whether it is hollow */
export function drawMarker(context, index, x, y, radius, fill) {
  paintMarker(context, SHAPES[index % SHAPES.length], classColor(index), ink().edge, x, y, radius, fill === true ? "hollow" : fill || "full");
}

/** One marker of a value. */
export function drawValue(context, value, x, y, radius, fill) {
  paintMarker(context, SHAPES[0], valueColor(value), ink().outline, x, y, radius, fill);
}

function paintMarker(context, shape, color, edge, x, y, radius, fill) {
  const tones = ink();
  const outline = (size) => {
    context.beginPath();
    shape(context, x, y, size);
  };
  const pale = edge === tones.outline;
  outline(radius);
  if (fill === "full") {
    context.fillStyle = color;
    context.fill();
  } else if (pale) {
    // The colour may be that of the ground, so it lies between two outlines.
    context.fillStyle = color;
    context.fill();
    outline(radius * 0.55);
    context.fillStyle = tones.hollow;
    context.fill();
    context.strokeStyle = edge;
    context.lineWidth = Math.max(0.5, radius * 0.1);
    context.stroke();
    outline(radius);
  } else {
    context.fillStyle = tones.hollow;
    context.fill();
  }
  if (fill === "half") {
    context.save();
    context.clip();
    context.fillStyle = color;
    context.fillRect(x - 2 * radius, y - 2 * radius, 2 * radius, 4 * radius);
    context.restore();
    outline(radius);
  }
  const lined = fill === "full" || pale;
  context.strokeStyle = lined ? edge : color;
  context.lineWidth = lined ? Math.max(0.6, radius * (pale ? 0.16 : 0.22)) : Math.max(1.2, radius * (fill === "hollow" ? 0.5 : 0.36));
  context.stroke();
  if (fill === "dotted") {
    context.beginPath();
    context.arc(x, y, Math.max(0.7, radius * 0.34), 0, TURN);
    context.fillStyle = pale ? edge : color;
    context.fill();
  }
}

/** Where points are drawn: functions from an index to pixels. */
function placing(data, size, [low, high]) {
  const scale = size / (high - low);
  return {
    left: (index) => (data.points[2 * index] - low) * scale,
    top: (index) => (high - (data.dimensions === 1 ? HEIGHT * data.values[index] : data.points[2 * index + 1])) * scale,
  };
}

/** @param {HTMLCanvasElement} canvas @param {any} data @param {{size: number, plane: number[], showTest: boolean}} options */
export function drawPoints(canvas, data, { size, plane, showTest }) {
  const context = fit(canvas, size);
  drawAxes(context, size, plane, data.dimensions === 1);
  const { left, top } = placing(data, size, plane);
  const radius = radiusFor(size, data.count);
  for (const part of ORDER) {
    if (part === 1 && !showTest) continue;
    const { fill } = PARTS[part];
    const own = fill === "full" ? radius : radius * 0.9;
    for (let index = 0; index < data.count; index++) {
      if (data.part[index] !== part) continue;
      if (data.classes) drawMarker(context, data.labels[index], left(index), top(index), own, fill);
      else drawValue(context, data.values[index], left(index), top(index), own, fill);
    }
  }
  return context;
}

/** Rings around what the network gets wrong. @returns {number[]} how many, by part */
export function drawRings(canvas, data, predicted, { size, plane, showTest }) {
  const context = fit(canvas, size);
  const wrong = [0, 0, 0, 0];
  if (!data.classes) return wrong;
  const { left, top } = placing(data, size, plane);
  const radius = radiusFor(size, data.count) * 1.6;
  const tones = ink();
  context.beginPath();
  for (let index = 0; index < data.count; index++) {
    if (predicted[index] === data.labels[index]) continue;
    wrong[data.part[index]]++;
    if (data.part[index] === 1 && !showTest) continue;
    const x = left(index);
    const y = top(index);
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, TURN);
  }
  context.strokeStyle = tones.halo;
  context.lineWidth = Math.max(2, radius * 0.42);
  context.stroke();
  context.strokeStyle = tones.ring;
  context.lineWidth = Math.max(0.9, radius * 0.2);
  context.stroke();
  return wrong;
}

/** Points someone asks for, each in a double ring that can be seen on any ground. */
export function pointOut(context, data, points, { size, plane }) {
  const { left, top } = placing(data, size, plane);
  const radius = radiusFor(size, data.count) * 1.9;
  const tones = ink();
  for (const [color, width] of [[tones.halo, 3.2], [tones.ring, 1.4]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    for (const index of points) {
      context.beginPath();
      context.arc(left(index), top(index), radius, 0, TURN);
      context.stroke();
    }
  }
}

/** A place someone follows: a cross with a hole in it, over whatever is there. */
export function drawPlace(context, data, { x1, x2, truth }, { size, plane: [low, high] }) {
  const scale = size / (high - low);
  const x = (x1 - low) * scale;
  const y = (high - (data.dimensions === 1 ? HEIGHT * truth : x2)) * scale;
  const hole = radiusFor(size, data.count) * 1.7;
  const tones = ink();
  const path = new Path2D();
  path.arc(x, y, hole, 0, TURN);
  for (const [across, up] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    path.moveTo(x + across * hole, y + up * hole);
    path.lineTo(x + across * hole * 2.4, y + up * hole * 2.4);
  }
  for (const [color, width] of [[tones.halo, 4.5], [tones.ring, 2]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke(path);
  }
}

/** Ticks at the edge, so the picture says where it is; a graph has lines at -1, 0 and 1 as well. */
function drawAxes(context, size, plane, graph) {
  const [low, high] = plane;
  const scale = size / (high - low);
  if (graph) {
    context.strokeStyle = ink().grid;
    context.lineWidth = 1;
    context.beginPath();
    for (const value of [-HEIGHT, 0, HEIGHT]) {
      const at = Math.round((high - value) * scale) + 0.5;
      context.moveTo(0, at);
      context.lineTo(size, at);
    }
    context.stroke();
  }
  if (size < 150) return;
  context.fillStyle = context.strokeStyle = ink().axis;
  context.lineWidth = 1;
  context.font = `${size > 480 ? 12 : 10}px system-ui, sans-serif`;
  context.textBaseline = "bottom";
  context.beginPath();
  const written = (value) => String(value).replace("-", "−");
  const within = (value) => value > low && value < high;
  for (const value of [-4, 0, 4].filter(within)) {
    const at = (value - low) * scale;
    context.moveTo(at, size);
    context.lineTo(at, size - 4);
    context.textAlign = "center";
    context.fillText(written(value), at, size - 4);
  }
  context.textAlign = "left";
  for (const value of (graph ? [-1, 0, 1] : [-4, 0, 4]).filter(within)) {
    const at = (high - (graph ? HEIGHT * value : value)) * scale;
    context.moveTo(0, at);
    context.lineTo(4, at);
    context.fillText(written(value), 6, at + (graph ? -1 : 6));
  }
  context.stroke();
  context.textAlign = "right";
  context.fillText("x₁", size - 4, size - 4);
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText(graph ? "y" : "x₂", graph && size < 260 ? 18 : 4, 3);
}
