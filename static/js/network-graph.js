// The network as a picture: a column of units a layer, inputs first, each with its response over
// the plane, and between them the weights as links (see graph-links). Maps of a layer share one
// canvas, because a thousand elements would not keep up; what can be pointed at, chosen and read aloud is a
// button over each map. A layer that is wider than sixteen units is a strip of small maps.

import { h, prefersStill, setText } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";
import { fullName, layerName, namesOf, number, stateOf, unitName } from "./anatomy.js";
import { createLinks } from "./graph-links.js";
import { responseTable } from "./palette.js";
import { crowded, inFull, marksOf } from "./outputs.js";
import { SHARP, fit } from "./points.js";

/** Layers up to so many units are drawn one by one. */
export const FEW = 16;
const HEAD = 36;
const FOOT = 20;
/** Room for the names of inputs, the longer where one is a formula, and of outputs, the longer where many classes are marked. */
const LEFT = [44, 92];
const RIGHT = [76, 100];
/** px between two units at least, so that each can be hit. */
const CLOSEST = 26;
/** px between two columns at least. */
const NARROWEST = 49;

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
  /**
   * What is shown, and what is looked at in it.
   * @type {import("./graph-links.js").Scene}
   */
  const scene = { anatomy: null, columns: [], units: [], size: [0, 0], chosen: 0, hovered: null, touched: null };
  const links = createLinks(scene, root, lines, flow);
  let names = null;
  let built = "";
  let sorted = false;
  let sortedAt = -Infinity;
  let labelled = -Infinity;

  /** Columns, names and buttons anew, where layers or words have changed. */
  function build() {
    scene.columns = scene.anatomy.layers.map((layer, place) => {
      const strip = layer.size > FEW;
      const head = h("p", { class: "graph-head" }, h("strong", {}, layerName(scene.anatomy, place)), h("span", { class: "muted" }));
      const foot = h("p", { class: "graph-foot muted" });
      const maps = h("canvas", { class: "graph-maps", "aria-hidden": "true" });
      return { ...layer, place, strip, head, foot, maps, order: [...Array(layer.size).keys()] };
    });
    scene.units = Array(scene.anatomy.count);
    const held = body.contains(document.activeElement);
    const children = scene.columns.map((column) => {
      const outer = column.place === 0 || column.place === scene.columns.length - 1;
      const buttons = column.order.map((index) => {
        const unit = column.first + index;
        const caption = h("span", { class: "unit-caption figure" });
        const button = h("button", { type: "button", class: `unit${column.strip ? " small" : ""}`, tabindex: "-1", "data-unit": String(unit) }, caption);
        const name = outer && !column.strip ? nameOf(column, index) : null;
        scene.units[unit] = { button, caption, name, x: 0, y: 0, state: null };
        return [button, name];
      });
      return h("div", { class: "graph-column", role: "group", "aria-label": layerName(scene.anatomy, column.place) }, column.head, column.maps, ...buttons.flat(), column.foot);
    });
    body.replaceChildren(...children);
    scene.chosen = Math.min(scene.chosen, scene.anatomy.count - 1);
    focusable();
    if (held) scene.units[scene.chosen].button.focus({ preventScroll: true });
  }

  /** What stands beside an input or an output. */
  function nameOf(column, index) {
    if (!column.place) return h("span", { class: "unit-name input", "aria-hidden": "true" }, h("span", {}, unitName(scene.anatomy, names, column.first + index, true)));
    const output = names.outputs[index];
    return h("span", { class: "unit-name output", "aria-hidden": "true", title: output.meaning ? inFull(output) : null }, output.meaning && h("span", {}, output.tag), marksOf(output), !output.meaning && h("span", {}, output.tag));
  }

  /** Places everything in the room there is. */
  function place() {
    const most = Math.max(...scene.columns.map((column) => (column.strip ? 0 : column.size)));
    const margin = LEFT[Number(names.inputs.some((name) => name.length > 6))];
    const right = RIGHT[Number(crowded(names.outputs))];
    const room = root.clientHeight;
    const height = Math.max(room, HEAD + FOOT + Math.max(most * CLOSEST, 150));
    // A strip is as wide as three columns of units.
    const slots = scene.columns.map((column) => (column.strip ? 2.2 : 1));
    const between = slots.slice(1).reduce((sum, slot, index) => sum + (slot + slots[index]) / 2, 0);
    const pitchOf = (width) => (width - margin - right - 44) / Math.max(1, between);
    const width = Math.max(root.clientWidth, margin + right + 44 + between * NARROWEST);
    const across = pitchOf(width);
    scene.size = [width, height];
    sheet.style.setProperty("width", `${width}px`);
    sheet.style.setProperty("height", `${height}px`);
    const area = height - HEAD - FOOT;
    const down = Math.min(96, area / Math.max(1, most));
    const captioned = down >= 44;
    const side = Math.max(20, Math.min(64, down - (captioned ? 18 : 4), across * 0.62));
    body.classList.toggle("captioned", captioned);
    let x = margin + 22;
    scene.columns.forEach((column, index) => {
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
      const outer = index === 0 || index === scene.columns.length - 1;
      const wide = Math.min(Math.max(column.width + 24, across * slots[index] - 4, outer ? 56 : 0), 2 * x, 2 * (width - x));
      setText(column.head.firstChild, wide < 62 && !outer ? String(index) : layerName(scene.anatomy, index));
      // Where columns are close, the number has to do.
      setText(column.head.lastChild, wide < 62 ? String(column.size) : t(column.size === 1 ? "inside.one_unit" : "inside.units", { count: column.size }));
      put(column.head, x - wide / 2, 0, wide);
      put(column.foot, x - wide / 2, height - FOOT - 2, wide);
      Object.assign(column, { margin, right });
      placeUnits(column);
    });
    for (const canvas of [lines, flow]) stretch(canvas);
  }

  function placeUnits(column) {
    column.order.forEach((index, at) => {
      const unit = scene.units[column.first + index];
      const left = column.x - column.width / 2 + (at % column.across) * column.step;
      const top = column.top + Math.floor(at / column.across) * column.step;
      Object.assign(unit, { x: left + column.side / 2, y: top + column.side / 2 });
      put(unit.button, left, top, column.side, column.side);
      if (unit.name) put(unit.name, column.place ? left + column.side + 8 : left - column.margin + 2, top, column.place ? column.right - 10 : column.margin - 10, column.side);
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
    fit(canvas, ...scene.size, SHARP);
  }

  // ---- what changes with every message ----

  function paintMaps() {
    const { data, shape } = scene.anatomy.tensors.maps;
    const resolution = shape[1];
    for (const column of scene.columns) {
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
        const table = responseTable(scene.units[unit].state === "dead" || scene.units[unit].state === "off");
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

  /** Dead and saturated units: by shape, colour and words. */
  function markUnits(force) {
    const now = performance.now();
    const speak = force || now - labelled > 1500;
    if (speak) labelled = now;
    const { active, saturated } = scene.anatomy.tensors;
    for (const column of scene.columns) {
      const counts = { off: 0, dead: 0, saturated: 0 };
      for (let index = 0; index < column.size; index++) {
        const at = column.first + index;
        const unit = scene.units[at];
        const state = stateOf(scene.anatomy, at);
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
          setText(unit.caption, state === "off" ? `⊘ ${t("inside.off")}` : state === "dead" ? `✕ ${t("inside.dead")} ${on}/${scene.anatomy.points}` : state === "saturated" ? `◆ ${t("inside.flat")} ${share}` : on < scene.anatomy.points && column.place ? `${on}/${scene.anatomy.points}` : "");
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
    const name = fullName(scene.anatomy, names, unit);
    const about = { name, count: on, points: scene.anatomy.points, share };
    return t(state === "off" ? "inside.label_off" : state === "dead" ? "inside.label_dead" : state === "saturated" ? "inside.label_saturated" : "inside.label", about);
  }

  /** Strips in order of activity, at most once a second so that one can look at them. */
  function sortStrips(force) {
    const now = performance.now();
    if (!scene.columns.some((column) => column.strip) || (!force && (!sorted || now - sortedAt < 1000 || scene.hovered !== null))) return;
    sortedAt = now;
    const { active, spread } = scene.anatomy.tensors;
    for (const column of scene.columns) {
      if (!column.strip) continue;
      const order = [...Array(column.size).keys()];
      const of = (tensor, index) => tensor.data[column.first + index];
      if (sorted) order.sort((a, b) => of(active, b) - of(active, a) || of(spread, b) - of(spread, a));
      column.order = order;
      placeUnits(column);
    }
  }

  function showTip() {
    tip.hidden = !scene.touched;
    if (!scene.touched) return;
    const { from, to, link, row, column, x, y } = scene.touched;
    const off = scene.anatomy.silent(link, row, column) ? ` ⊘ ${t("inside.off")}` : "";
    setText(tip, `${unitName(scene.anatomy, names, from)} → ${unitName(scene.anatomy, names, to)}: ${number(scene.anatomy.weight(link, row, column))}${off}`);
    const left = x + 14 + tip.offsetWidth > root.scrollLeft + root.clientWidth ? x - 14 - tip.offsetWidth : x + 14;
    tip.style.setProperty("left", `${Math.max(0, left)}px`);
    tip.style.setProperty("top", `${Math.max(0, y - 34)}px`);
  }

  // ---- what is pointed at ----

  const unitAt = (target) => {
    const button = target.closest?.(".unit");
    return button ? Number(button.dataset.unit) : null;
  };

  const within = (event) => {
    const box = sheet.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function hover(unit) {
    if (scene.hovered === unit) return;
    scene.hovered = unit;
    told.hover(unit);
    if (scene.anatomy) links.paint();
  }

  function touch(link) {
    if (!scene.touched && !link) return;
    scene.touched = link;
    root.classList.toggle("on-link", Boolean(link));
    if (scene.anatomy) links.paint();
    showTip();
  }

  root.addEventListener("pointermove", (event) => {
    if (!scene.anatomy || event.pointerType === "touch") return;
    const unit = unitAt(event.target);
    hover(unit);
    touch(unit === null ? links.at(...within(event)) : null);
  });
  root.addEventListener("pointerleave", () => {
    hover(null);
    touch(null);
  });
  root.addEventListener("click", (event) => {
    if (!scene.anatomy) return;
    const unit = unitAt(event.target);
    if (unit !== null) {
      choose(unit);
      touch(null);
      return;
    }
    const link = links.at(...within(event));
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
    scene.units.forEach(({ button }, unit) => {
      button.tabIndex = unit === scene.chosen ? 0 : -1;
      button.classList.toggle("picked", unit === scene.chosen);
      button.setAttribute("aria-pressed", String(unit === scene.chosen));
    });
  }

  function choose(unit) {
    if (unit === scene.chosen) return;
    const held = scene.units[scene.chosen]?.button === document.activeElement;
    scene.chosen = unit;
    focusable();
    if (held) scene.units[scene.chosen].button.focus({ preventScroll: true });
    told.choose(unit);
    if (scene.anatomy) links.paint();
  }

  function neighbour(key) {
    const { layer, index } = scene.anatomy.of(scene.chosen);
    const column = scene.columns[layer];
    const at = column.order.indexOf(index);
    const sideways = key === "ArrowRight" ? 1 : -1;
    if (key === "Home") return column.first + column.order[0];
    if (key === "End") return column.first + column.order.at(-1);
    if (key === "ArrowUp" || key === "ArrowDown") {
      const next = at + (key === "ArrowDown" ? column.across : -column.across);
      return column.order[next] === undefined ? scene.chosen : column.first + column.order[next];
    }
    const row = Math.floor(at / column.across);
    if (Math.floor((at + sideways) / column.across) === row && column.order[at + sideways] !== undefined) return column.first + column.order[at + sideways];
    const other = scene.columns[layer + sideways];
    if (!other) return scene.chosen;
    const near = other.order.map((place) => other.first + place).sort((a, b) => Math.abs(scene.units[a].y - scene.units[scene.chosen].y) - Math.abs(scene.units[b].y - scene.units[scene.chosen].y) || sideways * (scene.units[a].x - scene.units[b].x));
    return near[0];
  }

  root.addEventListener("keydown", (event) => {
    if (unitAt(event.target) === null || !/^(Arrow|Home$|End$)/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(neighbour(event.key));
    scene.units[scene.chosen].button.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  function lay() {
    if (!scene.anatomy || !root.clientWidth) return;
    place();
    paint();
  }
  new ResizeObserver(lay).observe(root);

  function paint() {
    if (!scene.anatomy || !scene.size[0]) return;
    markUnits(false);
    sortStrips(false);
    paintMaps();
    links.paint();
    showTip();
  }

  return {
    element: root,
    /** The newest message. @param {import("./anatomy.js").Anatomy} next @param {string} words what the names depend on */
    show(next, words) {
      scene.anatomy = next;
      if (built !== `${next.key} ${words}`) {
        built = `${next.key} ${words}`;
        names = namesOf(store, next);
        scene.hovered = scene.touched = null;
        build();
        sortStrips(true);
        markUnits(true);
        lay();
        return;
      }
      if (body.isConnected && !scene.size[0]) place();
      paint();
    },
    paint,
    flow: () => links.flow(store.playing && !prefersStill() && !store.stopped.has(store.selected) && !store.diverged.has(store.selected)),
    choose,
    get chosen() {
      return scene.chosen;
    },
    /** The largest weight in size: the widest link. */
    get widest() {
      return links.widest;
    },
    get wide() {
      return scene.columns.some((column) => column.strip);
    },
    /** @param {boolean} yes strips by activity, or as they are */
    sort(yes) {
      sorted = yes;
      if (!scene.anatomy) return;
      sortStrips(true);
      paint();
    },
    label: (text) => body.setAttribute("aria-label", text),
  };
}
