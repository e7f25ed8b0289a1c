// Draws the decision boundary: one byte a cell, looked up in a colour table, into a canvas as
// small as the grid, which the style sheet scales up. That is the cheapest way a browser has
// (60 frames a second with nine panels); drawing at full size would cost ten times as much.

import { colorTable, hatchTable } from "./palette.js";

/** Width of the lines that disagreement is cut into, and from one to the next. */
const LINE = 1.6;
const PITCH = 5;

/** @param {HTMLCanvasElement} canvas @param {Uint8Array} cells @param {number} size */
export function drawBoundary(canvas, cells, size, classes, discretize) {
  paint(canvas, cells, size, colorTable(classes, discretize));
}

/** Where seeds disagree, the more the denser. The style sheet cuts it into lines. */
export function drawDisagreement(canvas, cells, size, classes) {
  paint(canvas, cells, size, hatchTable(classes));
}

/**
 * The same for where no style sheet is, in a picture: cut into lines as in panels.css.
 * @param {HTMLCanvasElement} drawn by `drawDisagreement` @param {number} side of the picture @param {number} ratio pixels for one of its units
 */
export function hatched(drawn, side, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.lineWidth = LINE;
  context.beginPath();
  for (let at = 0; at < 2 * side; at += PITCH * Math.SQRT2) {
    context.moveTo(at, 0);
    context.lineTo(0, at);
  }
  context.stroke();
  context.globalCompositeOperation = "source-in";
  context.drawImage(drawn, 0, 0, side, side);
  return canvas;
}

/** How much the seeds disagree at a place, 0 to 1. */
export function readDisagreement(cells, size, plane, x, y) {
  return cells[cellAt(size, plane, x, y)] / 255;
}

function paint(canvas, cells, size, table) {
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  if (canvas.image?.width !== size) {
    canvas.image = context.createImageData(size, size);
    canvas.pixels = new Uint32Array(canvas.image.data.buffer);
  }
  const pixels = canvas.pixels;
  for (let index = 0; index < cells.length; index++) pixels[index] = table[cells[index]];
  context.putImageData(canvas.image, 0, 0);
}

const levelsOf = (classes) => Math.floor(256 / classes);

/** The class that a cell is given to. */
export const classOf = (value, classes) => Math.min(classes - 1, Math.floor(value / levelsOf(classes)));

/** What a cell says: the value, or the class and how sure the network is (probability of that class). */
export function readCell(cells, size, classes, plane, x, y) {
  const value = cells[cellAt(size, plane, x, y)];
  if (!classes) return { value: value / 127.5 - 1 };
  const levels = levelsOf(classes);
  const predicted = classOf(value, classes);
  const confidence = Math.min(1, (value - predicted * levels) / (levels - 1));
  return { predicted, probability: 1 / classes + confidence * (1 - 1 / classes) };
}

function cellAt(size, [low, high], x, y) {
  const column = Math.min(size - 1, Math.max(0, Math.floor(((x - low) / (high - low)) * size)));
  const row = Math.min(size - 1, Math.max(0, Math.floor(((high - y) / (high - low)) * size)));
  return row * size + column;
}

/** The lowest and the highest value in the picture, for the text summary. @returns {number[]} */
export function extent(cells) {
  let low = 255;
  let high = 0;
  for (const value of cells) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high].map((value) => value / 127.5 - 1);
}
