// The graph of a network with one input dimension: its output over the x1 axis, as a line in the
// panel's colour. It has a canvas of its own above the points, drawn with every frame; the points
// and the axes are drawn as for any other data.

import { groundColor } from "./palette.js";
import { HEIGHT, fit } from "./points.js";

/** A quiet background where a boundary would be. @param {HTMLCanvasElement} canvas */
export function drawGround(canvas) {
  if (canvas.width !== 1) canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d");
  context.fillStyle = groundColor();
  context.fillRect(0, 0, 1, 1);
}

/**
 * The graph of a panel, on a canvas of its own.
 * @param {HTMLCanvasElement} canvas @param {Float32Array} values the output at even steps over the plane's width
 * @param {Float32Array[]|null} band lower and upper end of what several seeds say
 */
export const drawGraph = (canvas, values, options, band = null) => drawCurve(fit(canvas, options.size), values, options, band);

/** A graph on top of what is drawn already. @param {CanvasRenderingContext2D} context */
export function drawCurve(context, values, { size, plane: [low, high], color }, band = null) {
  const scale = size / (high - low);
  // Far outside is as good as outside, and huge numbers confuse the rasterizer.
  const down = (value) => (high - Math.max(2 * low, Math.min(2 * high, HEIGHT * value))) * scale;
  if (band && band[0].every(Number.isFinite) && band[1].every(Number.isFinite)) {
    const [bottom, top] = band;
    const last = values.length - 1;
    context.beginPath();
    for (let index = 0; index <= last; index++) context.lineTo((index / last) * size, down(top[index]));
    for (let index = last; index >= 0; index--) context.lineTo((index / last) * size, down(bottom[index]));
    context.fillStyle = color;
    context.globalAlpha = 0.3;
    context.fill();
    context.globalAlpha = 1;
  }
  context.beginPath();
  let pen = "moveTo";
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) {
      pen = "moveTo";
      return;
    }
    context[pen]((index / (values.length - 1)) * size, down(value));
    pen = "lineTo";
  });
  context.lineJoin = "round";
  context.strokeStyle = groundColor();
  context.lineWidth = Math.max(4, size / 70);
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = Math.max(2, size / 160);
  context.stroke();
}

/** The output at a place, between the two nearest steps. */
export function readGraph(values, [low, high], x) {
  const at = Math.max(0, Math.min(values.length - 1, ((x - low) / (high - low)) * (values.length - 1)));
  const left = Math.floor(at);
  const right = Math.min(values.length - 1, left + 1);
  return values[left] + (at - left) * (values[right] - values[left]);
}
