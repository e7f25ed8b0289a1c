// Drawing one's own points. While it is on, every picture has a sheet that takes strokes and keys,
// and the page holds the whole list of points: a change is seen at once, and the list is sent to
// the server at most ten times a second, the last one always. The server trains on with the same
// weights and says which points are for testing. Nothing is sent before the first change, so
// looking at the tools costs nobody their data.

import { throttle } from "./dom.js";
import { createDrawBar } from "./drawbar.js";
import { createSheet } from "./drawsheet.js";
import { t } from "./i18n.js";
import { say } from "./notices.js";
import { LETTERS } from "./palette.js";
import { FEWEST_POINTS, MOST_CLASSES, MOST_POINTS, createPointList, encode, keyOf } from "./pointlist.js";

const EVERY = 100;
/** Lists that were sent and whose echo may still come. */
const REMEMBERED = 64;

export function createEditor(store, commands) {
  let active = false;
  let tool = "draw";
  let label = 0;
  let list = null;
  /** Which part a point is in, as the server said it. */
  let parts = new Map();
  let sent = [];
  let seen = "";
  let waiting = false;
  let resume = false;
  let note = "";
  let shortNote = "";
  /** @type {Map<Element, ReturnType<typeof createSheet>>} */
  const sheets = new Map();
  const plane = () => store.boot.plane;
  /** Lists that are the points of other data than one's own: undoing as far as there brings those data back.
   * @type {WeakMap<object, {data: any, shown: any}>} */
  const sources = new WeakMap();
  /** The data whose return has been asked for. */
  let returning = null;
  let holds = null;

  const send = throttle(EVERY, () => {
    const source = sources.get(list.points);
    if (source ? holds === source : list.points.length < FEWEST_POINTS) return;
    holds = source ?? null;
    returning = source?.data ?? null;
    if (source) {
      commands.setDataBack(source.data);
      return;
    }
    sent = [...sent.slice(1 - REMEMBERED), encode(list.points, plane())];
    commands.points(list.points.map(({ x, y, label: own }) => [x, y, own]));
  });

  const hand = {
    begin: () => list.begin(),
    end: () => list.end(),
    tool: () => tool,
    put(x, y, next = false) {
      const done = list.add(x, y, next ? nextClass() : label);
      if (done) changed();
      else tellNote(t("draw.full", { limit: MOST_POINTS }), t("draw.short_full", { limit: MOST_POINTS }));
      return done;
    },
    find: (x, y, reach) => list.nearest(x, y, reach),
    drag(index, x, y) {
      if (index >= list.points.length) return;
      list.move(index, x, y);
      changed();
    },
    rub(x, y, reach) {
      const index = list.nearest(x, y, reach);
      if (index < 0) return false;
      list.erase(index);
      changed();
      return true;
    },
    /** Where the crosshair is, and what happened there, for those who listen. */
    tell(x, y, event) {
      const near = list.points[list.nearest(x, y, 0.75)];
      const words = [event && t(event, { number: label + 1 }), t("draw.at", { x: x.toFixed(2), y: y.toFixed(2) }).replaceAll("-", "−"),
        near && t("draw.near", { number: near.label + 1 })];
      say(words.filter(Boolean).join(" "), true);
    },
  };

  /** The other class of two, or the next of those that are there. */
  function nextClass() {
    const classes = list.points.reduce((most, point) => Math.max(most, point.label + 1), Math.max(2, label + 1));
    return (label + 1) % classes;
  }

  const bar = createDrawBar({
    tool(name) {
      tool = name;
      update();
    },
    choose, close,
    undo: () => travel(list.undo()),
    redo: () => travel(list.redo()),
    clear() {
      release();
      list.clear();
      changed();
    },
  });

  const release = () => sheets.forEach((sheet) => sheet.release());

  function choose(index) {
    if (index >= MOST_CLASSES) return;
    label = index;
    tool = "draw";
    update();
    say(t("legend.class", { number: index + 1 }), true);
  }
  function travel(moved) {
    if (!moved) return;
    release();
    changed();
    say(t("draw.count", { count: list.points.length, limit: MOST_POINTS }), true);
  }

  const tooFew = () => list.points.length < FEWEST_POINTS && !sources.has(list.points);

  /** After every change: seen at once, sent soon; with too few points the training waits. */
  function changed() {
    const few = tooFew();
    if (few && !waiting && store.playing) {
      resume = true;
      commands.pause();
    }
    wait(few);
    if (few) tellNote(t("draw.waiting"), t("draw.short_waiting"));
    else if (note && !list.full) tellNote("");
    show();
    update();
    send();
    if (!few && resume) {
      resume = false;
      send.flush();
      commands.play();
    }
  }

  /** Rings around points that are gone would be left standing. */
  function wait(yes) {
    waiting = yes;
    document.body.classList.toggle("waiting", yes);
  }

  /** What the pictures show instead of the server's points. */
  function show() {
    const { points } = list;
    const source = sources.get(points);
    if (source?.shown.values) {
      store.draft = source.shown;
      store.emit("draft");
      return;
    }
    const draft = {
      points: new Float32Array(points.length * 2), labels: new Uint8Array(points.length), part: new Uint8Array(points.length),
      values: null, classes: 2, count: points.length, task: "classes", dimensions: 2,
    };
    points.forEach((point, index) => {
      draft.points[2 * index] = point.x;
      draft.points[2 * index + 1] = point.y;
      draft.labels[index] = point.label;
      draft.part[index] = parts.get(keyOf(point, plane())) ?? 0;
      draft.classes = Math.max(draft.classes, point.label + 1);
    });
    store.draft = draft;
    store.emit("draft");
  }

  function update() {
    bar.update({ tool, label, count: list.points.length, canUndo: list.canUndo, canRedo: list.canRedo });
    for (const { element } of sheets.values()) element.dataset.tool = tool;
  }

  /** @param {string} text @param {string} [short] for small pictures */
  function tellNote(text, short = text) {
    if (note === text) return;
    note = text;
    shortNote = short;
    for (const sheet of sheets.values()) sheet.note(text, short);
    if (text) say(text, true);
  }

  /** The points that are there; values have no classes, so drawing begins with an empty sheet. */
  function given() {
    const { data } = store;
    if (data.values) return [];
    return Array.from({ length: data.count }, (_, index) => ({ x: data.points[2 * index], y: data.points[2 * index + 1], label: data.labels[index] }));
  }
  function learnParts() {
    const { data } = store;
    parts = new Map(given().map((point, index) => [keyOf(point, plane()), data.part[index]]));
  }

  /** The list begins with the points that are there, as they are part of the data of now. */
  function begin() {
    list = createPointList(plane());
    list.reset(given());
    sent = [];
    settle();
  }
  /** Notes of which data the list's points of now are part. */
  function settle() {
    returning = null;
    holds = null;
    if (pointsText() !== null) return;
    holds = { data: structuredClone(store.experiment.data), shown: store.data };
    sources.set(list.points, holds);
  }
  /** Whether the list that is left from before still is what is there. */
  const goesOn = () => Boolean(list) && (sources.has(list.points) ? holds === sources.get(list.points) && isBack(holds.data) : encode(list.points, plane()) === pointsText());
  const isBack = (data) => commands.sameData(data, store.experiment.data);

  /** The text in which the experiment's own points stand, if it has any. */
  function pointsText() {
    const descriptor = store.boot.form.data.find(({ family }) => store.boot.catalog[family]?.some((entry) => entry.parameters.some(({ kind }) => kind === "points")));
    const value = store.experiment.data[descriptor?.name];
    const entry = store.boot.catalog[descriptor?.family]?.find(({ id }) => id === value?.id);
    return value?.[entry?.parameters.find(({ kind }) => kind === "points")?.name] ?? null;
  }

  function open() {
    if (active || !store.data || !store.experiment) return;
    active = true;
    if (!goesOn()) begin();
    seen = JSON.stringify(store.experiment.data);
    wait(false);
    resume = false;
    note = "";
    learnParts();
    document.body.classList.add("drawing");
    bar.build();
    bar.show(true);
    arrange();
    // The sheet for values is a step of its own, so that undoing it shows the values again.
    if (store.data.values) list.empty();
    show();
    update();
    if (store.data.values) tellNote(t("draw.empty_sheet"), t("draw.short_empty_sheet"));
    else say(t("draw.on", { count: list.points.length }), true);
    const { element } = [...sheets.values()][store.selectedIndex];
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    mark();
  }

  function close() {
    if (!active) return;
    send.flush();
    active = false;
    wait(false);
    for (const { element } of sheets.values()) element.remove();
    sheets.clear();
    bar.show(false);
    document.body.classList.remove("drawing");
    store.draft = null;
    store.emit("draft");
    if (resume) commands.play();
    mark();
  }

  function mark() {
    for (const button of document.querySelectorAll("[data-action=draw]")) button.setAttribute("aria-pressed", String(active));
  }

  /** A sheet for every picture there is. */
  function arrange() {
    const stages = [...document.querySelectorAll("#panels .stage")];
    for (const [stage, { element }] of sheets) {
      if (stages.includes(stage)) continue;
      element.remove();
      sheets.delete(stage);
    }
    const before = [...sheets];
    sheets.clear();
    stages.forEach((stage, index) => {
      const sheet = before.find(([known]) => known === stage)?.[1] ?? createSheet(stage, hand, plane());
      sheet.label(LETTERS[index]);
      sheet.note(note, shortNote);
      sheets.set(stage, sheet);
    });
  }

  store.on("state", () => {
    if (!active) return;
    arrange();
    update();
    const now = JSON.stringify(store.experiment.data);
    if (now === seen) return;
    seen = now;
    if (returning) {
      if (isBack(returning)) returning = null;
      return;
    }
    if (sent.includes(pointsText())) return;
    // Somebody chose other data: they are what is drawn on from here.
    release();
    list.replace(given());
    settle();
    wait(false);
    if (store.data.values) list.empty();
    tellNote(store.data.values ? t("draw.empty_sheet") : "", store.data.values ? t("draw.short_empty_sheet") : "");
    show();
    update();
  });
  store.on("data", () => {
    if (!active) return;
    learnParts();
    show();
  });
  store.on("boot", () => {
    if (!active) return;
    bar.build();
    arrange();
    update();
  });
  store.on("theme", () => active && bar.repaint());

  addEventListener("keydown", (event) => {
    if (!active || event.altKey || document.querySelector("dialog[open]")) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches?.("input:not([type=range], [type=checkbox], [type=radio]), select, textarea")) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      travel(key === "y" || event.shiftKey ? list.redo() : list.undo());
    } else if (key === "escape" && !document.querySelector("[popover]:popover-open")) {
      event.preventDefault();
      close();
    }
  });

  return {
    get active() {
      return active;
    },
    toggle: () => (active ? close() : open()),
    /** A digit chooses a class while someone draws. @returns {boolean} whether it did */
    digit(index) {
      if (active) choose(index);
      return active;
    },
    /** Points from elsewhere, such as a file; while someone draws, that can be undone. @param {number[][]} rows [x1, x2, class] */
    use(rows) {
      if (!active && !goesOn()) begin();
      release();
      list.replace(rows.map(([x, y, own]) => ({ x, y, label: own })));
      if (active) changed();
      else {
        send();
        send.flush();
      }
    },
  };
}
