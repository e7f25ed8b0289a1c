// One unit, close up: its response over the plane, how it fares on the training points, its bias
// and its weights one by one, as live numbers that can be typed, and what else it learns. Everything has its place whatever
// the unit, so that nothing jumps while one moves from unit to unit. The unit and each weight can be
// switched off, to see what they are there for. What was typed or switched can be undone.

import { h, icon, setText } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";
import { namesOf, number, stateOf, unitName } from "./anatomy.js";
import { responseTable, valueColor } from "./palette.js";

const LIMIT = 1e4;

/** @param {(unit: number) => void} choose */
export function createInspector(store, commands, choose) {
  let body = null;
  let names = null;
  let unit = 0;
  let pinned = 0;
  /** How what was typed or switched is taken back, newest last; `seed` is null where it was in all of the panel's networks.
   * @type {{panel: number, run: number, seed: number|null, back: (place: number) => void}[]} */
  let done = [];
  /** The place that is being typed, and its field. */
  let editing = null;
  let rows = [];

  const title = h("h3", { class: "inspector-title" });
  const previous = h("button", { type: "button", class: "mini", onclick: () => step(-1) }, "‹");
  const next = h("button", { type: "button", class: "mini", onclick: () => step(1) }, "›");
  const undo = h("button", { type: "button", class: "mini", onclick: takeBack }, icon("i-undo"));
  const power = h("button", { type: "button", class: "mini power", "aria-pressed": "false", onclick: () => switchUnit(unit) }, icon("i-off"));
  const map = h("canvas", { class: "inspector-map", role: "img" });
  const ends = [h("span", {}), h("span", {}, "0"), h("span", {})];
  const bar = h("canvas", { class: "scale-bar", width: 256, height: 1, "aria-hidden": "true" });
  const state = h("p", { class: "inspector-state" });
  const facts = h("dl", { class: "facts" });
  const values = {};
  const list = h("tbody", {});
  const caption = h("caption", { class: "muted" });
  const note = h("p", { class: "error", role: "alert", hidden: true });
  const scroller = h("div", { class: "weights", tabindex: "0", role: "region" }, h("table", {}, caption, h("colgroup", {}, Array.from({ length: 4 }, () => h("col", {}))), list));
  const root = h("div", { class: "inspector" },
    h("div", { class: "inspector-head" }, title, power, previous, next, undo),
    h("figure", { class: "inspector-figure" }, map, h("div", { class: "scale" }, bar, h("div", { class: "scale-ends figure" }, ends))),
    state, facts, h("div", { class: "inspector-weights" }, note, scroller));

  function build() {
    for (const [button, key] of [[previous, "inside.previous"], [next, "inside.next"], [undo, "inside.undo"]]) {
      button.title = t(key);
      button.setAttribute("aria-label", t(key));
    }
    const fact = (name) => {
      values[name] = h("dd", { class: "figure" });
      return [h("dt", {}, t(`inside.${name}`)), values[name]];
    };
    facts.replaceChildren(...["active", "mean", "saturated_share", "scale"].flatMap(fact));
    colour();
    rows = [];
    list.replaceChildren();
  }

  function colour() {
    const context = bar.getContext("2d");
    const image = context.createImageData(256, 1);
    new Uint32Array(image.data.buffer).set(responseTable(false));
    context.putImageData(image, 0, 0);
    root.style.setProperty("--negative", valueColor(-1));
    root.style.setProperty("--positive", valueColor(1));
  }

  function step(way) {
    if (!body) return;
    const { layer, index } = body.of(pinned);
    const { first, size } = body.layers[layer];
    choose(first + ((index + way + size) % size));
  }

  /**
   * What leads to the unit, bias first; of an input, which nothing leads to, what leads from it. What the unit learns
   * besides stands between bias and weights: it is to be seen, and neither typed nor switched, and has a `value`, as
   * has the line above what leads to each of several pieces, null. Below such a line `brief` is enough of a name.
   */
  function places() {
    const { layer, index } = body.of(unit);
    if (!layer) {
      return Array.from({ length: body.links[0].rows }, (_, row) => ({ link: 0, row, column: index, name: named(row, 0, body.layers[1].first + (row % body.layers[1].size)), piece: null }));
    }
    const leading = body.rows(layer, index);
    const columns = body.links[layer - 1].columns;
    const link = layer - 1;
    return leading.flatMap((row, piece) => {
      const gamma = body.gamma(link, row);
      const heading = leading.length > 1 && t("inside.piece", { number: piece + 1 });
      const put = (column, brief, value) => ({ link, row, column, value, brief, name: heading ? `${heading}: ${brief}` : brief });
      const learned = !piece && learnedIn(link);
      return [
        ...(heading ? [{ value: null, brief: heading }] : []),
        put(null, t(gamma === null ? "inside.bias" : "inside.beta")),
        ...(gamma === null ? [] : [put(undefined, t("inside.gamma"), gamma)]),
        ...(learned ? [put(undefined, learned.label, body.learned(unit))] : []),
        ...Array.from({ length: columns }, (_, column) => put(column, unitName(body, names, body.layers[link].first + column, layer > 1))),
      ];
    });
  }
  /** What the units of a hidden layer learn by their activation, as the catalog has it. */
  function learnedIn(link) {
    const id = store.experiment.panels[store.selectedIndex].hidden[link]?.activation.id;
    return store.boot.catalog.activations.find((entry) => entry.id === id)?.learned;
  }
  function named(row, link, target) {
    const { size } = body.layers[link + 1];
    const piece = body.links[link].rows > size ? ` (${t("inside.piece", { number: Math.floor(row / size) + 1 })})` : "";
    return `${unitName(body, names, target, true)}${piece}`;
  }
  const valueAt = ({ link, row, column }) => (column === null ? body.bias(link, row) : body.weight(link, row, column));

  function makeRow() {
    const name = h("th", { scope: "row" });
    const button = h("button", { type: "button", class: "weight figure" });
    const bar = h("span", { class: "weight-bar" }, h("i", {}));
    const off = h("button", { type: "button", class: "mini power", "aria-pressed": "false" }, icon("i-off"));
    const own = h("span", { class: "weight-own figure", hidden: true });
    const row = { element: h("tr", {}, name, h("td", {}, bar), h("td", { class: "weight-cell" }, button, own), h("td", { class: "power-cell" }, off)), name, button, own, bar, off, place: null };
    button.addEventListener("click", () => edit(row));
    off.addEventListener("click", () => switchLink(row.place));
    return row;
  }

  function show() {
    if (!body) return;
    unit = Math.min(unit, body.count - 1);
    const { layer } = body.of(unit);
    const { tensors, points } = body;
    const name = unitName(body, names, unit);
    setText(title, name);
    root.dataset.unit = String(unit);
    const condition = stateOf(body, unit);
    press(power, condition === "off", name);
    root.classList.toggle("off", condition === "off");
    const hidden = layer && layer < body.layers.length - 1;
    const meaning = layer && !hidden ? names.outputs[unit - body.layers[layer].first].meaning : "";
    setText(state, condition === "off" ? `⊘ ${t("inside.is_off")}` : condition === "dead" ? `✕ ${t("inside.is_dead")}` : condition === "saturated" ? `◆ ${t("inside.is_saturated")}` : meaning);
    if (state.title !== meaning) state.title = meaning;
    const active = tensors.active.data[unit];
    setText(values.active, t("inside.of", { count: active, points }));
    setText(values.mean, `${number(tensors.mean.data[unit])} ± ${number(tensors.spread.data[unit])}`);
    setText(values.saturated_share, hidden ? percent(tensors.saturated.data[unit], 0) : "–");
    const scale = tensors.scale.data[unit];
    setText(values.scale, `±${number(scale)}`);
    setText(ends[0], number(-scale));
    setText(ends[2], `+${number(scale)}`);
    paintMap(condition === "dead" || condition === "off");
    setText(caption, layer ? t("inside.weights_in") : t("inside.weights_out"));
    const all = places();
    while (rows.length < all.length) {
      rows.push(makeRow());
      list.append(rows.at(-1).element);
    }
    let most = 0.5;
    for (const place of all) if (place.value === undefined) most = Math.max(most, Math.abs(valueAt(place)));
    rows.forEach((row, at) => {
      row.element.hidden = at >= all.length;
      row.place = all[at] ?? null;
      if (!row.place) return;
      setText(row.name, row.place.brief ?? row.place.name);
      const own = row.place.value !== undefined;
      row.element.classList.toggle("piece", row.place.value === null);
      row.own.hidden = !own;
      row.button.hidden = own || editing?.row === row;
      row.bar.parentElement.hidden = row.off.hidden = own;
      row.name.colSpan = own ? 2 : 1;
      if (own) {
        setText(row.own, row.place.value === null ? "" : number(row.place.value));
        row.element.classList.remove("silent");
        return;
      }
      const value = valueAt(row.place);
      setText(row.button, number(value));
      const label = t("inside.weight_label", { name: row.place.name, value: number(value) });
      // A name that changes ten times a second is not read out, but would be if one stood on it.
      if (document.activeElement !== row.button || !store.playing) row.button.setAttribute("aria-label", label);
      row.bar.firstChild.style.setProperty("transform", `scaleX(${((Math.abs(value) / most) * Math.sign(value)).toFixed(3)})`);
      row.bar.classList.toggle("negative", value < 0);
      const { link, row: to, column } = row.place;
      row.element.classList.toggle("silent", body.silent(link, to, column));
      press(row.off, body.linkOff(link, to, column), row.place.name);
    });
    const open = done.filter(mine).length;
    undo.disabled = !open;
    undo.classList.toggle("on", open > 0);
  }

  function paintMap(grey) {
    const { data, shape } = body.tensors.maps;
    const side = shape[1];
    if (map.width !== side || !map.image) {
      map.width = map.height = side;
      map.image = map.getContext("2d").createImageData(side, side);
      map.cells = new Uint32Array(map.image.data.buffer);
    }
    const table = responseTable(grey);
    const from = unit * side * side;
    for (let cell = 0; cell < side * side; cell++) map.cells[cell] = table[data[from + cell]];
    map.getContext("2d").putImageData(map.image, 0, 0);
    const label = t("inside.map_label", { name: unitName(body, names, unit), scale: number(body.tensors.scale.data[unit]) });
    if (!store.playing || map.dataset.unit !== String(unit)) map.setAttribute("aria-label", label);
    map.dataset.unit = String(unit);
  }

  // ---- typing ----

  const mine = ({ panel, run, seed }) => panel === store.selected && run === store.run && (seed === null || seed === store.seed);

  function edit(row) {
    finish();
    const value = valueAt(row.place);
    const field = h("input", { type: "text", inputmode: "decimal", class: "weight-field figure", value: String(Number(value.toPrecision(6))), "aria-label": t("inside.new_value", { name: row.place.name }), autocomplete: "off" });
    editing = { row, field, unit };
    row.button.hidden = true;
    row.button.after(field);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") commit();
      else if (event.key === "Escape") finish(true);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    field.addEventListener("blur", () => editing?.field === field && finish());
    field.focus();
    field.select();
  }

  function commit() {
    const { row, field } = editing;
    const text = field.value.trim().replace("−", "-").replace(",", ".");
    const value = Number(text);
    if (!text || !Number.isFinite(value) || Math.abs(value) > LIMIT) {
      field.setAttribute("aria-invalid", "true");
      note.textContent = t("inside.not_a_weight", { value: field.value || "“”", limit: LIMIT.toLocaleString("en") });
      note.hidden = false;
      return;
    }
    const { link, row: place, column } = row.place;
    const before = valueAt(row.place);
    const { seed } = body; // the one whose number was on screen
    finish(true);
    commands.weigh(store.selectedIndex, seed, link, place, column, value);
    remember(seed, (panel) => commands.weigh(panel, seed, link, place, column, before));
  }

  function finish(focus = false) {
    if (!editing) return;
    const { row, field } = editing;
    editing = null;
    note.hidden = true;
    field.remove();
    row.button.hidden = false;
    if (focus) row.button.focus();
  }

  function remember(seed, back) {
    done.push({ panel: store.selected, run: store.run, seed, back });
    if (done.length > 100) done.shift();
    show();
  }

  function takeBack() {
    done = done.filter(({ panel, run }) => run === store.run && store.panels.some(({ id }) => id === panel));
    const last = done.findLastIndex(mine);
    if (last < 0) return;
    const [{ back }] = done.splice(last, 1);
    back(store.selectedIndex);
    show();
  }

  // ---- switching off and on ----

  /** A switch that is pressed while its unit or weight is off. */
  function press(button, off, name) {
    button.setAttribute("aria-pressed", String(off));
    button.classList.toggle("on", off);
    const label = t("inside.switch_off", { name });
    if (button.ariaLabel !== label) button.ariaLabel = label;
    const help = t(off ? "inside.switch_on_help" : "inside.switch_off_help");
    if (button.title !== help) button.title = help;
  }

  function put(on, units, links) {
    commands.switchOff(store.selectedIndex, on, units, links);
    remember(null, (panel) => commands.switchOff(panel, !on, units, links));
  }
  const switchUnit = (which) => body && put(body.unitOff(which), [which], []);
  const switchLink = ({ link, row, column }) => put(body.linkOff(link, row, column), [], [[link, row, column]]);

  build();
  return {
    element: root,
    /** @param {import("./anatomy.js").Anatomy} next */
    update(next, afresh) {
      body = next;
      if (afresh) {
        finish();
        names = namesOf(store, next);
      }
      show();
    },
    /** The unit that stays, or one that is only pointed at. @param {number|null} hovered */
    look(stays, hovered) {
      pinned = stays;
      // Who types is not disturbed.
      if (editing) {
        if (editing.unit === stays) return;
        finish();
      }
      unit = hovered ?? stays;
      if (!body) return;
      show();
    },
    /** The row of a link, with the focus on it. */
    point({ link, row, column }) {
      const found = rows.find(({ place }) => place?.link === link && place.row === row && place.column === column);
      found?.button.scrollIntoView({ block: "nearest" });
      found?.button.focus({ preventScroll: true });
    },
    /** What has the focus, or else the unit. */
    toggle() {
      const row = rows.find(({ element, place }) => place && place.value === undefined && element.contains(document.activeElement));
      if (row) switchLink(row.place);
      else switchUnit(unit);
    },
    /** Switches on all that is off. */
    restore: ({ units, links }) => put(true, units, links),
    build,
    colour() {
      colour();
      show();
    },
  };
}
