// The classes as leaves of a tree, where the outputs are its forks: each of them but the first divides
// what one before it leaves together. Losses whose outputs are anything else have no tree.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { inFull } from "./outputs.js";
import { drawMarker, fit } from "./points.js";

/** px from leaf to leaf, and from a fork down to the next. */
const APART = 24;
const DOWN = 22;
const MARGIN = 11;
const FORK = 8;
const LEAF = 5.5;

/** @typedef {{leaf: number}|{fork: number, sides: [Branch, Branch]}} Branch */

/** @param {import("./outputs.js").Sides[]} outputs @returns {Branch|null} */
export function treeOf(outputs) {
  const among = (classes) => String([...classes].sort((a, b) => a - b));
  const forks = new Map(outputs.map((sides, fork) => [among(sides.flat()), fork]));
  if (outputs.length < 2 || forks.size < outputs.length) return null; // one fork is no tree; what divides all classes twice is none
  const branch = (classes) => {
    if (classes.length === 1) return { leaf: classes[0] };
    const fork = forks.get(among(classes));
    if (fork === undefined) return null;
    const sides = outputs[fork].map(branch);
    return sides.every(Boolean) ? { fork, sides } : null;
  };
  return branch([...new Set(outputs.flat(2))]);
}

export function createClassTree() {
  const canvas = h("canvas", { class: "class-tree", role: "img", hidden: true });

  /** Where leaves and forks stand: leaves from left to right, a fork over the middle of its sides. */
  function placed(branch, depth, leaves) {
    const y = MARGIN + depth * DOWN;
    if (branch.leaf !== undefined) {
      const place = { ...branch, x: MARGIN + leaves.length * APART, y };
      leaves.push(place);
      return place;
    }
    const sides = branch.sides.map((side) => placed(side, depth + 1, leaves));
    return { fork: branch.fork, sides, x: (sides[0].x + sides[1].x) / 2, y };
  }

  function draw(context, { x, y, leaf, fork, sides }, ink, paper) {
    if (!sides) {
      drawMarker(context, leaf, x, y, LEAF, "full");
      return;
    }
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = 1.5;
    for (const side of sides) {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(side.x, side.y);
      context.stroke();
    }
    for (const side of sides) draw(context, side, ink, paper);
    context.fillStyle = ink;
    context.beginPath();
    context.arc(x, y, FORK, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = paper;
    context.fillText(String(fork + 1), x, y + 0.5);
  }

  return {
    element: canvas,
    /** Draws the tree, if the outputs are forks of one. @param {import("./outputs.js").Output[]} outputs */
    show(outputs) {
      const tree = outputs.every(({ meaning }) => meaning) ? treeOf(outputs.map(({ sides }) => sides)) : null;
      canvas.hidden = !tree;
      if (!tree) return;
      const leaves = [];
      const top = placed(tree, 0, leaves);
      const [width, height] = [leaves.at(-1).x, Math.max(...leaves.map(({ y }) => y))].map((end) => end + MARGIN);
      canvas.style.setProperty("width", `${width}px`);
      canvas.style.setProperty("height", `${height}px`);
      const { color, backgroundColor, fontFamily } = getComputedStyle(canvas);
      const context = fit(canvas, width, height);
      Object.assign(context, { font: `600 11px ${fontFamily}`, textAlign: "center", textBaseline: "middle" });
      draw(context, top, color, backgroundColor);
      canvas.setAttribute("aria-label", t("inside.tree_label", { forks: outputs.map(inFull).join("; ") }));
    },
  };
}
