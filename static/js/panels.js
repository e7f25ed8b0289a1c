// The cards in the middle, one a network: letter and title, the boundary (or the graph, where
// there is one input dimension) with its points, the numbers, a sparkline. Cards are kept by panel
// id, so duplicating or removing one leaves the others untouched, and each redraws only the layer
// that changed.

import { drawBoundary, drawDisagreement, extent, readCell, readDisagreement } from "./boundary.js";
import { drawContours } from "./contour.js";
import { h, icon, setText } from "./dom.js";
import * as format from "./format.js";
import { slice } from "./frames.js";
import { drawGraph, drawGround, readGraph } from "./graph.js";
import { currentLanguage, t } from "./i18n.js";
import { LETTERS, classColor, panelColor, valueColor } from "./palette.js";
import { drawPlace, drawPoints, drawRings, pointOut, ringFor } from "./points.js";
import { wording } from "./notices.js";
import { describe } from "./regions.js";
import { drawSparkline } from "./sparkline.js";
import { sizeOf, titles } from "./titles.js";

/** Columns of the numbers, for classes and for values: what follows the part's name, heading, writing. */
const COLUMNS = {
  classes: [["loss", "numbers.loss", format.loss], ["accuracy", "numbers.accuracy", format.percent]],
  values: [["loss", "numbers.loss", format.loss], ["r2", "numbers.r2", format.fit], ["error", "numbers.error", format.loss]],
};
/** From what is to be judged to what was learned from; those in between are shown where they exist. */
const ROWS = ["test", "validation", "train_dev", "train"];

/** ms between two summaries for those who listen. */
const PAUSE = 2000;

export function createPanels(store, commands, loop) {
  const root = document.getElementById("panels");
  const workspace = document.getElementById("workspace");
  const [add, vary] = ["add", "vary"].map((action) => document.querySelector(`[data-action=${action}]`));
  /** @type {Map<number, any>} */
  const cards = new Map();
  const resize = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const card = [...cards.values()].find((candidate) => candidate.stage === target);
      if (card) card.size = target.clientWidth;
      card?.staticJob.now();
      card?.slowJob.now();
    }
  });
  let pointer = null;
  /** What the tables of numbers hold: rows that a run has shown once stay until the next. */
  let held = { run: null, rows: [] };

  function makeCard(id) {
    const letter = h("span", { class: "letter" });
    const title = h("span", { class: "title" });
    const select = h("button", { type: "button", class: "panel-select", onclick: () => store.select(id) }, letter, title);
    const at = () => store.panels.findIndex((panel) => panel.id === id);
    const duplicate = h("button", { type: "button", class: "mini", onclick: () => commands.duplicate(at()) }, icon("i-copy"));
    const remove = h("button", { type: "button", class: "mini", onclick: () => commands.remove(at()) }, icon("i-close"));
    const boundary = h("canvas", { class: "boundary" });
    const disagreement = h("canvas", { class: "disagreement", hidden: true });
    const points = h("canvas", { class: "points" });
    const graph = h("canvas", { class: "graph" });
    const rings = h("canvas", { class: "rings" });
    const readout = h("p", { class: "readout figure", hidden: true });
    const picture = h("div", { class: "picture", role: "img", "aria-label": t("inside.waiting") }, boundary, disagreement, points, graph, rings);
    const overlay = h("div", { class: "overlay", hidden: true });
    const badge = h("p", { class: "badge", hidden: true });
    const stage = h("div", { class: "stage" }, picture, badge, readout, overlay);
    const sparkline = h("canvas", { class: "sparkline", "aria-hidden": "true" });
    const numbers = h("table", { class: "numbers" });
    const solved = h("span", { class: "figure" });
    const vote = h("span", { class: "figure seeds-vote" });
    const hatched = h("span", { class: "hatched muted" });
    const seeds = h("p", { class: "seeds-line", hidden: true }, solved, vote, hatched);
    const element = h("article", { class: "panel", onclick: (event) => !event.target.closest("button") && store.select(id) },
      h("header", { class: "panel-head" }, select, duplicate, remove), stage, numbers, seeds);
    const card = { id, element, stage, picture, boundary, disagreement, seeds, solved, vote, hatched, graph, points, rings, readout, overlay, badge, letter, title, select, duplicate, remove, numbers, values: [], sparkline, size: 0, name: "", wrong: [] };
    card.staticJob = loop.job(() => paintPoints(card), 0);
    card.slowJob = loop.job(() => paintSlow(card), 220);
    stage.addEventListener("pointermove", (event) => point(stage, event));
    stage.addEventListener("pointerleave", () => point(stage, null));
    stage.addEventListener("click", (event) => pick(card, event));
    resize.observe(stage);
    return card;
  }

  const indexOf = (card) => store.panels.findIndex((panel) => panel.id === card.id);
  const options = (card) => ({ size: card.size, plane: store.boot.plane, showTest: store.view.testData });

  /** The table of numbers anew, where its rows, columns or words have changed. */
  function layNumbers(card) {
    const kind = store.data?.classes === 0 ? "values" : "classes";
    const rows = ROWS.filter((row) => row === "test" || row === "train" || held.rows.includes(row));
    const many = store.seeds > 1;
    const key = `${kind} ${store.data?.dimensions} ${rows} ${currentLanguage()} ${many}`;
    if (card.laid === key) return;
    card.laid = key;
    const columns = COLUMNS[kind];
    card.values = [];
    const cell = (name, write) => {
      const element = h("td", { class: "figure" });
      card.values.push({ name, write, element });
      return element;
    };
    const body = rows.map((row) => h("tr", { class: row === "test" ? "major" : null },
      h("th", { scope: "row", title: t(`numbers.${row}_help`) }, t(`numbers.${row}`)),
      columns.map(([name, , write]) => cell(`${row}_${name}`, write)),
      row === "test" ? cell("dead_ratio", (value) => format.percent(value, 0)) : h("td", { class: row === "train" ? "spark" : null }, row === "train" ? card.sparkline : null)));
    card.numbers.classList.toggle("wide", columns.length > 2);
    card.numbers.classList.toggle("long", rows.length > 2);
    card.numbers.replaceChildren(
      h("thead", {}, h("tr", {}, h("th", { scope: "col", title: many ? t("seeds.mean_help") : null }, h("span", { class: many ? null : "visually-hidden" }, t(many ? "seeds.mean_short" : "numbers.part"))),
        columns.map(([name, key]) => h("th", { scope: "col", title: name === "loss" || name === "accuracy" ? null : t(`${key}_help`) }, t(key))),
        h("th", { scope: "col", title: t("numbers.dead_help") }, t("numbers.dead")))),
      h("tbody", {}, body));
    workspace.style.setProperty("--extra-rows", String(rows.length - 2 + (many ? 1 : 0)));
    card.seeds.hidden = !many;
    card.seeds.title = many ? t("seeds.solved_help") : "";
    card.vote.title = t("seeds.vote_help");
    const curve = store.data?.dimensions === 1;
    card.hatched.classList.toggle("area", curve);
    card.hatched.title = t(curve ? "seeds.curve_help" : kind === "values" ? "seeds.differ_help" : "seeds.disagree_help");
    card.hatched.replaceChildren(h("span", {}, t(curve ? "seeds.band_short" : kind === "values" ? "seeds.differ" : "seeds.disagree")));
    const now = store.history.get(card.id)?.now;
    if (now) tell(card, now);
  }

  /** Validation and train-dev have a row in all panels as soon as one of them has figures for it. */
  function holdRows() {
    if (held.run !== store.run) held = { run: store.run, rows: [] };
    for (const row of ROWS) {
      if (!held.rows.includes(row) && store.panels.some(({ id }) => Number.isFinite(store.history.get(id)?.now?.[`${row}_loss`]))) held.rows = [...held.rows, row];
    }
  }

  function paintPoints(card) {
    if (!store.data || !card.size) return;
    // What someone draws is seen before the server knows of it, test points and all.
    const context = drawPoints(card.points, store.draft ?? store.data, { ...options(card), showTest: store.view.testData || Boolean(store.draft) });
    if (store.view.bayes && store.bayes?.lines) drawContours(context, store.bayes.lines, options(card).size);
  }

  /** What changes with every frame but need not: rings, sparkline, the text summary. */
  function paintSlow(card) {
    const index = indexOf(card);
    const { frame, data } = store;
    const history = store.history.get(card.id);
    if (index < 0 || !frame || !data || !card.size || frame.tensors.predicted.shape[1] !== data.count) return;
    const parts = store.partsOf(index);
    card.wrong = drawRings(card.rings, { ...data, part: parts }, slice(frame.tensors.predicted, index), options(card));
    if (store.pointed?.panel === card.id) pointOut(card.rings.getContext("2d"), data, store.pointed.points, options(card));
    if (store.place) drawPlace(card.rings.getContext("2d"), data, store.place, options(card));
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
    const about = { letter: LETTERS[index], title: card.name, epoch: Math.floor(history.now.epoch) };
    const words = data.classes ? summary(card, index, parts, about, history.now) : valueSummary(index, about, history.now);
    card.picture.setAttribute("aria-label", frame.tensors.solved ? `${words} ${seedsSummary(index)}` : words);
  }

  function summary(card, index, parts, about, now) {
    const { boundary } = store.frame.tensors;
    const { classes } = store.data;
    const [trains, tests] = [0, 1].map((wanted) => parts.reduce((sum, each) => sum + (each === wanted), 0));
    return t("panels.summary", {
      ...about, accuracy: format.percent(now.test_accuracy), train: card.wrong[0], trains, test: card.wrong[1], tests,
      regions: describe(slice(boundary, index), boundary.shape[1], classes),
    });
  }

  function seedsSummary(index) {
    const { disagreement } = store.frame.tensors;
    const cells = slice(disagreement, index);
    const share = cells.reduce((count, value) => count + (value > 0), 0) / cells.length;
    return t("seeds.summary", { ...solvedOf(index), share: format.percent(share, 0) });
  }

  const solvedOf = (index) => {
    const { solved, lost } = store.frame.tensors;
    return { solved: solved.data[index], lost: lost.data[index], count: store.seeds };
  };

  function valueSummary(index, about, now) {
    const { curve, boundary } = store.frame.tensors;
    const along = curve && slice(curve, index);
    const [low, high] = along ? [Math.min(...along), Math.max(...along)] : extent(slice(boundary, index));
    return t(along ? "panels.summary_graph" : "panels.summary_values", {
      ...about, r2: format.fit(now.test_r2), error: format.loss(now.test_error), low: format.figure(Number(low.toFixed(2))), high: format.figure(Number(high.toFixed(2))) });
  }

  /** Every frame: the boundary or graph itself and the numbers. */
  function draw() {
    const { frame, data } = store;
    if (!frame || !data) return;
    const size = frame.tensors.boundary.shape[1];
    const { curve, curve_low: low, curve_high: high, disagreement } = frame.tensors;
    const slowly = performance.now();
    holdRows();
    store.panels.forEach((panel, index) => {
      const card = cards.get(panel.id);
      card.graph.hidden = !curve;
      card.disagreement.hidden = !disagreement || Boolean(curve);
      if (curve) {
        drawGround(card.boundary);
        if (card.size) drawGraph(card.graph, slice(curve, index), { ...options(card), color: panelColor(index) }, low ? [slice(low, index), slice(high, index)] : null);
      } else {
        drawBoundary(card.boundary, slice(frame.tensors.boundary, index), size, data.classes, store.view.discretize);
        if (disagreement) drawDisagreement(card.disagreement, slice(disagreement, index), size, data.classes);
      }
      card.slowJob.mark();
      layNumbers(card);
      if (!store.playing || slowly - (card.told ?? 0) > 120) {
        card.told = slowly;
        tell(card, store.history.get(panel.id).now);
        if (frame.tensors.solved) {
          const counts = solvedOf(index);
          setText(card.solved, t(counts.lost ? "seeds.solved_lost" : "seeds.solved", counts));
          const vote = frame.tensors.vote_accuracy.data.at(index - store.panels.length); // now, in the last row
          setText(card.vote, Number.isFinite(vote) ? t("seeds.vote_line", { share: format.percent(vote) }) : "");
        }
      }
    });
    showPointer();
  }

  function tell(card, now) {
    for (const { name, write, element } of card.values) {
      setText(element, write(now[name]));
      if (name === "dead_ratio") element.classList.toggle("warn", now.dead_ratio >= 0.5);
    }
  }

  /** Where in the plane the pointer is. */
  function placeOf(stage, event) {
    const box = stage.getBoundingClientRect();
    const [low, high] = store.boot.plane;
    return { x: low + ((event.clientX - box.left) / box.width) * (high - low), y: high - ((event.clientY - box.top) / box.height) * (high - low) };
  }

  /** The same place read in every panel. */
  function point(stage, event) {
    pointer = event && event.pointerType !== "touch" ? placeOf(stage, event) : null;
    showPointer();
  }

  /** A click chooses a place, where someone follows one; what is near enough to be meant depends on the picture's size. */
  function pick(card, event) {
    if (!store.place || event.target.closest("button")) return;
    const [low, high] = store.boot.plane;
    store.emit("pick", { ...placeOf(card.stage, event), near: (Math.max(8, ringFor(card.size)) * (high - low)) / card.size });
  }

  function showPointer() {
    const { frame, data } = store;
    store.panels.forEach((panel, index) => {
      const { readout } = cards.get(panel.id) ?? {};
      if (!readout) return;
      readout.hidden = !pointer || !frame || !data;
      if (readout.hidden) return;
      const { color, text } = read(index);
      readout.style.setProperty("--class", color);
      setText(readout, text.replaceAll("-", "−"));
    });
  }

  /** What the network says where the pointer is: in words, and the colour it has there. */
  function read(index) {
    const { curve, boundary, disagreement } = store.frame.tensors;
    const { plane } = store.boot;
    const x = pointer.x.toFixed(1);
    if (curve) {
      const value = readGraph(slice(curve, index), plane, pointer.x);
      return { color: panelColor(index), text: t("panels.read_graph", { x, value: value.toFixed(2) }) };
    }
    const { value, predicted, probability } = readCell(slice(boundary, index), boundary.shape[1], store.data.classes, plane, pointer.x, pointer.y);
    const place = `(${x}, ${pointer.y.toFixed(1)})`;
    const apart = disagreement ? readDisagreement(slice(disagreement, index), boundary.shape[1], plane, pointer.x, pointer.y) : 0;
    if (value !== undefined) return { color: valueColor(value), text: `${place} ${t("panels.read_value", { value: value.toFixed(2) })}${apart ? ` ± ${apart.toFixed(2)}` : ""}` };
    const others = apart ? ` · ${t("seeds.read", { share: format.percent(apart, 0) })}` : "";
    return { color: classColor(predicted), text: `${place} ${t("legend.class", { number: predicted + 1 })} ${format.percent(probability, 0)}${others}` };
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
    const most = boot.limits.panels;
    const full = panels.length >= most ? t("error.too_many_panels", { maximum: most }) : "";
    bound(add, full);
    bound(vary, most < 2 ? full : "");
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
      card.title.title = `${names[index]} — ${sizeOf(panel)}`;
      const chosen = panel.id === store.selected;
      card.element.classList.toggle("selected", chosen && panels.length > 1);
      card.select.setAttribute("aria-pressed", String(chosen));
      card.select.setAttribute("aria-label", t("panels.select", { letter, title: names[index] }));
      label(card.duplicate, t("panels.duplicate", { letter }));
      label(card.remove, t("panels.remove", { letter }));
      bound(card.duplicate, full, card.duplicate.title);
      card.remove.hidden = panels.length < 2;
      layNumbers(card);
      overlay(card);
      const stop = store.stopped.get(panel.id);
      const told = [store.stopped.has(panel.id) && (stop ? wording(stop, "stopped") : t("stopped.plain")), panel.off > 0 && t("panels.off", { count: panel.off })].filter(Boolean);
      card.badge.hidden = !told.length;
      setText(card.badge, told.join(" · "));
    });
  }

  /** A button that cannot be used says why. An embedded page may not have it. */
  function bound(button, reason, title = "") {
    if (!button) return;
    button.disabled = Boolean(reason);
    button.title = reason || title;
  }

  const label = (button, text) => {
    button.setAttribute("aria-label", text);
    button.title = text;
  };

  function overlay(card) {
    const event = store.diverged.get(card.id);
    card.element.classList.toggle("diverged", Boolean(event));
    // Made anew only where it says something else: its button may have the focus.
    const key = event ? `${event.epoch} ${currentLanguage()}` : "";
    if (card.overlay.dataset.key === key) return;
    card.overlay.dataset.key = key;
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
  store.on("draft", () => {
    for (const card of cards.values()) card.staticJob.now();
  });
  for (const topic of ["pointed", "place"]) {
    store.on(topic, () => {
      for (const card of cards.values()) card.slowJob.now();
    });
  }
  store.on("bayes", () => {
    if (store.view.bayes) for (const card of cards.values()) card.staticJob.now();
  });
  store.on("theme", () => {
    update();
    repaint();
  });
  return { draw };
}
