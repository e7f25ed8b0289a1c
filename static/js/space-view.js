// The space of a layer, a tab of the look inside: where the layer puts the lattice of the plane and
// all points, by two of its units or by the first two principal components of all of them. The cells
// of the lattice have the colours of what is predicted there, so that one sees how a layer pulls the
// classes apart until a straight cut is enough. A point under the pointer is ringed in the panel.

import { h, segment, setText, uniqueId } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";
import { layerName, namesOf, number, unitName } from "./anatomy.js";
import { inFull } from "./outputs.js";
import { colorTable, ink } from "./palette.js";
import { PARTS, SHARP, drawMarker, drawValue, fit } from "./points.js";

/** Room for the axes' ends and names. */
const MARGIN = 30;
/** Every so many places a line of the lattice is drawn: one a unit of the plane. */
const LINE = 4;
/** Room around the points; what the lattice does further out is not seen. */
const AROUND = 0.12;
/** The frame shrinks only when what is shown fills less than this share of it. */
const LOOSE = 0.7;
const NEAR = 14;
const SPRITE = 24;
/** Points from this number on are drawn smaller. */
const MANY = 900;
const ORDER = [1, 2, 3, 0];

/** The ends of an axis: those of what is shown with a little room, kept as long as they still fit. */
function frameOf(values, before) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (high - low < 1e-6) [low, high] = [low - 1, high + 1];
  const room = (high - low) * AROUND;
  if (before && before[0] <= low && before[1] >= high && high - low > LOOSE * (before[1] - before[0])) return before;
  return [low - room, high + room];
}

/** All turn the same way round, so that where the plane folds over itself nothing of one path takes another away. */
function triangle(path, x, y, one, two, three) {
  const turned = (x[two] - x[one]) * (y[three] - y[one]) - (x[three] - x[one]) * (y[two] - y[one]) < 0;
  path.moveTo(x[one], y[one]);
  for (const corner of turned ? [three, two] : [two, three]) path.lineTo(x[corner], y[corner]);
  path.closePath();
}

/** @type {import("./inside.js").Maker} */
export function createSpace({ store, loop, words, ask }) {
  const select = (action) => {
    const element = h("select", { id: uniqueId("space") });
    element.addEventListener("change", () => action(Number(element.value)));
    return element;
  };
  /** What was chosen; null: as it suits the network. @type {{layer: number|null, units: [number, number], components: boolean|null}} */
  const chosen = { layer: null, units: [0, 1], components: null };
  const layerSelect = select((value) => choose({ layer: value, units: [0, 1], components: null }));
  const unitSelects = [0, 1].map((axis) => select((value) => choose({ units: chosen.units.map((unit, at) => (at === axis ? value : unit)) })));
  const kinds = [false, true].map((components) => segment("space-kind", false, "", () => choose({ components })));
  const kind = h("div", { class: "scope space-kind", role: "radiogroup" }, kinds);
  const selects = [layerSelect, ...unitSelects];
  const labels = selects.map(({ id }) => h("label", { for: id }));
  const fields = selects.map((element, at) => h("div", { class: "space-field" }, labels[at], element));
  const bar = h("div", { class: "space-bar" }, fields[0], kind, fields[1], fields[2]);
  const canvas = h("canvas", { class: "space-canvas", role: "img" });
  const ends = ["x-low", "x-high", "y-low", "y-high"].map((which) => h("span", { class: `space-end figure ${which}` }));
  const names = ["across", "up"].map((way) => h("span", { class: `space-axis ${way}` }));
  const tip = h("p", { class: "space-tip figure", hidden: true });
  const stage = h("div", { class: "space-stage" }, canvas, ends, names, tip);
  const note = h("p", { class: "space-note muted" });
  const root = h("div", { class: "space-view", tabindex: "0", role: "region" }, bar, h("div", { class: "space-room" }, stage), note);
  let built = "";
  let shown = "";
  /** The ends of the two axes. @type {[number, number][]} */
  let frames = [];
  let sprites = new Map();
  /** Where the points are drawn, in pixels. */
  let placed = new Float32Array(0);
  let touched = null;
  let side = 0;

  const spec = () => store.experiment.panels[store.selectedIndex];
  /** Units in each layer but the outputs, whose number the messages tell. */
  const sizes = () => [spec().features?.length ?? 0, ...spec().hidden.map(({ width }) => width)];
  const layerNow = () => Math.min(chosen.layer ?? sizes().length - 1, sizes().length);
  const unitsOf = (layer) => sizes()[layer] ?? outputs();
  const outputs = () => {
    const message = store.seen("space");
    return message && Number(message.about.layer) === sizes().length ? Number(message.about.units) : 2;
  };
  const byComponents = () => chosen.components ?? unitsOf(layerNow()) > 2;

  const view = () => {
    const layer = layerNow();
    return byComponents() ? { id: "space", layer, components: true } : { id: "space", layer, first: chosen.units[0], second: chosen.units[1] };
  };

  function choose(change) {
    Object.assign(chosen, change);
    shown = "";
    ask();
    build();
  }

  /** The choices: layers, ways to see them, and units of the layer. */
  function build() {
    const layer = layerNow();
    const count = unitsOf(layer);
    const key = `${words()} ${sizes()} ${layer} ${count} ${byComponents()} ${chosen.units}`;
    if (built === key) return;
    built = key;
    const depth = sizes().length + 1;
    const body = { layers: Array.from({ length: depth }, (_, at) => ({ size: sizes()[at] ?? count, first: 0 })), of: (unit) => ({ layer, index: unit }) };
    layerSelect.replaceChildren(...body.layers.map((_, at) => h("option", { value: String(at) }, layerName(body, at))));
    layerSelect.value = String(layer);
    const called = namesOf(store, body);
    const options = Array.from({ length: count }, (_, unit) => unitName(body, called, unit, true));
    const choices = layer === depth - 1 ? called.outputs.map(inFull) : options;
    unitSelects.forEach((element, axis) => {
      element.replaceChildren(...choices.map((name, unit) => h("option", { value: String(unit) }, name)));
      element.value = String(Math.min(chosen.units[axis], count - 1));
      fields[axis + 1].hidden = byComponents() || count < 2;
    });
    kinds.forEach((label, at) => {
      label.firstChild.checked = Boolean(at) === byComponents();
    });
    kind.hidden = count < 3;
    setText(note, t(count < 2 ? "inside.space_single" : byComponents() ? "inside.space_components_note" : "inside.space_note"));
    setText(names[0], byComponents() ? "" : options[Math.min(chosen.units[0], count - 1)]);
    setText(names[1], byComponents() || count < 2 ? "" : options[Math.min(chosen.units[1], count - 1)]);
  }

  const job = loop.job(paint, 60);

  function paint() {
    const message = store.seen("space");
    if (!message || !store.data) return;
    build();
    const { layer, first, second } = message.about;
    // An answer to what was asked before has other axes.
    if (Number(layer) !== layerNow() || (first === "") !== byComponents()) return;
    const what = `${store.selected} ${layer} ${first} ${second} ${message.about.units}`;
    if (shown !== what) {
      shown = what;
      frames = [];
    }
    const { lattice, points, share } = message.tensors;
    const half = lattice.data.length / 2;
    const count = points.data.length / 2;
    frames = [0, 1].map((axis) => frameOf(points.data.subarray(axis * count, (axis + 1) * count), frames[axis]));
    if (byComponents()) names.forEach((name, axis) => setText(name, t("inside.component", { number: axis + 1, share: percent(share.data[axis], 0) })));
    [frames[0][0], frames[0][1], frames[1][0], frames[1][1]].forEach((value, at) => setText(ends[at], number(value)));
    draw(message, half);
    place(points);
    drawPoints();
    tell();
  }

  const left = (value) => MARGIN + ((value - frames[0][0]) / (frames[0][1] - frames[0][0])) * (side - 2 * MARGIN);
  const top = (value) => side - MARGIN - ((value - frames[1][0]) / (frames[1][1] - frames[1][0])) * (side - 2 * MARGIN);

  function draw({ tensors: { lattice, shade } }, half) {
    side = Math.floor(stage.clientWidth);
    const context = fit(canvas, side, side, SHARP);
    const count = lattice.shape[1];
    const x = Float32Array.from(lattice.data.subarray(0, half), left);
    const y = Float32Array.from(lattice.data.subarray(half), top);
    // Cells of one colour are one path; where the plane folds over itself the colours lie over one another.
    const table = colorTable(store.data.classes, store.view.discretize);
    const paths = new Map();
    for (let row = 0; row < count - 1; row++) {
      for (let column = 0; column < count - 1; column++) {
        const at = row * count + column;
        const color = table[shade.data[at]];
        if (!paths.has(color)) paths.set(color, new Path2D());
        triangle(paths.get(color), x, y, at, at + 1, at + count);
        triangle(paths.get(color), x, y, at + count + 1, at + count, at + 1);
      }
    }
    context.save();
    context.beginPath();
    context.rect(MARGIN, MARGIN, side - 2 * MARGIN, side - 2 * MARGIN);
    context.clip();
    context.lineWidth = 0.7;
    context.globalAlpha = 0.8;
    for (const [color, path] of paths) {
      context.fillStyle = context.strokeStyle = `rgb(${color & 255},${(color >> 8) & 255},${(color >> 16) & 255})`;
      context.fill(path);
      context.stroke(path);
    }
    const [fine, axes] = [new Path2D(), new Path2D()];
    for (let line = 0; line < count; line += LINE) {
      const path = line === (count - 1) / 2 ? axes : fine;
      for (const place of [(step) => line * count + step, (step) => step * count + line]) {
        path.moveTo(x[place(0)], y[place(0)]);
        for (let step = 1; step < count; step++) path.lineTo(x[place(step)], y[place(step)]);
      }
    }
    context.strokeStyle = ink().axis;
    context.globalAlpha = 0.45;
    context.lineWidth = 0.7;
    context.stroke(fine);
    context.globalAlpha = 1;
    context.lineWidth = 1.6;
    context.stroke(axes);
    context.restore();
  }

  /** Where the points are drawn; nowhere while the message is about other points than are shown. */
  function place({ data, shape }) {
    const count = shape[1] === store.data.count ? shape[1] : 0;
    placed = new Float32Array(2 * count);
    for (let point = 0; point < count; point++) {
      placed[2 * point] = left(data[point]);
      placed[2 * point + 1] = top(data[shape[1] + point]);
    }
  }

  const seen = (point) => store.view.testData || store.data.part[point] !== 1;

  function drawPoints() {
    const context = canvas.getContext("2d");
    const { labels, values, part, classes, count } = store.data;
    const radius = Math.max(2, Math.min(5, side / 110)) * (count > MANY ? 0.75 : 1);
    for (const which of ORDER) {
      const { fill } = PARTS[which];
      for (let point = 0; point < placed.length / 2; point++) {
        if (part[point] !== which || !seen(point)) continue;
        const [x, y] = [placed[2 * point], placed[2 * point + 1]];
        if (classes) context.drawImage(sprite(labels[point], fill, radius), x - SPRITE / 2, y - SPRITE / 2, SPRITE, SPRITE);
        else drawValue(context, values[point], x, y, radius, fill);
      }
    }
    if (touched === null || 2 * touched >= placed.length) return;
    for (const [color, width] of [[ink().halo, 3.2], [ink().ring, 1.4]]) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.arc(placed[2 * touched], placed[2 * touched + 1], radius * 1.9, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /** A class's marker, painted once. */
  function sprite(index, fill, radius) {
    const key = `${index} ${fill} ${radius}`;
    if (!sprites.has(key)) {
      const picture = document.createElement("canvas");
      drawMarker(fit(picture, SPRITE, SPRITE, SHARP), index, SPRITE / 2, SPRITE / 2, radius, fill);
      sprites.set(key, picture);
    }
    return sprites.get(key);
  }

  /** The picture in words: its axes, and where the classes lie. */
  function tell() {
    const message = store.seen("space");
    if (store.playing && canvas.hasAttribute("aria-label")) return;
    const { points } = message.tensors;
    const { labels, classes, part } = store.data;
    const middles = placed.length ? Array.from({ length: classes }, (_, index) => {
      const own = Array.from(labels.keys()).filter((point) => labels[point] === index && part[point] === 0);
      const mean = (axis) => own.reduce((sum, point) => sum + points.data[axis * points.shape[1] + point], 0) / own.length;
      return t("inside.space_class", { number: index + 1, x: number(mean(0)), y: number(mean(1)) });
    }) : [];
    canvas.setAttribute("aria-label", [t("inside.space_label", { layer: layerSelect.selectedOptions[0]?.textContent ?? "", x: names[0].textContent, y: names[1].textContent || "0" }), ...middles].join("; "));
  }

  // ---- a point under the pointer ----

  function touch(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = event ? [event.clientX - box.left, event.clientY - box.top] : [NaN, NaN];
    let best = null;
    for (let point = 0; point < placed.length / 2; point++) {
      if (!seen(point)) continue;
      const distance = Math.hypot(placed[2 * point] - x, placed[2 * point + 1] - y);
      if (distance < NEAR && (!best || distance < best.distance)) best = { point, distance };
    }
    const next = best?.point ?? null;
    if (next !== touched) {
      touched = next;
      if (touched !== null) store.pointOut({ panel: store.selected, points: [touched] });
      else if (store.pointed) store.pointOut(null);
      job.mark();
    }
    tip.hidden = touched === null;
    if (touched === null) return;
    const { points, labels, values, classes } = store.data;
    const { data, shape } = store.seen("space").tensors.points;
    const what = classes ? t("legend.class", { number: labels[touched] + 1 }) : number(values[touched]);
    setText(tip, t("inside.space_point", { x: number(data[touched]), y: number(data[shape[1] + touched]), x1: points[2 * touched].toFixed(1).replace("-", "−"), x2: points[2 * touched + 1].toFixed(1).replace("-", "−"), what }));
    tip.style.setProperty("left", `${Math.max(0, Math.min(side - tip.offsetWidth, placed[2 * touched] - tip.offsetWidth / 2))}px`);
    tip.style.setProperty("top", `${Math.max(0, placed[2 * touched + 1] - 34)}px`);
  }
  canvas.addEventListener("pointermove", touch);
  canvas.addEventListener("pointerdown", touch);
  canvas.addEventListener("pointerleave", () => touch(null));
  new ResizeObserver(() => job.now()).observe(root);
  store.on("view", () => job.mark());
  store.on("data", () => {
    touched = null;
    tip.hidden = true;
  });

  return {
    name: "space",
    element: root,
    views: () => [view()],
    show() {
      build();
      job[store.playing ? "mark" : "now"]();
    },
    leave() {
      if (touched !== null) touch(null);
    },
    words() {
      root.setAttribute("aria-label", t("inside.space"));
      ["inside.layer", "inside.space_across", "inside.space_up"].forEach((key, at) => setText(labels[at], t(key)));
      ["inside.space_units", "inside.space_components"].forEach((key, at) => setText(kinds[at].lastChild, t(key)));
      kind.setAttribute("aria-label", t("inside.space_axes"));
      built = "";
    },
    theme() {
      sprites = new Map();
      job.now();
    },
  };
}
