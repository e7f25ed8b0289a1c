// The one place that holds what the page knows: the server's state, the newest frame, the
// bounded history of every panel, and what is only a matter of looking (selection, switches).
// Data come in from the socket and go out to the views by topic; no view writes another view.

import { rowOf } from "./frames.js";
import { History } from "./history.js";
import { Timeline } from "./timeline.js";

/** Histories of removed panels that are kept, in case someone goes back to when they were there. */
const GONE = 6;

/** @typedef {{id: number, copy_of: number|null, units: number, parameters: number, bytes: number, loss: string, outputs: import("./outputs.js").Sides[], off: number, held_out: [number, number][]}} PanelInfo held_out: where the training points begin and end that validate, for all seeds or for each */

/** The view that is about all seeds, whichever is chosen. */
const ALL_SEEDS = "seeds";

export function createStore() {
  const listeners = new Map();
  const store = {
    boot: null,
    experiment: null,
    playing: false,
    /** The epoch at which it will stop by itself. @type {number|null} */
    until: null,
    run: null,
    /** Of the experiment; null while there is none yet but that of the address. @type {string|null} */
    link: null,
    /** False: the link leaves out points of the user's own. */
    linkComplete: true,
    /** @type {PanelInfo[]} */
    panels: [],
    selected: null,
    /** Which of a panel's networks is looked into where there are several seeds, from 0. */
    seed: 0,
    /** The points; classes is 0 where they carry values instead.
     * @type {null|{points: Float32Array, labels: Uint8Array, values: Float32Array|null, part: Uint8Array,
     *   classes: number, dimensions: number, count: number}} */
    data: null,
    /** The points as someone draws them, in the shape of `data`, or null. */
    draft: null,
    /** What is best possible on these data, as far as it is known; null while it is worked out.
     * @type {null|{error: number|null, losses: Record<string, number>, lines: number[][]|null}} */
    bayes: null,
    /** The newest frame of these panels, or null; whoever draws late finds it here. */
    frame: null,
    /** The newest message of every view that is looked at or was asked for, by its kind.
     * @type {Map<string, import("./frames.js").Message>} */
    seenViews: new Map(),
    /** Points that are pointed out in one panel's picture, or null. @type {null|{panel: number, points: number[]}} */
    pointed: null,
    /** A place in the plane that is marked in every picture, or null; while there is one, a click chooses another.
     * @type {null|{x1: number, x2: number, truth: number}} */
    place: null,
    /** @type {Map<number, History>} */
    history: new Map(),
    /** Of panels that were removed. @type {Map<number, History>} */
    gone: new Map(),
    timeline: new Timeline(),
    /** How many checkpoints the server has gone to in this connection, and whether no frame has come since. */
    jump: null,
    jumped: false,
    /** That number while the session stood at now, before it was sent back. */
    left: null,
    /** Updates a second in slow motion, or null. */
    slow: null,
    /** @type {Map<number, {epoch: number, code: string, message: string}>} */
    diverged: new Map(),
    /** The same of all panels that ever have in this run. */
    fallen: new Map(),
    /** Panels that have stopped by themselves; the event is missing where only a frame told it.
     * @type {Map<number, {epoch: number, code: string, params: any, message: string}|null>} */
    stopped: new Map(),
    view: { discretize: false, testData: true, bayes: false, keep: false },
    scope: "this",

    /** @param {string} topic @param {(detail?: any) => void} listener */
    on(topic, listener) {
      if (!listeners.has(topic)) listeners.set(topic, []);
      listeners.get(topic).push(listener);
    },
    emit(topic, detail) {
      for (const listener of listeners.get(topic) ?? []) listener(detail);
    },

    get selectedIndex() {
      return Math.max(0, store.panels.findIndex((panel) => panel.id === store.selected));
    },

    /** How many networks each panel trains. */
    get seeds() {
      return store.experiment?.seeds ?? 1;
    },

    /** The catalog's entry of the dataset in use; none before the first state. */
    get dataset() {
      return store.boot.catalog.datasets.find(({ id }) => id === store.experiment?.data.dataset.id);
    },

    /**
     * Which part each point is in for a panel's network: what it holds out of the training points validates. Of several
     * that hold out each its own, and none of them chosen, all are training points.
     * @param {number} index @param {number} [seed] @returns {Uint8Array}
     */
    partsOf(index, seed) {
      const { data, panels } = store;
      const held = panels[index]?.held_out ?? [];
      const own = held.length > 1 ? held[seed ?? -1] : held[0];
      if (!own) return data.part;
      return data.part.map((part, at) => (at >= own[0] && at < own[1] ? 2 : part));
    },

    select(id) {
      if (store.selected === id) return;
      store.selected = id;
      store.emit("select");
    },

    /** Another of the panel's networks; what was seen of the one before is not about it. */
    chooseSeed(seed) {
      if (store.seed === seed) return;
      turnTo(seed);
      store.emit("select");
    },

    look(change) {
      Object.assign(store.view, change);
      store.emit("view");
    },

    /** The server's "state" event. */
    receiveState(event) {
      const fresh = event.run !== store.run;
      if (event.jump !== store.jump) {
        store.jumped = true;
        if (store.jump === null || !store.timeline.past) store.left = store.jump;
      }
      if (fresh) {
        store.history.clear();
        store.gone.clear();
        store.timeline.clear();
        store.fallen.clear();
        store.diverged.clear();
        store.stopped.clear();
      }
      const before = store.selectedIndex;
      // The newest frame belongs to the panels as they were.
      const alike = event.panels.length === store.panels.length && event.panels.every((panel, index) => panel.id === store.panels[index].id);
      if (fresh || !alike) store.frame = null;
      Object.assign(store, {
        experiment: event.experiment, playing: event.playing, until: event.until, run: event.run, link: event.link, panels: event.panels,
        linkComplete: event.link_complete ?? true, slow: event.slow, jump: event.jump,
      });
      if (store.seed >= store.seeds) turnTo(0);
      const known = new Set(event.panels.map((panel) => panel.id));
      for (const panel of event.panels) {
        if (store.history.has(panel.id)) continue;
        if (store.jumped && store.gone.has(panel.id)) {
          store.history.set(panel.id, store.gone.get(panel.id));
          store.gone.delete(panel.id);
          continue;
        }
        if (panel.copy_of !== null && store.history.has(panel.copy_of)) store.selected = panel.id; // who copies wants to change the copy
        const origin = store.history.get(panel.copy_of);
        store.history.set(panel.id, origin ? origin.copy() : new History());
        if (store.stopped.has(panel.copy_of)) store.stopped.set(panel.id, store.stopped.get(panel.copy_of));
      }
      for (const [id, history] of store.history) {
        if (known.has(id)) continue;
        store.history.delete(id);
        store.gone.set(id, history);
        if (store.gone.size > GONE) store.gone.delete(store.gone.keys().next().value);
      }
      for (const id of store.stopped.keys()) if (!known.has(id)) store.stopped.delete(id);
      if (!known.has(store.selected)) {
        store.selected = event.panels[Math.min(before, event.panels.length - 1)]?.id ?? null;
      }
      store.emit("state", { fresh });
      if (store.jumped) store.emit("jump");
    },

    /** The session as it is now, to be gone back to. */
    receiveCheckpoint(message, buffer) {
      if (message.run !== store.run) return;
      const jump = Number(message.about.jump);
      // On a slow line one may come so late that it is of what was dropped since.
      if (jump !== store.jump && !(store.timeline.past && jump === store.left)) return;
      const epoch = Number(message.about.epoch);
      const { here } = store.timeline;
      if (here && jump === store.jump && epoch > here.epoch) store.goOn(here.epoch); // no frame has told so yet
      if (buffer.byteLength > store.boot.limits.moment) store.timeline.tooLarge = true;
      else store.timeline.keep(epoch, buffer, jump === store.jump);
      store.emit("timeline");
    },

    /** Something was changed while the run went on. */
    receiveChange(event) {
      store.timeline.flag({ ...event, at: performance.now() });
      store.emit("timeline");
    },

    /** Training goes on from an earlier epoch: what came after it is no more. */
    goOn(epoch) {
      store.timeline.goOn(epoch);
      for (const history of store.history.values()) history.cut(epoch);
      store.gone.clear();
      store.emit("timeline");
    },

    /** Points. What the newest frame predicted was about others. */
    receiveData(message) {
      const { points, labels, values, part, classes } = message.tensors;
      store.data = {
        points: points.data, labels: labels.data, values: values?.data ?? null, part: part.data,
        classes: classes.data[0], dimensions: Number(message.about.dimensions ?? 2), count: labels.shape[0],
      };
      store.frame = null;
      if (store.pointed) store.pointOut(null); // it was about others
      store.emit("data");
    },

    /** Recorded rows are kept at once, so a frame that is never drawn loses none of them. */
    receiveFrame(message) {
      if (message.run !== store.run || message.tensors.boundary.shape[0] !== store.panels.length) return false;
      const { epoch, recorded } = message.tensors;
      const newest = epoch.data.at(-1);
      if (store.jumped) {
        store.jumped = false;
        store.timeline.land(newest);
        if (!store.timeline.past) for (const history of store.history.values()) history.cut(newest);
        store.emit("timeline");
      } else if (store.timeline.past) {
        const here = Math.max(...store.panels.map(({ id }) => store.history.get(id).now?.epoch ?? 0));
        if (newest > here) store.goOn(here);
      }
      store.panels.forEach((panel, index) => {
        const history = store.history.get(panel.id);
        for (let time = 0; time < epoch.data.length; time++) {
          if (recorded.data[time]) history.push(rowOf(message.tensors, time, index));
        }
        history.now = rowOf(message.tensors, epoch.data.length - 1, index);
      });
      store.frame = message;
      const { stopped, diverged } = message.tensors;
      for (const [index, { id }] of store.panels.entries()) {
        // Other points have set a network going again.
        if (!diverged.data[index] && store.diverged.delete(id)) store.emit("diverged");
        // Gone back to: what was said of it then holds again.
        if (diverged.data[index] && !store.diverged.has(id)) store.receiveDivergence(store.fallen.get(id) ?? { panel: id, epoch: newest, code: "overflow", message: "" });
      }
      store.panels.forEach(({ id }, index) => {
        if (!stopped || Boolean(stopped.data[index]) === store.stopped.has(id)) return;
        if (stopped.data[index]) store.stopped.set(id, null);
        else store.stopped.delete(id);
        store.emit("stopped");
      });
      store.emit("frame");
      return true;
    },

    /** A view of one panel; what belongs to a panel or a run that is gone, or to a seed that is no longer chosen, is left out. */
    receiveView(message) {
      if (message.run !== store.run || !store.panels.some(({ id }) => id === Number(message.about.panel))) return;
      if (message.kind !== ALL_SEEDS && Number(message.about.seed) !== store.seed) return;
      store.seenViews.set(message.kind, message);
      store.emit("view-message", message.kind);
    },

    /** The newest message of a view about the selected panel, or null. @param {string} kind */
    seen(kind) {
      const message = store.seenViews.get(kind);
      return message && Number(message.about.panel) === store.selected ? message : null;
    },

    /** @param {null|{panel: number, points: number[]}} pointed */
    pointOut(pointed) {
      store.pointed = pointed;
      store.emit("pointed");
    },

    /** @param {null|{x1: number, x2: number, truth: number}} place */
    mark(place) {
      if (store.place === place) return;
      store.place = place;
      store.emit("place");
    },

    /** What is best possible on the data of now. */
    receiveBayes(bayes) {
      store.bayes = bayes;
      store.emit("bayes");
    },

    receiveDivergence(event) {
      store.diverged.set(event.panel, event);
      store.fallen.set(event.panel, event);
      store.emit("diverged", event);
    },

    receiveStop(event) {
      store.stopped.set(event.panel, event);
      store.emit("stopped");
    },
  };

  function turnTo(seed) {
    store.seed = seed;
    for (const kind of store.seenViews.keys()) if (kind !== ALL_SEEDS) store.seenViews.delete(kind);
  }

  return store;
}
