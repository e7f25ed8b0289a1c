// Draws the data points over a boundary. The class is told by colour and by shape, training
// points are filled and test points hollow. They sit on their own canvas, drawn again only when
// data, size or theme change; the rings around misclassified points have another, lighter one.

import { classColor, ink } from "./palette.js";

const TURN = 2 * Math.PI;
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

/** Gives the canvas as many pixels as the screen shows of it. */
export function fit(canvas, size) {
  const ratio = Math.min(3, devicePixelRatio || 1);
  const pixels = Math.max(1, Math.round(size * ratio));
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size, size);
  return context;
}

const radiusFor = (size, count) => Math.max(1.9, Math.min(6, (size / 105) * (count > 900 ? 0.75 : 1)));

/** One marker; also used by thumbnails and the legend. */
export function drawMarker(context, index, x, y, radius, hollow) {
  const tones = ink();
  context.beginPath();
  SHAPES[index % SHAPES.length](context, x, y, radius);
  if (hollow) {
    context.fillStyle = tones.hollow;
    context.strokeStyle = classColor(index);
    context.lineWidth = Math.max(1.2, radius * 0.5);
  } else {
    context.fillStyle = classColor(index);
    context.strokeStyle = tones.edge;
    context.lineWidth = Math.max(0.6, radius * 0.22);
  }
  context.fill();
  context.stroke();
}

/** @param {HTMLCanvasElement} canvas @param {any} data @param {{size: number, plane: number[], showTest: boolean}} options */
export function drawPoints(canvas, data, { size, plane, showTest }) {
  const context = fit(canvas, size);
  drawAxes(context, size, plane);
  const [low, high] = plane;
  const scale = size / (high - low);
  const radius = radiusFor(size, data.count);
  for (const part of [1, 0]) {
    if (part === 1 && !showTest) continue;
    for (let index = 0; index < data.count; index++) {
      if (data.part[index] !== part) continue;
      const x = (data.points[2 * index] - low) * scale;
      const y = (high - data.points[2 * index + 1]) * scale;
      drawMarker(context, data.labels[index], x, y, part ? radius * 0.9 : radius, part === 1);
    }
  }
}

/** Rings around what the network gets wrong. @returns {number[]} errors in training and test */
export function drawRings(canvas, data, predicted, { size, plane, showTest }) {
  const context = fit(canvas, size);
  const [low, high] = plane;
  const scale = size / (high - low);
  const radius = radiusFor(size, data.count) * 1.6;
  const wrong = [0, 0];
  const tones = ink();
  const rings = new Path2D();
  for (let index = 0; index < data.count; index++) {
    if (predicted[index] === data.labels[index]) continue;
    wrong[data.part[index]]++;
    if (data.part[index] && !showTest) continue;
    const x = (data.points[2 * index] - low) * scale;
    const y = (high - data.points[2 * index + 1]) * scale;
    rings.moveTo(x + radius, y);
    rings.arc(x, y, radius, 0, TURN);
  }
  context.strokeStyle = tones.halo;
  context.lineWidth = Math.max(2, radius * 0.42);
  context.stroke(rings);
  context.strokeStyle = tones.ring;
  context.lineWidth = Math.max(0.9, radius * 0.2);
  context.stroke(rings);
  return wrong;
}

/** Ticks at the edge, so the picture says where it is. */
function drawAxes(context, size, plane) {
  if (size < 150) return;
  const [low, high] = plane;
  const scale = size / (high - low);
  context.fillStyle = context.strokeStyle = ink().axis;
  context.lineWidth = 1;
  context.font = `${size > 480 ? 12 : 10}px system-ui, sans-serif`;
  context.textBaseline = "bottom";
  context.beginPath();
  for (const value of [-4, 0, 4]) {
    if (value <= low || value >= high) continue;
    const at = (value - low) * scale;
    context.moveTo(at, size);
    context.lineTo(at, size - 4);
    context.moveTo(0, size - at);
    context.lineTo(4, size - at);
    const text = String(value).replace("-", "−");
    context.textAlign = "center";
    context.fillText(text, at, size - 4);
    context.textAlign = "left";
    context.fillText(text, 6, size - at + 6);
  }
  context.stroke();
  context.textAlign = "right";
  context.fillText("x₁", size - 4, size - 4);
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText("x₂", 4, 3);
}

/** A dataset's thumbnail from its example points. */
export function drawThumbnail(canvas, example, plane, size) {
  const context = fit(canvas, size);
  const [low, high] = plane;
  const scale = size / (high - low);
  example.points.forEach(([x, y], index) => {
    context.fillStyle = classColor(example.labels[index]);
    context.beginPath();
    context.arc((x - low) * scale, (high - y) * scale, 1.3, 0, TURN);
    context.fill();
  });
}
