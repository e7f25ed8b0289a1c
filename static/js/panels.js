// The cards in the middle, one a network: letter and title, the boundary with its points, the
// numbers, a sparkline. Cards are kept by panel id, so duplicating or removing one leaves the
// others untouched, and each redraws only the layer that changed.

import { areas, drawBoundary, readCell } from "./boundary.js";
import { h, icon, setText } from "./dom.js";
import * as format from "./format.js";
import { slice } from "./frames.js";
import { t } from "./i18n.js";
import { LETTERS, classColor, panelColor } from "./palette.js";
import { drawPoints, drawRings } from "./points.js";
import { wording } from "./notices.js";
import { drawSparkline } from "./sparkline.js";
import { titles } from "./titles.js";

const NUMBERS = ["test_loss", "test_accuracy", "dead", "train_loss", "train_accuracy"];

/** ms between two summaries for those who listen. */
const PAUSE = 2000;

export function createPanels(store, commands, loop) {
  const root = document.getElementById("panels");
  const workspace = document.getElementById("workspace");
  /** @type {Map<number, any>} */
  const cards = new Map();
  const resize = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const card = [...cards.values()].find((candidate) => candidate.stage === target);
      card?.staticJob.now();
      card?.slowJob.now();
    }
  });
  let pointer = null;

  function makeCard(id) {
    const letter = h("span", { class: "letter" });
    const title = h("span", { class: "title" });
    const select = h("button", { type: "button", class: "panel-select", onclick: () => store.select(id) }, letter, title);
    const at = () => store.panels.findIndex((panel) => panel.id === id);
    const duplicate = h("button", { type: "button", class: "mini", onclick: () => commands.duplicate(at()) }, icon("i-copy"));
    const remove = h("button", { type: "button", class: "mini", onclick: () => commands.remove(at()) }, icon("i-close"));
    const boundary = h("canvas", { class: "boundary" });
    const points = h("canvas", { class: "points" });
    const rings = h("canvas", { class: "rings" });
    const readout = h("p", { class: "readout figure", hidden: true });
    const picture = h("div", { class: "picture", role: "img" }, boundary, points, rings);
    const overlay = h("div", { class: "overlay", hidden: true });
    const badge = h("p", { class: "badge", hidden: true });
    const stage = h("div", { class: "stage" }, picture, badge, readout, overlay);
    const values = Object.fromEntries(NUMBERS.map((name) => [name, h("td", { class: "figure" })]));
    const heads = ["numbers.part", "numbers.loss", "numbers.accuracy", "numbers.dead"].map((key, index) => h("th", { scope: "col", "data-key": key }, index ? null : h("span", { class: "visually-hidden" })));
    const rows = ["numbers.test", "numbers.train"].map((key) => h("th", { scope: "row", "data-key": key }));
    const sparkline = h("canvas", { class: "sparkline", "aria-hidden": "true" });
    const numbers = h("table", { class: "numbers" },
      h("thead", {}, h("tr", {}, heads)),
      h("tbody", {},
        h("tr", { class: "major" }, rows[0], values.test_loss, values.test_accuracy, values.dead),
        h("tr", {}, rows[1], values.train_loss, values.train_accuracy, h("td", { class: "spark" }, sparkline))));
    const element = h("article", { class: "panel", onclick: (event) => !event.target.closest("button") && store.select(id) },
      h("header", { class: "panel-head" }, select, duplicate, remove), stage, numbers);
    const card = { id, element, stage, picture, boundary, points, rings, readout, overlay, badge, letter, title, select, duplicate, remove, values, sparkline, heads, rows, name: "", wrong: [0, 0] };
    card.staticJob = loop.job(() => paintPoints(card), 0);
    card.slowJob = loop.job(() => paintSlow(card), 220);
    stage.addEventListener("pointermove", (event) => point(stage, event));
    stage.addEventListener("pointerleave", () => point(stage, null));
    resize.observe(stage);
    return card;
  }

  const indexOf = (card) => store.panels.findIndex((panel) => panel.id === card.id);
  const options = (card) => ({ size: card.stage.clientWidth, plane: store.boot.plane, showTest: store.view.testData });

  function paintPoints(card) {
    if (store.data && card.stage.clientWidth) drawPoints(card.points, store.data, options(card));
  }

  /** What changes with every frame but need not: rings, sparkline, the text summary. */
  function paintSlow(card) {
    const index = indexOf(card);
    const { frame, data } = store;
    const history = store.history.get(card.id);
    if (index < 0 || !frame || !data || !card.stage.clientWidth || frame.tensors.predicted.shape[1] !== data.count) return;
    card.wrong = drawRings(card.rings, data, slice(frame.tensors.predicted, index), options(card));
    drawSparkline(card.sparkline, history, panelColor(index));
    const now = performance.now();
    if (now - (card.summarized ?? -1e9) < PAUSE) {
      card.later ??= setTimeout(() => {
        card.later = null;
        card.slowJob.mark();
      }, PAUSE);
      return;
    }
    card.summarized = now;
    const shares = areas(slice(frame.tensors.boundary, index), data.classes);
    card.picture.setAttribute("aria-label", t("panels.summary", {
      letter: LETTERS[index], title: card.name, epoch: Math.floor(history.now.epoch),
      accuracy: format.percent(history.now.test_accuracy), train: card.wrong[0], test: card.wrong[1],
      areas: shares.map((share, at) => `${t("legend.class", { number: at + 1 })} ${format.percent(share, 0)}`).join(", "),
    }));
  }

  /** Every frame: the boundary itself and the numbers. */
  function draw() {
    const { frame, data } = store;
    if (!frame || !data) return;
    const size = frame.tensors.boundary.shape[1];
    const slowly = performance.now();
    store.panels.forEach((panel, index) => {
      const card = cards.get(panel.id);
      drawBoundary(card.boundary, slice(frame.tensors.boundary, index), size, data.classes, store.view.discretize);
      card.slowJob.mark();
      if (!store.playing || slowly - (card.told ?? 0) > 120) {
        card.told = slowly;
        tell(card, store.history.get(panel.id).now);
      }
    });
    showPointer();
  }

  function tell(card, now) {
    setText(card.values.test_loss, format.loss(now.test_loss));
    setText(card.values.test_accuracy, format.percent(now.test_accuracy));
    setText(card.values.train_loss, format.loss(now.train_loss));
    setText(card.values.train_accuracy, format.percent(now.train_accuracy));
    setText(card.values.dead, format.percent(now.dead_ratio, 0));
    card.values.dead.classList.toggle("warn", now.dead_ratio >= 0.5);
  }

  /** The same place read in every panel. */
  function point(stage, event) {
    const box = stage.getBoundingClientRect();
    const [low, high] = store.boot.plane;
    pointer = event && event.pointerType !== "touch"
      ? { x: low + ((event.clientX - box.left) / box.width) * (high - low), y: high - ((event.clientY - box.top) / box.height) * (high - low) }
      : null;
    showPointer();
  }

  function showPointer() {
    const { frame, data } = store;
    store.panels.forEach((panel, index) => {
      const { readout } = cards.get(panel.id) ?? {};
      if (!readout) return;
      readout.hidden = !pointer || !frame || !data;
      if (readout.hidden) return;
      const read = readCell(slice(frame.tensors.boundary, index), frame.tensors.boundary.shape[1], data.classes, store.boot.plane, pointer.x, pointer.y);
      readout.style.setProperty("--class", classColor(read.predicted));
      setText(readout, `(${pointer.x.toFixed(1)}, ${pointer.y.toFixed(1)}) ${t("legend.class", { number: read.predicted + 1 })} ${format.percent(read.probability, 0)}`.replaceAll("-", "−"));
    });
  }

  function update() {
    const { panels, experiment, boot } = store;
    if (!experiment) return;
    const alive = new Set(panels.map((panel) => panel.id));
    for (const [id, card] of cards) {
      if (alive.has(id)) continue;
      card.staticJob.drop();
      card.slowJob.drop();
      resize.unobserve(card.stage);
      card.element.remove();
      cards.delete(id);
    }
    workspace.dataset.count = String(panels.length);
    const names = titles(boot.form.network, experiment.panels, boot.catalog);
    panels.forEach((panel, index) => {
      if (!cards.has(panel.id)) cards.set(panel.id, makeCard(panel.id));
      const card = cards.get(panel.id);
      if (root.children[index] !== card.element) root.insertBefore(card.element, root.children[index] ?? null);
      const letter = LETTERS[index];
      card.name = names[index];
      card.element.style.setProperty("--panel", panelColor(index));
      setText(card.letter, letter);
      setText(card.title, names[index]);
      card.title.title = `${names[index]} — ${t("panels.size", { units: panel.units, parameters: panel.parameters })}`;
      const chosen = panel.id === store.selected;
      card.element.classList.toggle("selected", chosen && panels.length > 1);
      card.select.setAttribute("aria-pressed", String(chosen));
      card.select.setAttribute("aria-label", t("panels.select", { letter, title: names[index] }));
      label(card.duplicate, t("panels.duplicate", { letter }));
      label(card.remove, t("panels.remove", { letter }));
      card.duplicate.disabled = panels.length >= boot.limits.panels;
      document.querySelector("[data-action=add]").disabled = card.duplicate.disabled;
      card.remove.hidden = panels.length < 2;
      for (const cell of [...card.heads, ...card.rows]) setText(cell.firstElementChild ?? cell, t(cell.dataset.key));
      card.heads[3].title = t("numbers.dead_help");
      overlay(card);
      const stop = store.stopped.get(panel.id);
      card.badge.hidden = !store.stopped.has(panel.id);
      setText(card.badge, stop ? wording(stop, "stopped") : t("stopped.plain"));
    });
  }

  const label = (button, text) => {
    button.setAttribute("aria-label", text);
    button.title = text;
  };

  function overlay(card) {
    const event = store.diverged.get(card.id);
    card.element.classList.toggle("diverged", Boolean(event));
    if (card.overlay.hidden === !event && !event) return;
    card.overlay.hidden = !event;
    card.overlay.replaceChildren(...(event ? [
      h("strong", {}, t("diverged.heading")),
      h("p", {}, t("diverged.text", { epoch: Math.floor(event.epoch) })),
      h("button", { type: "button", class: "button", onclick: () => commands.rewind() }, t("transport.rewind"))] : []));
  }

  const repaint = () => {
    for (const card of cards.values()) {
      card.staticJob.now();
      card.slowJob.now();
    }
    loop.frame();
  };
  store.on("boot", update);
  store.on("state", ({ fresh }) => {
    update();
    if (fresh) for (const card of cards.values()) card.summarized = -1e9;
  });
  store.on("select", update);
  store.on("diverged", update);
  store.on("stopped", update);
  store.on("data", repaint);
  store.on("view", repaint);
  store.on("theme", () => {
    update();
    repaint();
  });
  return { draw };
}
