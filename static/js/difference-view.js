// Two panels held against each other, a tab of the look inside: where over the plane they do not say
// the same, the points on which they disagree (ringed here and in the panel's picture, and listed),
// and a table of the settings and results in which they differ.

import { drawBoundary } from "./boundary.js";
import { h, segment, setText } from "./dom.js";
import * as format from "./format.js";
import { slice } from "./frames.js";
import { drawCurve, drawGround } from "./graph.js";
import { currentLanguage, t } from "./i18n.js";
import { LETTERS, panelColor, theme } from "./palette.js";
import { PARTS, drawPoints, fit, pointOut } from "./points.js";
import { contrasts } from "./titles.js";

/** Points that are listed; all are ringed. */
const LISTED = 60;
/** Results by column of the history: part, heading, writing. */
const RESULTS = [
  ["loss", "numbers.loss", format.loss], ["accuracy", "numbers.accuracy", format.percent], ["r2", "numbers.r2", format.fit], ["error", "numbers.error", format.loss]];
const ROWS = ["test", "validation", "train_dev", "train"];

/** @type {import("./inside.js").Maker} */
export function createDifference({ store, loop, ask }) {
  /** Id of the panel to compare with; as long as nobody has chosen, the first other one. */
  let chosen = null;
  let built = "";
  let told = "";
  /** Places in the list of points that are looked at. */
  let pointed = null;

  const alone = h("p", { class: "difference-alone muted" });
  const choice = h("div", { class: "scope difference-choice", role: "radiogroup" });
  const cells = h("canvas", { class: "boundary" });
  const overlay = h("canvas", { class: "difference-marks" });
  const picture = h("div", { class: "difference-picture", role: "img" }, cells, overlay);
  const key = h("p", { class: "difference-key" });
  const summary = h("p", { class: "difference-summary" });
  const list = h("div", { class: "difference-points", tabindex: "0", role: "region" });
  const settings = h("table", { class: "difference-table" });
  const results = h("table", { class: "difference-table" });
  const content = h("div", { class: "difference-content" },
    h("div", { class: "difference-left" }, choice, picture, key),
    h("div", { class: "difference-right" }, summary, list, settings, results));
  const root = h("div", { class: "difference-view" }, alone, content);

  const signed = (value) => format.figure(value).replace("-", "−");
  const others = () => store.panels.filter(({ id }) => id !== store.selected);
  const other = () => others().find(({ id }) => id === chosen) ?? others()[0] ?? null;
  const places = () => [store.selectedIndex, store.panels.indexOf(other())];

  /** The newest message about these two, or null. */
  function newest() {
    const message = store.seen("difference");
    return message && Number(message.about.other) === other()?.id ? message : null;
  }

  const letterMark = (place) => {
    const mark = h("span", { class: "letter" }, LETTERS[place]);
    mark.style.setProperty("--panel", panelColor(place));
    return mark;
  };

  /** What depends on which panels there are, and on the language. */
  function build() {
    const panels = others();
    const [own, theirs] = places();
    const which = `${currentLanguage()} ${theme()} ${store.panels.map(({ id }) => id)} ${own} ${theirs}`;
    alone.hidden = panels.length > 0;
    content.hidden = !panels.length;
    setText(alone, t("difference.alone"));
    if (built === which || !panels.length) return;
    built = which;
    told = "";
    choice.hidden = panels.length < 2;
    choice.setAttribute("aria-label", t("difference.with"));
    choice.replaceChildren(h("span", { class: "difference-with muted" }, t("difference.with")), ...panels.map((panel) => {
      const place = store.panels.indexOf(panel);
      return segment("difference-other", place === theirs, letterMark(place), () => {
        chosen = panel.id;
        ask();
        show();
      }, { "aria-label": t("difference.panel", { letter: LETTERS[place] }) });
    }));
    list.setAttribute("aria-label", t("difference.points"));
  }

  function drawMap(message) {
    const { map, disagree } = message.tensors;
    const side = map.shape[0];
    const { classes } = store.data;
    const curves = store.frame?.tensors.curve;
    if (curves) drawGround(cells);
    else if (classes <= 2) drawBoundary(cells, map.data, side, 0, false);
    else drawStrength(map.data, side);
    const size = picture.clientWidth;
    if (!size) return;
    const options = { size, plane: store.boot.plane, showTest: store.view.testData };
    const context = drawPoints(overlay, store.data, options);
    if (curves) drawCurves(context, places().map((place) => slice(curves, place)), options);
    else outline(context, disagree.data, side, size / side);
    const points = [...message.tensors.points.data];
    pointOut(context, store.data, points.filter((index) => options.showTest || store.data.part[index] !== 1), options);
  }

  /** Over one dimension: both graphs, and what is between them. */
  function drawCurves(context, [own, theirs], options) {
    const [mine, other] = places().map(panelColor);
    const ends = [Math.min, Math.max].map((end) => own.map((value, at) => end(value, theirs[at])));
    drawCurve(context, theirs, { ...options, color: other }, ends);
    drawCurve(context, own, { ...options, color: mine });
  }

  /** Of more than two classes a difference has a size, but no direction: from nothing to the colour of text. */
  function drawStrength(values, side) {
    cells.width = cells.height = side;
    const context = cells.getContext("2d");
    const image = context.createImageData(side, side);
    const tone = theme() === "dark" ? 0xffffff : 0;
    new Uint32Array(image.data.buffer).set(Array.from(values, (value) => ((Math.max(0, value / 127.5 - 1) * 170) << 24) | tone));
    context.putImageData(image, 0, 0);
  }

  /** A line around the places where the predicted classes differ. */
  function outline(context, disagree, side, step) {
    const path = new Path2D();
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const at = row * side + column;
        if (column && disagree[at] !== disagree[at - 1]) {
          path.moveTo(column * step, row * step);
          path.lineTo(column * step, (row + 1) * step);
        }
        if (row && disagree[at] !== disagree[at - side]) {
          path.moveTo(column * step, row * step);
          path.lineTo((column + 1) * step, row * step);
        }
      }
    }
    for (const [color, width] of theme() === "dark" ? [["#000", 3], ["#fff", 1.4]] : [["#fff", 3], ["#14171b", 1.4]]) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke(path);
    }
  }

  /** What the colours mean. */
  function explain(message) {
    const { classes } = store.data;
    const letters = { own: LETTERS[places()[0]], other: LETTERS[places()[1]] };
    const scale = format.figure(message.tensors.scale.data[0]);
    setText(key, t(store.frame?.tensors.curve ? "difference.key_graph" : classes > 2 ? "difference.key_classes" : classes ? "difference.key_two" : "difference.key_values", { ...letters, scale }));
  }

  function tell(message) {
    const { classes, part, count, labels, values, points: where } = store.data;
    const { points, own, theirs, own_sure: ownSure, their_sure: theirSure, disagree } = message.tensors;
    const [mine, other] = places();
    const letters = { own: LETTERS[mine], other: LETTERS[other] };
    const share = disagree.data.reduce((sum, each) => sum + each, 0) / disagree.data.length;
    const inPart = PARTS.map((_, at) => [...points.data].filter((index) => part[index] === at).length);
    const parts = PARTS.map(({ key }, at) => [key, at]).filter(([, at]) => part.includes(at)).map(([key, at]) => `${t(`numbers.${key}`)} ${inPart[at]}`).join(", ");
    setText(summary, classes ? t("difference.summary", { ...letters, points: points.data.length, count, parts, share: format.percent(share) })
      : t("difference.summary_values", { ...letters, value: format.figure(Math.max(0, ...own.data.map((value, at) => Math.abs(value - theirs.data[at])))) }));
    picture.setAttribute("aria-label", `${t("difference.picture", letters)} ${summary.textContent}`);
    const said = (value, sure) => (classes ? `${value + 1} (${format.percent(sure, 0)})` : signed(value));
    const rows = [...points.data].slice(0, LISTED).map((index, at) => [
      [0, 1].map((axis) => signed(Number(where[2 * index + axis].toFixed(2)))).join(", "), t(`numbers.${PARTS[part[index]].key}`),
      classes ? String(labels[index] + 1) : signed(values[index]), said(own.data[at], ownSure.data[at]), said(theirs.data[at], theirSure.data[at])]);
    const text = JSON.stringify([rows, currentLanguage(), letters]);
    list.hidden = !rows.length;
    if (text === told) return;
    told = text;
    pointed = null;
    list.replaceChildren(h("table", { class: "difference-table" },
      h("caption", {}, t(classes ? "difference.points" : "difference.furthest")),
      h("thead", {}, h("tr", {}, [t("difference.place"), t("numbers.part"), t(classes ? "difference.class" : "difference.value"), letterMark(mine), letterMark(other)].map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row, at) => h("tr", { tabindex: "-1", onpointerenter: () => look(at), onpointerleave: () => look(null) }, row.map((cell, column) => h(column ? "td" : "th", column ? { class: "figure" } : { scope: "row", class: "figure" }, cell)))))),
      points.data.length > LISTED ? h("p", { class: "muted" }, t("difference.more", { count: points.data.length - LISTED })) : null);
  }

  function look(at) {
    pointed = at;
    point();
  }

  /** The points in the panel's own picture: all, or the one whose row is looked at. */
  function point() {
    const message = newest();
    if (!message) return;
    const all = [...message.tensors.points.data];
    const points = pointed === null ? all : [all[pointed]];
    if (store.pointed?.panel === store.selected && store.pointed.points.join() === points.join()) return;
    store.pointOut({ panel: store.selected, points });
  }

  /** Settings and results in which the two differ. */
  function compare() {
    const [own, theirs] = places();
    if (theirs < 0) return;
    const head = (caption) => [h("caption", {}, t(caption)), h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, letterMark(own)), h("th", { scope: "col" }, letterMark(theirs))))];
    const found = contrasts(store.boot.form.network, [store.experiment.panels[own], store.experiment.panels[theirs]], store.boot.catalog);
    const sizes = ["units", "parameters"].map((name) => [t(`difference.${name}`), ...[own, theirs].map((place) => String(store.panels[place][name]))]).filter(([, one, two]) => one !== two);
    const rows = [...found.map(({ label, texts }) => [label, ...texts]), ...sizes];
    settings.replaceChildren(...head("difference.settings"), h("tbody", {}, rows.length ? rows.map(([label, ...texts]) => h("tr", {}, h("th", { scope: "row" }, label), texts.map((text) => h("td", {}, text))))
      : h("tr", {}, h("td", { colspan: "3", class: "muted" }, t("difference.same")))));
    const now = [own, theirs].map((place) => store.history.get(store.panels[place].id)?.now ?? {});
    const columns = RESULTS.flatMap(([name, heading, write]) => ROWS.map((row) => [`${row}_${name}`, `${t(heading)} · ${t(`numbers.${row}`)}`, write]));
    columns.push(["dead_ratio", t("numbers.dead"), (value) => format.percent(value, 0)]);
    results.replaceChildren(...head("difference.results"), h("tbody", {}, columns.filter(([column]) => now.some((row) => Number.isFinite(row[column]))).map(([column, label, write]) =>
      h("tr", { "data-column": column }, h("th", { scope: "row" }, label), now.map((row) => h("td", { class: "figure" }, write(row[column])))))));
  }

  const job = loop.job(show, () => (store.playing ? 250 : 0));
  const table = loop.job(compare, () => (store.playing ? 400 : 0));

  function show() {
    build();
    table.mark();
    if (store.diverged.has(other()?.id)) setText(summary, t("difference.diverged", { letter: LETTERS[places()[1]] }));
    const message = newest();
    if (!message || !store.data || store.diverged.has(other().id) || message.tensors.points.data.some((index) => index >= store.data.count)) return;
    drawMap(message);
    explain(message);
    tell(message);
    point();
  }

  new ResizeObserver(() => job.now()).observe(picture);
  return {
    name: "difference",
    element: root,
    views() {
      const place = places()[1];
      return place < 0 ? [] : [{ id: "difference", other: place }];
    },
    show: () => job[store.playing ? "mark" : "now"](),
    draw: () => table.mark(),
    words() {
      built = told = "";
    },
    theme() {
      built = told = "";
    },
    leave() {
      pointed = null;
      if (store.pointed) store.pointOut(null);
    },
  };
}
