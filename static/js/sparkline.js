// The loss of one panel as a line of a few pixels: enough to see whether it still falls. On a
// logarithmic axis, since a loss that has fallen a hundredfold would otherwise look flat.

import { SHARP, fit } from "./points.js";

export function drawSparkline(canvas, history, color) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  const context = fit(canvas, width, height, SHARP);
  const values = history.columns.test_loss;
  const every = Math.max(1, Math.ceil(values.length / width));
  const kept = values.map((value, index) => index).filter((index) => index % every === 0 && Number.isFinite(values[index]));
  const shown = kept.map((index) => Math.log(Math.max(values[index], 1e-6)));
  if (shown.length < 2) return;
  const low = Math.min(...shown);
  const span = Math.max(Math.max(...shown) - low, 0.05);
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  // Of an earlier moment the rest of the run is paler.
  const now = kept.filter((index) => history.columns.epoch[index] <= (history.now?.epoch ?? Infinity)).length;
  for (const [from, to, strength] of [[0, now, 1], [Math.max(0, now - 1), shown.length, 0.35]]) {
    if (to - from < 2) continue;
    context.globalAlpha = strength;
    context.beginPath();
    for (let index = from; index < to; index++) context.lineTo(1 + (index / (shown.length - 1)) * (width - 2), height - 1.5 - ((shown[index] - low) / span) * (height - 3));
    context.stroke();
  }
  context.globalAlpha = 1;
}
