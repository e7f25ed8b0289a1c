// One point on its way through the network and back, step by step: a tab of the look inside. The
// point is one of the training points or any place, chosen in the picture, by buttons or by typing;
// every step is explained in equations with the numbers of now, also while the network trains.

import { number, namesOf } from "./anatomy.js";
import { h, icon, refuse, segment, setText, uniqueId } from "./dom.js";
import { plain } from "./format.js";
import { t } from "./i18n.js";
import { crowded, inFull, marksOf } from "./outputs.js";
import { valueColor } from "./palette.js";
import { drawMarker, fit, HEIGHT, PARTS } from "./points.js";
import { explainStep, fourEquations, stepMark, stepName, stepsOf } from "./point-steps.js";
import { walk } from "./walk.js";

/** ms that a step stays in slow motion. */
const PACE = 2600;
/** Units of a layer that are listed one by one. */
const LISTED = 6;
/** Legal coordinates and values, see app/views/point.py. */
const REACH = 24;
const WORST = 1e6;

/** @type {import("./inside.js").Maker} */
export function createPoint({ store, loop, shown: onScreen, words, ask }) {
  /** The point that is followed. `index` is its place among the points, or null. @type {{x1: number, x2: number, truth: number, index: number|null}|null} */
  let place = null;
  /** @type {import("./walk.js").Walk|null} */
  let body = null;
  /** @type {import("./point-steps.js").Step[]} */
  let steps = [];
  let at = 0;
  let units = [];
  let built = "";
  let timer = 0;
  let shown = { figures: null, columns: [] };

  // ---- which point ----

  const back = h("button", { type: "button", class: "mini", onclick: () => along(-1) }, "‹");
  const on = h("button", { type: "button", class: "mini", onclick: () => along(1) }, "›");
  const which = h("span", { class: "point-which" });
  const field = (reach) => h("input", { type: "number", class: "point-field figure", step: "0.1", min: String(-reach), max: String(reach) });
  const fields = { x1: field(REACH), x2: field(REACH), truth: field(WORST) };
  const boxes = Object.fromEntries(Object.entries(fields).map(([key, input]) => [key, h("label", { class: "point-box" }, h("span", {}), input)]));
  const labels = h("div", { class: "scope point-labels", role: "radiogroup" });
  const hint = h("p", { class: "muted point-hint" });
  const fault = h("p", { class: "error", id: uniqueId("point"), role: "alert", hidden: true });
  const chooser = h("div", { class: "point-place" }, h("div", { class: "point-stepper" }, back, which, on), boxes.x1, boxes.x2, boxes.truth, labels, fault, hint);
  for (const [key, input] of Object.entries(fields)) {
    input.setAttribute("aria-describedby", fault.id);
    input.addEventListener("change", () => {
      const value = Number(input.value);
      const reach = Number(input.max);
      const legal = input.value !== "" && Math.abs(value) <= reach;
      refuse(input, fault, legal ? "" : t("help.range", { minimum: plain(-reach), maximum: plain(reach) }));
      if (legal && value !== place?.[key]) follow({ ...place, [key]: value, index: null });
    });
  }

  /** The points that are in a part for the network, in their order. */
  const pointsIn = (part) => [...store.partsOf(store.selectedIndex, store.seed).entries()].filter(([, own]) => own === part).map(([index]) => index);
  const training = () => pointsIn(0);

  function pointAt(index) {
    const { points: where, labels: classes, values } = store.data;
    return { x1: where[2 * index], x2: where[2 * index + 1], truth: values ? values[index] : classes[index], index };
  }

  function along(way) {
    const list = training();
    const from = list.indexOf(place.index);
    follow(pointAt(list[from < 0 ? 0 : (from + way + list.length) % list.length]));
  }

  function follow(next) {
    place = next;
    showPlace();
    ask();
    if (onScreen()) store.mark(place);
    job.now();
  }

  /** The points are others than they were. */
  function checkPlace() {
    const { data } = store;
    if (!data.count) return;
    const [start] = training();
    if (!place) place = pointAt(start ?? 0);
    else if (place.index !== null) {
      const same = place.index < data.count && pointAt(place.index);
      place = same && same.x1 === place.x1 && same.x2 === place.x2 ? same : pointAt(start ?? 0);
    } else if (data.classes) place = { ...place, truth: Math.min(Math.max(0, Math.round(place.truth)), data.classes - 1) };
    showPlace();
    ask();
    if (onScreen()) store.mark(place);
  }

  /** Whether a message is about the point that is followed, not one before it. */
  const answers = ({ run, about }) => run === store.run && Number(about.x1) === place.x1 && Number(about.x2) === place.x2 && Number(about.label) === place.truth;

  function pick({ x, y, near }) {
    const { data } = store;
    const flat = data.dimensions === 1;
    let nearest = null;
    let least = near;
    for (let index = 0; index < data.count; index++) {
      if (data.part[index] === 1 && !store.view.testData) continue;
      const distance = Math.hypot(data.points[2 * index] - x, (flat ? HEIGHT * data.values[index] : data.points[2 * index + 1]) - y);
      if (distance < least) [nearest, least] = [index, distance];
    }
    const rounded = (value) => Math.round(value * 100) / 100;
    if (nearest !== null) follow(pointAt(nearest));
    else follow({ x1: rounded(x), x2: flat ? 0 : rounded(y), truth: flat ? rounded(y / HEIGHT) : (place?.truth ?? 0), index: null });
  }

  function showPlace() {
    const { data } = store;
    if (!data || !place) return;
    root.dataset.at = `${place.x1} ${place.x2} ${place.truth}`;
    const part = store.partsOf(store.selectedIndex, store.seed)[place.index];
    const list = pointsIn(part);
    setText(which, place.index === null ? t("point.any") : t(`point.${PARTS[part].key}`, { number: list.indexOf(place.index) + 1, count: list.length }));
    for (const [key, input] of Object.entries(fields)) {
      const text = String(Number(place[key].toFixed(3)));
      if (document.activeElement !== input && input.value !== text) input.value = text;
      if (input.hasAttribute("aria-invalid") && Number(input.value) === Number(text)) refuse(input, fault, "");
    }
    boxes.x2.hidden = data.dimensions === 1;
    boxes.truth.hidden = data.classes > 0;
    labels.hidden = !data.classes;
    const key = String(data.classes);
    if (labels.dataset.key !== key) {
      labels.dataset.key = key;
      labels.setAttribute("aria-label", t("point.label"));
      labels.replaceChildren(...[...Array(data.classes).keys()].map((index) => {
        const name = t("legend.class", { number: index + 1 });
        const mark = h("canvas", { class: "mark", "aria-hidden": "true" });
        const content = [mark, h("span", {}, String(index + 1)), h("span", { class: "visually-hidden" }, name)];
        const label = segment("point-label", false, content, () => follow({ ...place, truth: index, index: null }), { value: String(index) });
        label.title = name;
        return label;
      }));
      paintMarks();
    }
    for (const input of labels.querySelectorAll("input")) input.checked = Number(input.value) === place.truth;
  }

  const paintMarks = () => labels.querySelectorAll("canvas").forEach((canvas, index) => drawMarker(fit(canvas, 18), index, 9, 9, 5, "full"));

  // ---- which step ----

  const previous = h("button", { type: "button", class: "button", onclick: () => go(at - 1) });
  const slow = h("button", { type: "button", class: "button point-slow", onclick: () => (timer ? still() : run()) });
  const next = h("button", { type: "button", class: "button", onclick: () => go(at + 1) });
  const where = h("p", { class: "point-where", "aria-live": "polite" });
  const strip = h("div", { class: "point-strip", role: "group" });
  strip.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    go(at + way);
    strip.children[at].focus();
  });

  function go(to, unit = null) {
    if (!steps.length) return;
    at = Math.max(0, Math.min(steps.length - 1, to));
    if (unit !== null) units[steps[at].column] = unit;
    if (at === steps.length - 1) still();
    explain();
    const button = strip.children[at];
    strip.scrollTo({ left: button.offsetLeft - strip.clientWidth / 2 + button.offsetWidth / 2 });
  }

  function run() {
    if (at === steps.length - 1) go(0);
    timer = setInterval(() => store.seen("point") && go(at + 1), PACE);
    nameSlow();
  }

  function still() {
    clearInterval(timer);
    timer = 0;
    nameSlow();
  }

  function nameSlow() {
    slow.replaceChildren(icon(timer ? "i-pause" : "i-play"), h("span", {}, t(timer ? "point.stop" : "point.slow")));
    slow.setAttribute("aria-pressed", String(timer > 0));
  }

  // ---- what is shown ----

  const columns = h("div", { class: "walk", tabindex: "0", role: "region" });
  const title = h("h3", {});
  const unitBack = h("button", { type: "button", class: "mini", onclick: () => turnUnit(-1) }, "‹");
  const unitOn = h("button", { type: "button", class: "mini", onclick: () => turnUnit(1) }, "›");
  const unitName = h("span", { class: "point-unit figure" });
  const stepper = h("span", { class: "point-stepper" }, unitBack, unitName, unitOn);
  const says = h("div", { class: "point-says", tabindex: "0", role: "region" });
  const card = h("section", { class: "point-card" }, h("header", { class: "point-card-head" }, title, stepper), says);
  const four = h("ol", { class: "point-four" });
  const fourTitle = h("p", { class: "muted" });
  const root = h("div", { class: "point-view" }, chooser, h("div", { class: "point-bar" }, previous, slow, next, where), strip,
    h("div", { class: "point-body" }, columns, card, h("div", { class: "point-equations" }, fourTitle, four)));

  /** Whether a step is about one unit, not about all of a layer. */
  const ofUnit = ({ kind }) => !["inputs", "loss", "error"].includes(kind);
  const unitOf = (column) => Math.min(units[column] ?? 0, body.sizes[column] - 1);

  function turnUnit(way) {
    if (!body) return;
    const { column } = steps[at];
    const size = body.sizes[column];
    units[column] = (unitOf(column) + way + size) % size;
    explain();
  }

  function names() {
    return namesOf(store, { layers: [{ size: body.outputs }] });
  }

  const entry = (family, id) => store.boot.catalog[family].find((each) => each.id === id);
  /** What a hidden layer's activation is in the catalog. */
  const activation = (layer) => entry("activations", store.experiment.panels[store.selectedIndex].hidden[layer]?.activation.id) ?? {};

  /** The columns of units, listed anew where a wide layer shows another part of itself. */
  function layOut() {
    const { whole, outputs } = names();
    const focused = shown.columns.flatMap(({ cells }, column) => cells.filter(({ button }) => button === document.activeElement).map(({ unit }) => ({ column, unit })))[0];
    shown.columns = body.sizes.map((size, column) => {
      const chosen = unitOf(column);
      const few = size <= LISTED + 1;
      const from = few ? 0 : Math.max(0, Math.min(size - LISTED, chosen - Math.floor(LISTED / 2)));
      const listed = Array.from({ length: few ? size : LISTED }, (_, place) => from + place);
      const last = column === body.count;
      const cells = listed.map((unit) => {
        const name = column === 0 ? whole[unit] ?? t("inside.input", { number: unit + 1 }) : last ? inFull(outputs[unit]) : t("inside.unit_of", { layer: column, number: unit + 1 });
        const off = body.off(column, unit);
        const label = off ? t("inside.label_off", { name }) : name;
        const a = h("span", { class: "walk-a figure" });
        const dz = h("span", { class: "walk-dz figure" });
        const button = h("button", { type: "button", class: `walk-unit${off ? " off" : ""}`, "data-unit": String(unit), title: label, onclick: () => reach(column, unit) },
          h("span", { class: "visually-hidden" }, `${label}: `), h("span", { class: "walk-name muted", "aria-hidden": "true" }, column === 0 ? name : !last ? String(unit + 1) : outputs[unit].meaning ? [outputs[unit].tag, marksOf(outputs[unit])] : outputs[unit].name), a, column ? dz : null);
        return { unit, off, button, a, dz };
      });
      const hidden = size - listed.length;
      return {
        cells,
        element: h("div", { class: `walk-column${last && crowded(outputs) ? " crowded" : ""}`, role: "group", "aria-label": column === 0 ? t("inside.inputs") : last ? t("inside.outputs") : t("charts.layer", { number: column }) },
          h("p", { class: "walk-head" }, column === 0 ? t("inside.inputs") : last ? t("inside.outputs") : t("charts.layer", { number: column })),
          cells.map(({ button }) => button), hidden > 0 && h("p", { class: "muted walk-more" }, t("point.more", { count: hidden }))),
      };
    });
    const loss = h("span", { class: "walk-a figure" });
    shown.loss = { loss, element: h("div", { class: "walk-column walk-loss", role: "group", "aria-label": t("numbers.loss") }, h("p", { class: "walk-head" }, t("numbers.loss")), h("div", { class: "walk-unit" }, loss)) };
    columns.replaceChildren(...shown.columns.map(({ element }) => element), shown.loss.element);
    shown.columns[focused?.column]?.cells.find(({ unit }) => unit === focused.unit)?.button.focus();
  }

  /** Choosing a unit leads to the step that explains it, on the way there or on the way back. */
  function reach(column, unit) {
    const { back: returning } = steps[at];
    const kinds = returning && column ? ["error", "back"] : ["inputs", "forward"];
    const found = steps.findIndex((step) => step.column === column && kinds.includes(step.kind));
    still();
    go(found < 0 ? at : found, unit);
  }

  /** The step anew: its equations, and what is marked. */
  function explain() {
    const message = store.seen("point");
    if (!body || !message) return;
    const step = steps[at];
    layOut();
    const unit = unitOf(step.column);
    const { whole } = names();
    const { elements, figures } = explainStep(step, unit, {
      body: () => body, names: whole, width: says.clientWidth - 24, lossEntry: entry("losses", message.about.loss), activation,
    });
    shown.figures = figures;
    says.replaceChildren(...elements);
    says.scrollTop = 0;
    setText(title, stepName(step, { body, activation }));
    stepper.hidden = !ofUnit(step) || body.sizes[step.column] < 2;
    setText(unitName, t("point.unit", { number: unit + 1, count: body.sizes[step.column] }));
    setText(where, t("point.where", { number: at + 1, count: steps.length }));
    previous.disabled = at === 0;
    next.disabled = at === steps.length - 1;
    [...strip.children].forEach((button, place) => {
      if (place === at) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
      button.classList.toggle("past", place < at);
    });
    const column = step.kind === "loss" ? shown.loss.element : shown.columns[step.column].element;
    columns.scrollTo({ left: column.offsetLeft - columns.clientWidth / 2 + column.offsetWidth / 2 });
    [...four.children].forEach((item, place) => item.classList.toggle("now", fours[place].kinds.includes(step.kind)));
    fill();
  }

  const fours = fourEquations();

  /** All numbers anew. */
  function fill() {
    const step = steps[at];
    shown.figures.fill();
    shown.columns.forEach(({ cells, element }, column) => {
      // What is switched off hands on 0, whatever its activation says.
      const values = cells.map(({ unit, off }) => (off ? 0 : column ? body.a(column - 1, unit) : body.inputs[unit]));
      const most = Math.max(1e-9, ...values.map(Math.abs));
      const there = at >= column; // a layer's values are there from its own step on
      const slopes = column && steps.slice(0, at + 1).some(({ kind, column: which }) => which === column && (kind === "error" || kind === "back"));
      element.classList.toggle("reached", there);
      element.classList.toggle("now", step.column === column && step.kind !== "loss");
      element.classList.toggle("feeding", step.kind === "forward" ? step.layer === column : step.kind === "back" ? step.layer + 2 === column : step.kind === "change" && step.layer === column);
      cells.forEach(({ unit, off, button, a, dz }, place) => {
        setText(a, off ? "⊘ 0" : number(values[place]));
        if (column) setText(dz, slopes ? `dz ${number(body.rowsOf(column - 1, unit).reduce((sum, row) => sum + body.dz(column - 1, row), 0))}` : "");
        button.style.setProperty("--tone", valueColor(Math.sign(values[place])));
        button.style.setProperty("--strength", `${Math.round((34 * Math.abs(values[place])) / most)}%`);
        button.setAttribute("aria-pressed", String(ofUnit(step) && step.column === column && unit === unitOf(column)));
      });
    });
    const reached = at > body.count;
    shown.loss.element.classList.toggle("reached", reached);
    shown.loss.element.classList.toggle("now", step.kind === "loss");
    setText(shown.loss.loss, number(body.loss));
  }

  const job = loop.job(() => {
    const message = store.seen("point");
    if (!message || !store.data) {
      built = ""; // what comes next may be of another network
      body = null;
      return;
    }
    // The numbers of another point are not shown as this one's.
    root.setAttribute("aria-busy", String(!answers(message)));
    if (!answers(message)) return;
    body = walk(message);
    const key = `${body.key} ${words()} ${JSON.stringify(store.experiment.panels[store.selectedIndex].hidden)}`;
    if (built !== key) {
      built = key;
      const kept = steps[at];
      steps = stepsOf(body);
      const found = steps.findIndex(({ kind, layer }) => kind === kept?.kind && layer === kept.layer);
      at = Math.max(0, found);
      strip.replaceChildren(...steps.map((step, place) => {
        const name = stepName(step, { body, activation });
        return h("button", { type: "button", class: `point-step${step.back ? " back" : ""}`, title: name, "aria-label": name, onclick: () => {
          still();
          go(place);
        } }, stepMark(step));
      }));
      explain();
    } else fill();
    root.dataset.shown = `${Number(message.about.x1)} ${Number(message.about.x2)} ${Number(message.about.label)} ${message.about.epoch}`;
  }, () => (store.playing ? 200 : 0));

  store.on("data", checkPlace);
  store.on("follow", (index) => follow(pointAt(index)));
  store.on("pick", (detail) => onScreen() && pick(detail));
  new ResizeObserver(() => {
    if (onScreen()) explain();
  }).observe(root);

  return {
    name: "point",
    element: root,
    views: () => (place ? [{ id: "point", x1: place.x1, x2: place.x2, truth: place.truth }] : []),
    show() {
      showPlace(); // which part it is in is the network's matter
      if (place && store.place !== place) store.mark(place);
      job[store.playing && built ? "mark" : "now"]();
    },
    leave() {
      still();
      store.mark(null);
    },
    words() {
      const name = (button, key) => {
        button.title = t(key);
        button.setAttribute("aria-label", t(key));
      };
      name(back, "point.point_back");
      name(on, "point.point_on");
      name(unitBack, "inside.previous");
      name(unitOn, "inside.next");
      for (const [key, text] of Object.entries({ x1: "x₁", x2: "x₂", truth: t("point.value") })) setText(boxes[key].firstChild, text);
      setText(hint, t("point.hint"));
      setText(previous, t("point.previous"));
      setText(next, t("point.next"));
      strip.setAttribute("aria-label", t("point.steps"));
      columns.setAttribute("aria-label", t("point.values"));
      says.setAttribute("aria-label", t("point.explained"));
      setText(fourTitle, t("point.four"));
      four.replaceChildren(...fours.map(({ element }) => h("li", {}, element)));
      nameSlow();
      built = "";
      labels.dataset.key = "";
      showPlace();
    },
    theme() {
      built = "";
      paintMarks();
    },
  };
}
