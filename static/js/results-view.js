// What the network gets right and wrong: which class is taken for which, and precision, recall and
// F1 of every class, on any part of the points as the network has them. Worked out here from the labels and what the newest
// frame predicts, or of several seeds the chosen one. Points of a cell of the table can be pointed
// out in the picture. Values have no classes; there it says how large the errors are beside those of
// the best constant.

import { createCalibration } from "./calibration-view.js";
import { h, segment, setText } from "./dom.js";
import * as format from "./format.js";
import { slice } from "./frames.js";
import { currentLanguage, t } from "./i18n.js";
import { createMistakes } from "./mistakes-view.js";
import { createReading } from "./reading-view.js";
import { drawMarker, fit, PARTS } from "./points.js";

/** Counts of (true class, predicted class), row by row. */
export function confusion({ labels, classes, count }, part, predicted, chosen) {
  const counts = Array(classes * classes).fill(0);
  for (let index = 0; index < count; index++) if (part[index] === chosen) counts[labels[index] * classes + predicted[index]]++;
  return counts;
}

/** Precision, recall, F1 and number of points of every class; NaN where there is nothing to divide by. */
export function perClass(counts, classes) {
  const sum = (cells) => cells.reduce((total, cell) => total + cell, 0);
  const steps = [...Array(classes).keys()];
  return steps.map((at) => {
    const hit = counts[at * classes + at];
    const support = sum(steps.map((other) => counts[at * classes + other]));
    const claimed = sum(steps.map((other) => counts[other * classes + at]));
    return { precision: hit / claimed, recall: hit / support, f1: (2 * hit) / (support + claimed), support };
  });
}

/** @type {import("./inside.js").Maker} */
export function createResults({ store, loop, ask, goTo, shown }) {
  const choice = h("div", { class: "scope results-part", role: "radiogroup" });
  const content = h("div", { class: "results-content" });
  const reading = createReading({ store, ask });
  const calibration = createCalibration();
  const mistakes = createMistakes({
    store, mark,
    look(item, yes) {
      pointed = yes ? item : null;
      point();
    },
    keep,
    follow(index) {
      store.emit("follow", index);
      goTo("point");
    },
  });
  const more = h("div", { class: "results-more", hidden: true }, reading.element, calibration.element, mistakes.element);
  const root = h("div", { class: "results-view" }, choice, content, more);
  let part = 1;
  let built = "";
  let cells = [];
  let scores = [];
  let figures = [];
  /** The cell that points are shown of: pointed at, or chosen to stay. */
  let pointed = null;
  let kept = null;

  const partsNow = () => store.partsOf(store.selectedIndex, store.seed);
  const here = () => PARTS.map((_, index) => index).filter((index) => partsNow().includes(index));

  function mark(index) {
    const canvas = h("canvas", { class: "mark", "aria-hidden": "true" });
    drawMarker(fit(canvas, 18), index, 9, 9, 5, "full");
    return canvas;
  }

  function build(present) {
    const { classes } = store.data;
    choice.setAttribute("aria-label", t("inside.part"));
    choice.replaceChildren(...(classes ? [1, 2, 3, 0].filter((index) => present.includes(index)).map((index) => segment("results-part", index === part, t(`numbers.${PARTS[index].key}`), () => {
      part = index;
      show();
      further.now();
      point();
    })) : []));
    choice.hidden = !classes;
    if (classes) buildClasses(classes);
    else buildValues(present);
  }

  function buildClasses(classes) {
    const steps = [...Array(classes).keys()];
    const name = (index) => t("legend.class", { number: index + 1 });
    cells = steps.flatMap((row) => steps.map((column) => {
      const button = h("button", { type: "button", class: `confusion figure${row === column ? " right" : ""}` });
      const cell = { button, row, column };
      const look = (yes) => () => {
        pointed = yes ? cell : null;
        point();
      };
      for (const [on, yes] of [["pointerenter", true], ["pointerleave", false], ["focus", true], ["blur", false]]) button.addEventListener(on, look(yes));
      button.addEventListener("click", () => keep(cell));
      return cell;
    }));
    scores = steps.map(() => ["precision", "recall", "f1", "support"].map(() => h("td", { class: "figure" })));
    figures = [h("span", { class: "figure" }), h("span", { class: "figure" })];
    const label = (index) => [mark(index), h("span", {}, name(index))];
    content.replaceChildren(
      h("table", { class: "confusions" }, h("caption", {}, t("inside.confusion")),
        h("thead", {}, h("tr", {}, h("td", {}, h("span", { class: "muted" }, t("inside.true_predicted"))), steps.map((index) => h("th", { scope: "col" }, h("span", {}, label(index)))))),
        h("tbody", {}, steps.map((row) => h("tr", {}, h("th", { scope: "row" }, h("span", {}, label(row))), cells.filter((cell) => cell.row === row).map(({ button }) => h("td", {}, button)))))),
      h("table", { class: "scores" }, h("caption", {}, t("inside.per_class")),
        h("thead", {}, h("tr", {}, h("td", {}), ["precision", "recall", "f1", "support"].map((key) => h("th", { scope: "col", title: t(`inside.${key}_help`) }, t(`inside.${key}`))))),
        h("tbody", {}, steps.map((row) => h("tr", {}, h("th", { scope: "row" }, h("span", {}, label(row))), scores[row])))),
      h("p", { class: "results-sum" }, t("numbers.accuracy"), " ", figures[0], " · ", t("inside.macro_f1"), " ", figures[1]));
  }

  function buildValues(present) {
    const rows = [1, 2, 3, 0].filter((index) => present.includes(index));
    figures = rows.map((index) => ({ index, cells: ["error", "deviation", "r2"].map(() => h("td", { class: "figure" })) }));
    content.replaceChildren(
      h("table", { class: "scores" }, h("caption", {}, t("inside.residuals")),
        h("thead", {}, h("tr", {}, h("td", {}), [["numbers.error", "numbers.error_help"], ["inside.deviation", "inside.deviation_help"], ["numbers.r2", "numbers.r2_help"]].map(([key, help]) => h("th", { scope: "col", title: t(help) }, t(key))))),
        h("tbody", {}, figures.map(({ index, cells: row }) => h("tr", {}, h("th", { scope: "row" }, t(`numbers.${PARTS[index].key}`)), row)))),
      h("p", { class: "muted" }, t("inside.residuals_note")));
  }

  /** Frames show several seeds together; what is said here is about the chosen one, as far as there is more to come of it. */
  const single = () => store.seeds > 1 && !store.diverged.has(store.selected);

  /** The newest message about the run of now and as many points as there are, or null. */
  function answer() {
    const message = store.seen("results");
    if (!message || message.run !== store.run || !store.data) return null;
    return store.data.classes && message.tensors.predicted.data.length !== store.data.count ? null : message;
  }

  const predictions = () => {
    if (single()) return answer()?.tensors.predicted.data ?? null;
    const tensor = store.frame?.tensors.predicted;
    return tensor && tensor.shape[1] === store.data?.count ? slice(tensor, store.selectedIndex) : null;
  };

  /** A cell of the table or a single point, chosen to stay pointed out, or no longer. */
  function keep(item) {
    kept = kept && (kept === item || (item.index !== undefined && kept.index === item.index)) ? null : item;
    point();
  }

  /** Points of the cell in the panel's picture. */
  function point() {
    const cell = pointed ?? kept;
    for (const one of cells) one.button.setAttribute("aria-pressed", String(one === kept));
    mistakes.press(kept);
    const predicted = predictions();
    if (!cell || !predicted || !store.data.classes) {
      if (store.pointed) store.pointOut(null);
      return;
    }
    const { labels, count } = store.data;
    const parts = partsNow();
    const points = [];
    if (cell.index !== undefined) points.push(cell.index);
    else for (let index = 0; index < count; index++) if (parts[index] === part && labels[index] === cell.row && predicted[index] === cell.column) points.push(index);
    const same = store.pointed?.panel === store.selected && store.pointed.points.join() === points.join();
    if (!same) store.pointOut({ panel: store.selected, points });
  }

  /** What only the server can say. */
  const further = loop.job(() => {
    const message = answer();
    const { data } = store;
    if (!message) return;
    more.hidden = false;
    calibration.element.hidden = mistakes.element.hidden = !data.classes;
    reading.show(message);
    if (!data.classes) return;
    const { loss } = store.panels[store.selectedIndex];
    calibration.show(message, part, !store.boot.catalog.losses.find(({ id }) => id === loss)?.scores);
    mistakes.show(message, partsNow(), part);
    mistakes.press(kept);
  }, () => (store.playing ? 700 : 0));

  const job = loop.job(show, () => (store.playing ? 150 : 0));

  function show() {
    const predicted = predictions();
    if (!predicted) return;
    const present = here();
    if (!present.includes(part)) part = present.includes(1) ? 1 : 0;
    const key = `${currentLanguage()} ${store.data.classes} ${present}`;
    if (built !== key) {
      built = key;
      pointed = kept = null;
      build(present);
    }
    if (store.data.classes) showClasses(predicted);
    else showValues();
    if (pointed || kept) point();
  }

  function showClasses(predicted) {
    const { classes } = store.data;
    const counts = confusion(store.data, partsNow(), predicted, part);
    const scored = perClass(counts, classes);
    cells.forEach(({ button, row, column }) => {
      const count = counts[row * classes + column];
      const share = scored[row].support ? count / scored[row].support : 0;
      setText(button, String(count));
      button.style.setProperty("--share", `${Math.round(share * 100)}%`);
      button.classList.toggle("strong", share > 0.55);
      const label = t("inside.cell", { row: row + 1, column: column + 1, count });
      if (button.ariaLabel !== label) button.ariaLabel = label;
    });
    scored.forEach(({ precision, recall, f1, support }, row) => [precision, recall, f1].map((value) => format.percent(value)).concat(String(support)).forEach((text, at) => setText(scores[row][at], text)));
    const all = counts.reduce((sum, count) => sum + count, 0);
    const right = counts.reduce((sum, count, at) => sum + (at % (classes + 1) ? 0 : count), 0);
    const known = scored.filter(({ support }) => support).map(({ f1 }) => f1);
    setText(figures[0], format.percent(right / all));
    setText(figures[1], format.percent(known.reduce((sum, value) => sum + value, 0) / known.length));
  }

  function showValues() {
    const now = store.history.get(store.selected)?.now;
    if (!now) return;
    const errors = single() ? JSON.parse(answer().about.errors) : null;
    const { values } = store.data;
    const parts = partsNow();
    for (const { index, cells: row } of figures) {
      const own = Array.from(values).filter((_, at) => parts[at] === index);
      const middle = own.reduce((sum, value) => sum + value, 0) / own.length;
      const deviation = Math.sqrt(own.reduce((sum, value) => sum + (value - middle) ** 2, 0) / own.length);
      const { key } = PARTS[index];
      const [error, r2] = errors ? [errors[key][0], 1 - (errors[key][0] / deviation) ** 2] : [now[`${key}_error`] ?? NaN, now[`${key}_r2`] ?? NaN];
      [format.loss(error), format.loss(deviation), format.fit(r2)].forEach((text, at) => setText(row[at], text));
    }
  }

  store.on("bayes", () => ask());
  // A place among the points is another point's now.
  store.on("data", () => {
    if (pointed?.index !== undefined) pointed = null;
    if (kept?.index !== undefined) kept = null;
    if (shown()) point();
  });

  return {
    name: "results",
    element: root,
    diverged: true,
    // Of a network that has diverged there is nothing more to come.
    views: () => (store.diverged.has(store.selected) ? [] : [{ id: "results", best: reading.best() }]),
    show() {
      job.now();
      further[store.playing && !more.hidden ? "mark" : "now"]();
    },
    words() {
      for (const section of [reading, calibration, mistakes]) section.words();
    },
    draw: () => job.mark(),
    /** Nothing is pointed out while this is not on screen. */
    leave() {
      pointed = kept = null;
      for (const one of cells) one.button.setAttribute("aria-pressed", "false");
      mistakes.press(null);
      if (store.pointed) store.pointOut(null);
    },
  };
}
