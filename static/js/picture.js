// Pictures of the panels for slides and handouts: what is on screen, drawn once more at a size of
// its own, with titles and numbers. PNG and SVG come from the same code; an animation is made of
// the canvases that the page has drawn already, because it has to keep up with the training.

import { drawBoundary, drawDisagreement, hatched } from "./boundary.js";
import { drawContours } from "./contour.js";
import * as format from "./format.js";
import { slice } from "./frames.js";
import { drawGraph, drawGround } from "./graph.js";
import { t } from "./i18n.js";
import { LETTERS, panelColor } from "./palette.js";
import { drawPoints, drawRings } from "./points.js";
import { SvgContext } from "./svg-context.js";
import { titles } from "./titles.js";

/** Side of a boundary, and what is around it. */
const SIDE = 480;
const GAP = 16;
const HEAD = 40;
const FOOT = 34;
const BAND = 4;
/** Pixels for one of those units in a PNG. */
const SHARPNESS = 2;
const COLUMNS = { 1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3 };

/** Where each of so many panels stands. @param {number} count */
function arrangement(count, side = SIDE) {
  const columns = COLUMNS[count] ?? 3;
  const width = side + 2 * GAP;
  const height = BAND + HEAD + side + FOOT;
  return {
    width: columns * width + (columns + 1) * GAP, height: Math.ceil(count / columns) * (height + GAP) + GAP, card: { width, height, side },
    places: [...Array(count).keys()].map((index) => [GAP + (index % columns) * (width + GAP), GAP + Math.floor(index / columns) * (height + GAP)]),
  };
}

/** A stand-in for a canvas of a given size: what is drawn "on it" lands in a part of a larger picture. */
function within(context) {
  const part = new Proxy(context, {
    get(target, name) {
      if (name === "setTransform" || name === "clearRect") return () => {};
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
    set(target, name, value) {
      target[name] = value;
      return true;
    },
  });
  return { width: 0, height: 0, getContext: () => part };
}

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const font = (weight, size) => `${weight} ${size}px ${getComputedStyle(document.body).fontFamily.replaceAll('"', "'")}`;

/** As much of a text as there is room for. */
function fitted(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > room) end--;
  return `${text.slice(0, end)}…`;
}

/** The frame around a boundary: band, letter, title, numbers; `inner` draws what is in the middle. */
function drawCard(context, store, index, name, { width, height, side }, inner) {
  const now = store.history.get(store.panels[index].id)?.now ?? {};
  context.fillStyle = color("--surface");
  context.fillRect(0, 0, width, height);
  context.fillStyle = panelColor(index);
  context.fillRect(0, 0, width, BAND);
  context.textBaseline = "middle";
  context.textAlign = "left";
  const middle = BAND + HEAD / 2;
  let left = GAP;
  if (store.panels.length > 1) {
    context.font = font(700, 18);
    context.fillText(LETTERS[index], left, middle);
    left += context.measureText(LETTERS[index]).width + 8;
  }
  context.fillStyle = color("--text");
  context.font = font(600, 16);
  context.fillText(fitted(context, name, width - left - GAP), left, middle);
  context.font = font(400, 14);
  context.fillStyle = color("--muted");
  const foot = BAND + HEAD + side + FOOT / 2;
  const quality = store.data.classes ? [t("numbers.accuracy"), format.percent(now.test_accuracy)] : [t("numbers.r2"), format.fit(now.test_r2)];
  const epoch = `${t("charts.epoch")} ${format.figure(Number((now.epoch ?? 0).toFixed(2)))}`;
  context.fillText(fitted(context, `${t("numbers.test")}: ${t("numbers.loss")} ${format.loss(now.test_loss)} · ${quality.join(" ")}`, width - 2 * GAP - context.measureText(epoch).width - 12), GAP, foot);
  context.textAlign = "right";
  context.fillText(epoch, width - GAP, foot);
  context.save();
  context.translate(GAP, BAND + HEAD);
  context.beginPath();
  context.rect(0, 0, side, side);
  context.clip();
  inner();
  context.restore();
}

/** Which panels there are to draw, and what they are called. */
function chosen(store, only) {
  const names = titles(store.boot.form.network, store.experiment.panels, store.boot.catalog);
  const indices = only === null ? [...store.panels.keys()] : [only];
  return indices.map((index) => ({ index, name: names[index] }));
}

function drawAll(context, store, only) {
  const shown = chosen(store, only);
  const { width, height, card, places } = arrangement(shown.length);
  context.fillStyle = color("--ground");
  context.fillRect(0, 0, width, height);
  const { frame, data } = store;
  shown.forEach(({ index, name }, at) => {
    context.save();
    context.translate(...places[at]);
    drawCard(context, store, index, name, card, () => {
      const options = { size: SIDE, plane: store.boot.plane, showTest: store.view.testData };
      const ground = document.createElement("canvas");
      const { boundary, curve, curve_low: low, curve_high: high, disagreement } = frame.tensors;
      const size = boundary.shape[1];
      if (curve) drawGround(ground);
      else drawBoundary(ground, slice(boundary, index), size, data.classes, store.view.discretize);
      context.drawImage(ground, 0, 0, SIDE, SIDE);
      if (disagreement && !curve) {
        const apart = document.createElement("canvas");
        drawDisagreement(apart, slice(disagreement, index), size, data.classes);
        context.drawImage(hatched(apart, SIDE, SHARPNESS), 0, 0, SIDE, SIDE);
      }
      const canvas = within(context);
      drawPoints(canvas, data, options);
      if (store.view.bayes && store.bayes?.lines) drawContours(context, store.bayes.lines, SIDE);
      if (curve) drawGraph(canvas, slice(curve, index), { ...options, color: panelColor(index) }, low ? [slice(low, index), slice(high, index)] : null);
      drawRings(canvas, data, slice(frame.tensors.predicted, index), options);
    });
    context.restore();
  });
}

/** Whether there is anything to draw. */
export const pictureReady = (store) => Boolean(store.frame && store.data && store.frame.tensors.predicted.shape[1] === store.data.count);

/** @param {any} store @param {number|null} only the place of one panel, or null for all @returns {Promise<Blob>} */
export function picturePng(store, only) {
  const { width, height } = arrangement(only === null ? store.panels.length : 1);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * SHARPNESS, height * SHARPNESS];
  const context = canvas.getContext("2d");
  context.scale(SHARPNESS, SHARPNESS);
  drawAll(context, store, only);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}

/** @param {any} store @param {number|null} only */
export function pictureSvg(store, only) {
  const { width, height } = arrangement(only === null ? store.panels.length : 1);
  const context = new SvgContext();
  drawAll(context, store, only);
  return context.text(width, height, chosen(store, only).map(({ index, name }) => `${LETTERS[index]} ${name}`).join("; "));
}

/** Side of a boundary in an animation. */
const MOVING = 360;

/** The size of an animation. @param {any} store */
export function movingSize(store) {
  const { width, height } = arrangement(store.panels.length, MOVING);
  return { width: width + (width % 2), height: height + (height % 2) }; // as codecs like it
}

/** One picture of an animation, from the canvases on the page. @param {CanvasRenderingContext2D} context */
export function drawMoving(context, store) {
  const { card, places } = arrangement(store.panels.length, MOVING);
  context.fillStyle = color("--ground");
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  const cards = document.querySelectorAll("#panels .panel");
  chosen(store, null).forEach(({ index, name }, at) => {
    if (!cards[index] || !places[at]) return;
    context.save();
    context.translate(...places[at]);
    drawCard(context, store, index, name, card, () => {
      for (const layer of cards[index].querySelectorAll(".picture canvas")) {
        if (layer.width && layer.height && !layer.hidden) context.drawImage(layer.matches(".disagreement") ? hatched(layer, MOVING, 1) : layer, 0, 0, MOVING, MOVING);
      }
    });
    context.restore();
  });
}
