// The network as a picture: a column of units a layer, inputs first, each with its response over
// the plane, and the weights as links whose width is their size and whose colour is their sign.
// Maps of a layer share one canvas and all links another, because two thousand elements would not
// keep up; what can be pointed at, chosen and read aloud is a button over each map. A layer that is
// wider than sixteen units is a strip of small maps, and its links are drawn together.

import { h, prefersStill, setText } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";
import { layerName, namesOf, number, stateOf, unitName } from "./anatomy.js";
import { responseTable, valueColor } from "./palette.js";
import { SHARP, drawMarker, fit } from "./points.js";

/** Layers up to so many units are drawn one by one. */
export const FEW = 16;
const HEAD = 36;
const FOOT = 20;
/** Room for the names of inputs, the longer where one is a formula, and of outputs. */
const LEFT = [44, 92];
const RIGHT = 76;
/** px between two units at least, so that each can be hit. */
const CLOSEST = 26;
/** px between two columns at least. */
const NARROWEST = 49;
const WIDEST = 7;
const LEVELS = 12;
/** From so many links between two layers on, weak ones are paler. */
const DENSE = 100;
/** The dash moves along the strongest links between two layers: so many, or fewer where they are dense. */
const MOVING = [24, 8];
const TURN = 2 * Math.PI;

/**
 * @param {any} store @param {{hover: (unit: number|null) => void, choose: (unit: number) => void, chooseLink: (link: any) => void}} told
 */
export function createGraph(store, told) {
  const flow = h("canvas", { class: "graph-canvas" });
  const lines = h("canvas", { class: "graph-canvas" });
  const body = h("div", { class: "graph-body", role: "group" });
  const tip = h("p", { class: "graph-tip figure", hidden: true });
  const sheet = h("div", { class: "graph-sheet" }, lines, flow, body, tip);
  const root = h("div", { class: "graph" }, sheet);
  /** @type {import("./anatomy.js").Anatomy|null} */
  let anatomy = null;
  let names = null;
  let columns = [];
  /** One a unit: its button and where it is. */
  let units = [];
  let built = "";
  let size = [0, 0];
  let sorted = false;
  let sortedAt = -Infinity;
  let chosen = 0;
  let hovered = null;
  let touchedLink = null;
  let strongest = [];
  let widest = 1;
  let labelled = -Infinity;
  let phase = 0;

  /** Columns, names and buttons anew, where layers or words have changed. */
  function build() {
    columns = anatomy.layers.map((layer, place) => {
      const strip = layer.size > FEW;
      const head = h("p", { class: "graph-head" }, h("strong", {}, layerName(anatomy, place)), h("span", { class: "muted" }));
      const foot = h("p", { class: "graph-foot muted" });
      const maps = h("canvas", { class: "graph-maps", "aria-hidden": "true" });
      return { ...layer, place, strip, head, foot, maps, order: [...Array(layer.size).keys()] };
    });
    units = Array(anatomy.count);
    const held = body.contains(document.activeElement);
    const children = columns.map((column) => {
      const outer = column.place === 0 || column.place === columns.length - 1;
      const buttons = column.order.map((index) => {
        const unit = column.first + index;
        const caption = h("span", { class: "unit-caption figure" });
        const button = h("button", { type: "button", class: `unit${column.strip ? " small" : ""}`, tabindex: "-1", "data-unit": String(unit) }, caption);
        const name = outer && !column.strip ? h("span", { class: `unit-name ${column.place ? "output" : "input"}`, "aria-hidden": "true" }, mark(column, index), h("span", {}, unitName(anatomy, names, unit, true))) : null;
        units[unit] = { button, caption, name, x: 0, y: 0, state: null };
        return [button, name];
      });
      return h("div", { class: "graph-column", role: "group", "aria-label": layerName(anatomy, column.place) }, column.head, column.maps, ...buttons.flat(), column.foot);
    });
    body.replaceChildren(...children);
    chosen = Math.min(chosen, anatomy.count - 1);
    focusable();
    if (held) units[chosen].button.focus({ preventScroll: true });
  }

  /** Which class an output stands for. */
  function mark(column, index) {
    if (column.place === 0 || !names.classes) return null;
    const canvas = h("canvas", { class: "unit-mark" });
    drawMarker(fit(canvas, 14), index, 7, 7, 5, "full");
    return canvas;
  }

  /** Places everything in the room there is. */
  function place() {
    const most = Math.max(...columns.map((column) => (column.strip ? 0 : column.size)));
    const margin = LEFT[Number(names.inputs.some((name) => name.length > 6))];
    const room = root.clientHeight;
    const height = Math.max(room, HEAD + FOOT + Math.max(most * CLOSEST, 150));
    // A strip is as wide as three columns of units.
    const slots = columns.map((column) => (column.strip ? 2.2 : 1));
    const between = slots.slice(1).reduce((sum, slot, index) => sum + (slot + slots[index]) / 2, 0);
    const pitchOf = (width) => (width - margin - RIGHT - 44) / Math.max(1, between);
    const width = Math.max(root.clientWidth, margin + RIGHT + 44 + between * NARROWEST);
    const across = pitchOf(width);
    size = [width, height];
    sheet.style.setProperty("width", `${width}px`);
    sheet.style.setProperty("height", `${height}px`);
    const area = height - HEAD - FOOT;
    const down = Math.min(96, area / Math.max(1, most));
    const captioned = down >= 44;
    const side = Math.max(20, Math.min(64, down - (captioned ? 18 : 4), across * 0.62));
    body.classList.toggle("captioned", captioned);
    let x = margin + 22;
    columns.forEach((column, index) => {
      if (index) x += (across * (slots[index] + slots[index - 1])) / 2;
      column.x = x;
      if (column.strip) {
        const free = Math.max(48, across * 1.5);
        let across_ = 2;
        while (across_ < 16 && Math.ceil(column.size / across_) * Math.min(24, free / across_) > area) across_++;
        const cell = Math.min(24, free / across_);
        Object.assign(column, { across: across_, cell, pixels: 16, gap: 1, side: (cell * 16) / 17, step: cell });
      } else {
        const gap = Math.max(1, Math.round(32 * (down / side - 1)));
        Object.assign(column, { across: 1, pixels: 32, gap, side, step: side * (1 + gap / 32) });
      }
      const rows = Math.ceil(column.size / column.across);
      column.width = (column.across - 1) * column.step + column.side;
      column.height = (rows - 1) * column.step + column.side;
      column.top = HEAD + (area - column.height - (captioned && !column.strip ? 14 : 0)) / 2;
      put(column.maps, x - column.width / 2, column.top, column.width, column.height);
      const outer = index === 0 || index === columns.length - 1;
      const wide = Math.max(column.width + 24, across * slots[index] - 4, outer ? 56 : 0);
      setText(column.head.firstChild, wide < 62 && !outer ? String(index) : layerName(anatomy, index));
      // Where columns are close, the number has to do.
      setText(column.head.lastChild, wide < 62 ? String(column.size) : t(column.size === 1 ? "inside.one_unit" : "inside.units", { count: column.size }));
      put(column.head, x - wide / 2, 0, wide);
      put(column.foot, x - wide / 2, height - FOOT - 2, wide);
      column.margin = margin;
      placeUnits(column);
    });
    for (const canvas of [lines, flow]) stretch(canvas);
  }

  function placeUnits(column) {
    column.order.forEach((index, at) => {
      const unit = units[column.first + index];
      const left = column.x - column.width / 2 + (at % column.across) * column.step;
      const top = column.top + Math.floor(at / column.across) * column.step;
      Object.assign(unit, { x: left + column.side / 2, y: top + column.side / 2 });
      put(unit.button, left, top, column.side, column.side);
      if (unit.name) put(unit.name, column.place ? left + column.side + 8 : left - column.margin + 2, top, column.place ? RIGHT - 10 : column.margin - 10, column.side);
    });
  }

  function put(element, left, top, width, height) {
    const { style } = element;
    style.setProperty("left", `${left}px`);
    style.setProperty("top", `${top}px`);
    style.setProperty("width", `${width}px`);
    if (height !== undefined) style.setProperty("height", `${height}px`);
  }

  function stretch(canvas) {
    fit(canvas, ...size, SHARP);
  }

  function cleared(canvas) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, size[0], size[1]);
    return context;
  }

  // ---- what changes with every message ----

  function paintMaps() {
    const { data, shape } = anatomy.tensors.maps;
    const resolution = shape[1];
    for (const column of columns) {
      const { maps, pixels, gap, across, order } = column;
      const skip = Math.max(1, Math.floor(resolution / pixels));
      const shown = Math.floor(resolution / skip);
      const step = shown + Math.round((gap * shown) / pixels);
      const width = (across - 1) * step + shown;
      const height = (Math.ceil(column.size / across) - 1) * step + shown;
      if (maps.width !== width || maps.height !== height || !maps.image) {
        maps.width = width;
        maps.height = height;
        maps.image = maps.getContext("2d").createImageData(width, height);
        maps.cells = new Uint32Array(maps.image.data.buffer);
      }
      if (column.strip) maps.cells.fill(0);
      order.forEach((index, at) => {
        const unit = column.first + index;
        const table = responseTable(units[unit].state === "dead" || units[unit].state === "off");
        const from = unit * resolution * resolution;
        const corner = Math.floor(at / across) * step * width + (at % across) * step;
        for (let row = 0; row < shown; row++) {
          let source = from + row * skip * resolution;
          let target = corner + row * width;
          for (let cell = 0; cell < shown; cell++, source += skip) maps.cells[target++] = table[data[source]];
        }
      });
      maps.getContext("2d").putImageData(maps.image, 0, 0);
    }
  }

  const edge = (unit, side) => {
    const column = columns[anatomy.of(unit).layer];
    return column.strip ? column.x + (side * column.width) / 2 : units[unit].x + (side * column.side) / 2;
  };

  /** All links between two layers: from, to, value; those of a strip together, without a sign. */
  function linksOf(link, visit) {
    const [before, after] = [columns[link], columns[link + 1]];
    const { rows, columns: many } = anatomy.links[link];
    const weights = anatomy.tensors.weights.data;
    const from = anatomy.links[link].at;
    const focus = hovered ?? chosen;
    if (!before.strip && !after.strip) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < many; column++) visit(before.first + column, after.first + (row % after.size), weights[from + row * many + column], row, column);
      }
      return;
    }
    // The unit that is looked at has its links one by one even beside a strip.
    const { layer } = anatomy.of(focus);
    for (let row = 0; row < rows; row++) {
      const to = after.first + (row % after.size);
      if (layer === link + 1 && to === focus) for (let column = 0; column < many; column++) visit(before.first + column, to, weights[from + row * many + column], row, column);
      else if (layer === link) visit(focus, to, weights[from + row * many + focus - before.first], row, focus - before.first);
    }
  }

  /** Root mean square of what leads to or from a strip, for each unit on the other side. */
  function bundlesOf(link) {
    const [before, after] = [columns[link], columns[link + 1]];
    if (!before.strip && !after.strip) return [];
    const { rows, columns: many, at } = anatomy.links[link];
    const weights = anatomy.tensors.weights.data;
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
      const one = units[(before.strip ? after : before).first + index];
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

  function paintLinks() {
    const context = cleared(lines);
    widest = 0.5;
    const bundles = anatomy.links.map((_, link) => bundlesOf(link));
    anatomy.links.forEach(({ rows, columns: many, at }, link) => {
      if (bundles[link].length) for (const { value } of bundles[link]) widest = Math.max(widest, value);
      else for (let index = at; index < at + rows * many; index++) widest = Math.max(widest, Math.abs(anatomy.tensors.weights.data[index]));
    });
    const focus = hovered;
    const paths = new Map();
    const lost = new Path2D();
    strongest = [];
    anatomy.links.forEach((_, link) => {
      const dense = anatomy.links[link].rows * anatomy.links[link].columns > DENSE;
      const found = [];
      linksOf(link, (from, to, value, row, column) => {
        if (anatomy.silent(link, row, column)) {
          curve(lost, edge(from, 1), units[from].y, edge(to, -1), units[to].y);
          return;
        }
        const share = Math.min(1, Math.abs(value) / widest);
        const level = Math.ceil(share * LEVELS);
        if (!level) return;
        const near = focus === null || from === focus || to === focus;
        const key = (near ? 1000 : 0) + level * 4 + (dense ? 0 : 2) + (value > 0 ? 1 : 0);
        if (!paths.has(key)) paths.set(key, new Path2D());
        const ends = [edge(from, 1), units[from].y, edge(to, -1), units[to].y];
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
    if (touchedLink) paintTouched(context);
  }

  /** A dot at the lower left of a unit: the larger the bias the larger, in the colour of its sign. */
  function paintBiases(context) {
    const style = getComputedStyle(root);
    const [surface, muted] = ["--surface", "--muted"].map((name) => style.getPropertyValue(name).trim());
    context.globalAlpha = 1;
    columns.forEach((column, place) => {
      if (!place || column.strip) return;
      for (let index = 0; index < column.size; index++) {
        const { x, y } = units[column.first + index];
        const bias = anatomy.bias(place - 1, index);
        context.beginPath();
        context.arc(x - column.side / 2 - 5, y + column.side / 2 - 4, 2 + 4 * Math.min(1, Math.abs(bias) / widest), 0, TURN);
        const off = anatomy.silent(place - 1, index, null);
        context.fillStyle = bias === 0 || off ? surface : valueColor(bias > 0 ? 1 : -1);
        context.fill();
        context.strokeStyle = off ? muted : surface;
        context.lineWidth = 1.5;
        context.stroke();
      }
    });
  }

  function paintTouched(context) {
    const { from, to } = touchedLink;
    const path = new Path2D();
    curve(path, edge(from, 1), units[from].y, edge(to, -1), units[to].y);
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
  function paintFlow() {
    if (!anatomy) return;
    const moves = store.playing && !prefersStill() && !store.stopped.has(store.selected) && !store.diverged.has(store.selected);
    if (!moves && flow.still) return;
    flow.still = !moves;
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

  /** Dead and saturated units: by shape, colour and words. */
  function markUnits(force) {
    const now = performance.now();
    const speak = force || now - labelled > 1500;
    if (speak) labelled = now;
    const { active, saturated } = anatomy.tensors;
    for (const column of columns) {
      const counts = { off: 0, dead: 0, saturated: 0 };
      for (let index = 0; index < column.size; index++) {
        const at = column.first + index;
        const unit = units[at];
        const state = stateOf(anatomy, at);
        if (state) counts[state]++;
        const [on, share] = [active.data[at], percent(saturated.data[at], 0)];
        const switched = (state === "off") !== (unit.state === "off");
        if (state !== unit.state) {
          unit.state = state;
          unit.button.classList.toggle("dead", state === "dead");
          unit.button.classList.toggle("saturated", state === "saturated");
          unit.button.classList.toggle("off", state === "off");
        }
        if (!column.strip) {
          setText(unit.caption, state === "off" ? `⊘ ${t("inside.off")}` : state === "dead" ? `✕ ${t("inside.dead")} ${on}/${anatomy.points}` : state === "saturated" ? `◆ ${t("inside.flat")} ${share}` : on < anatomy.points && column.place ? `${on}/${anatomy.points}` : "");
        }
        if (speak || switched) {
          const label = describe(at, state, on, share);
          if (unit.label !== label) unit.button.setAttribute("aria-label", (unit.label = label));
        }
      }
      const told = [counts.off ? `⊘ ${t("inside.count_off", { count: counts.off })}` : "", counts.dead ? `✕ ${t("inside.count_dead", { count: counts.dead })}` : "", counts.saturated ? `◆ ${t("inside.count_saturated", { count: counts.saturated })}` : ""].filter(Boolean);
      setText(column.foot, [column.strip ? t("inside.combined") : "", ...told].filter(Boolean).join(" · "));
    }
  }

  function describe(unit, state, on, share) {
    const name = unitName(anatomy, names, unit);
    const about = { name, count: on, points: anatomy.points, share };
    return t(state === "off" ? "inside.label_off" : state === "dead" ? "inside.label_dead" : state === "saturated" ? "inside.label_saturated" : "inside.label", about);
  }

  /** Strips in order of activity, at most once a second so that one can look at them. */
  function sortStrips(force) {
    const now = performance.now();
    if (!columns.some((column) => column.strip) || (!force && (!sorted || now - sortedAt < 1000 || hovered !== null))) return;
    sortedAt = now;
    const { active, spread } = anatomy.tensors;
    for (const column of columns) {
      if (!column.strip) continue;
      const order = [...Array(column.size).keys()];
      const of = (tensor, index) => tensor.data[column.first + index];
      if (sorted) order.sort((a, b) => of(active, b) - of(active, a) || of(spread, b) - of(spread, a));
      column.order = order;
      placeUnits(column);
    }
  }

  function showTip() {
    tip.hidden = !touchedLink;
    if (!touchedLink) return;
    const { from, to, link, row, column, x, y } = touchedLink;
    const off = anatomy.silent(link, row, column) ? ` ⊘ ${t("inside.off")}` : "";
    setText(tip, `${unitName(anatomy, names, from)} → ${unitName(anatomy, names, to)}: ${number(anatomy.weight(link, row, column))}${off}`);
    const left = x + 14 + tip.offsetWidth > root.scrollLeft + root.clientWidth ? x - 14 - tip.offsetWidth : x + 14;
    tip.style.setProperty("left", `${Math.max(0, left)}px`);
    tip.style.setProperty("top", `${Math.max(0, y - 34)}px`);
  }

  // ---- what is pointed at ----

  const unitAt = (target) => {
    const button = target.closest?.(".unit");
    return button ? Number(button.dataset.unit) : null;
  };

  /** The link under the pointer, if there is one within a few pixels. */
  function linkAt(x, y) {
    let best = null;
    for (let link = 0; link < columns.length - 1; link++) {
      const left = columns[link].x + columns[link].width / 2;
      const right = columns[link + 1].x - columns[link + 1].width / 2;
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
        const distance = Math.abs(units[from].y + (units[to].y - units[from].y) * down - y) - (WIDEST / 2) * Math.min(1, Math.abs(value) / widest);
        if (distance < 5 && (!best || distance < best.distance)) best = { link, from, to, row, column, distance };
      });
    }
    return best && { ...best, x, y };
  }

  const within = (event) => {
    const box = sheet.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function hover(unit) {
    if (hovered === unit) return;
    hovered = unit;
    told.hover(unit);
    if (anatomy) paintLinks();
  }

  function touch(link) {
    if (!touchedLink && !link) return;
    touchedLink = link;
    root.classList.toggle("on-link", Boolean(link));
    if (anatomy) paintLinks();
    showTip();
  }

  root.addEventListener("pointermove", (event) => {
    if (!anatomy || event.pointerType === "touch") return;
    const unit = unitAt(event.target);
    hover(unit);
    touch(unit === null ? linkAt(...within(event)) : null);
  });
  root.addEventListener("pointerleave", () => {
    hover(null);
    touch(null);
  });
  root.addEventListener("click", (event) => {
    if (!anatomy) return;
    const unit = unitAt(event.target);
    if (unit !== null) {
      choose(unit);
      touch(null);
      return;
    }
    const link = linkAt(...within(event));
    touch(link);
    if (link) {
      choose(link.to);
      told.chooseLink(link);
    }
  });
  root.addEventListener("focusin", (event) => {
    const unit = unitAt(event.target);
    if (unit !== null && event.target.matches(":focus-visible")) choose(unit);
  });

  /** One unit can be reached with Tab; the arrow keys go from it to its neighbours. */
  function focusable() {
    units.forEach(({ button }, unit) => {
      button.tabIndex = unit === chosen ? 0 : -1;
      button.classList.toggle("picked", unit === chosen);
      button.setAttribute("aria-pressed", String(unit === chosen));
    });
  }

  function choose(unit) {
    if (unit === chosen) return;
    const held = units[chosen]?.button === document.activeElement;
    chosen = unit;
    focusable();
    if (held) units[chosen].button.focus({ preventScroll: true });
    told.choose(unit);
    if (anatomy) paintLinks();
  }

  function neighbour(key) {
    const { layer, index } = anatomy.of(chosen);
    const column = columns[layer];
    const at = column.order.indexOf(index);
    const sideways = key === "ArrowRight" ? 1 : -1;
    if (key === "Home") return column.first + column.order[0];
    if (key === "End") return column.first + column.order.at(-1);
    if (key === "ArrowUp" || key === "ArrowDown") {
      const next = at + (key === "ArrowDown" ? column.across : -column.across);
      return column.order[next] === undefined ? chosen : column.first + column.order[next];
    }
    const row = Math.floor(at / column.across);
    if (Math.floor((at + sideways) / column.across) === row && column.order[at + sideways] !== undefined) return column.first + column.order[at + sideways];
    const other = columns[layer + sideways];
    if (!other) return chosen;
    const near = other.order.map((place) => other.first + place).sort((a, b) => Math.abs(units[a].y - units[chosen].y) - Math.abs(units[b].y - units[chosen].y) || sideways * (units[a].x - units[b].x));
    return near[0];
  }

  root.addEventListener("keydown", (event) => {
    if (unitAt(event.target) === null || !/^(Arrow|Home$|End$)/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(neighbour(event.key));
    units[chosen].button.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  function lay() {
    if (!anatomy || !root.clientWidth) return;
    place();
    paint();
  }
  new ResizeObserver(lay).observe(root);

  function paint() {
    if (!anatomy || !size[0]) return;
    markUnits(false);
    sortStrips(false);
    paintMaps();
    paintLinks();
    showTip();
  }

  return {
    element: root,
    /** The newest message. @param {import("./anatomy.js").Anatomy} next @param {string} words what the names depend on */
    show(next, words) {
      anatomy = next;
      if (built !== `${next.key} ${words}`) {
        built = `${next.key} ${words}`;
        names = namesOf(store, next);
        hovered = touchedLink = null;
        build();
        sortStrips(true);
        markUnits(true);
        lay();
        return;
      }
      if (body.isConnected && !size[0]) place();
      paint();
    },
    paint,
    flow: paintFlow,
    choose,
    get chosen() {
      return chosen;
    },
    /** The largest weight in size: the widest link. */
    get widest() {
      return widest;
    },
    get wide() {
      return columns.some((column) => column.strip);
    },
    /** @param {boolean} yes strips by activity, or as they are */
    sort(yes) {
      sorted = yes;
      if (!anatomy) return;
      sortStrips(true);
      paint();
    },
    label: (text) => body.setAttribute("aria-label", text),
  };
}
