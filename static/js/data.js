// The left column: the data all panels share, what is best possible on them, and the legend of the
// marks in the pictures. The legend is made from the data that are there, with how many points
// each class and part has; values have a colour scale instead of classes.

import { unknownBecause } from "./bayes.js";
import { h, setText } from "./dom.js";
import * as format from "./format.js";
import { createForm } from "./form.js";
import { t } from "./i18n.js";
import { PARTS, drawMarker, drawValue, fit } from "./points.js";
import { ink, panelColor, valueColor } from "./palette.js";

export function createData(store, commands) {
  const root = document.getElementById("data-form");
  const legend = document.getElementById("legend");
  const best = h("div", { class: "best" }, h("span", {}), h("span", { class: "figure" }));
  const marks = h("div", {});
  const unused = h("p", { class: "sentence unused" });
  let form = null;
  let redraws = [];
  /** How many seeds the legend is for. */
  let seeds = 1;
  legend.append(marks);

  function build() {
    const { form: descriptors, catalog, plane } = store.boot;
    redraws = [];
    const keep = h("input", { type: "checkbox", role: "switch", checked: store.view.keep, "aria-describedby": "keep-help" });
    keep.addEventListener("change", () => store.look({ keep: keep.checked }));
    const fields = h("div", {});
    root.replaceChildren(fields, unused,
      h("label", { class: "switch" }, keep, h("span", {}, t("data.keep"))), h("p", { class: "sentence", id: "keep-help" }, t("data.keep_help")));
    form = createForm(fields, { descriptors: descriptors.data, groups: {}, context: { catalog, plane, redraws }, send: commands.setData });
    // Below the dataset and above the noise, on which it depends.
    fields.querySelector("[data-family=datasets]").after(best);
  }

  /** A small picture of one mark. */
  function mark(draw) {
    const canvas = h("canvas", { class: "mark", "aria-hidden": "true" });
    draw(fit(canvas, 18));
    return canvas;
  }

  const row = (picture, name, number) => h("li", {}, picture, h("span", {}, name), number === null ? null : h("span", { class: "figure count" }, String(number)));

  /** From -1 over 0 to 1, in the colours of the points. */
  function colorScale() {
    const canvas = h("canvas", { class: "scale-bar", width: 65, height: 1, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    for (let at = 0; at < 65; at++) {
      context.fillStyle = valueColor(at / 32 - 1);
      context.fillRect(at, 0, 1, 1);
    }
    return h("div", { class: "scale", role: "img", "aria-label": t("legend.scale_label") }, canvas,
      h("div", { class: "scale-ends figure", "aria-hidden": "true" }, ["−1", "0", "+1"].map((text) => h("span", {}, text))));
  }

  function drawLegend() {
    if (!store.data) return;
    const { labels, part, classes, count, dimensions } = store.draft ?? store.data;
    const parts = PARTS.map(() => 0);
    const perClass = Array(classes).fill(0);
    for (let index = 0; index < count; index++) {
      parts[part[index]]++;
      if (classes) perClass[labels[index]]++;
    }
    const one = (context, size, fill) => (classes ? drawMarker(context, 0, 9, 9, size, fill) : drawValue(context, 0.8, 9, 9, size, fill));
    marks.replaceChildren(
      h("h3", {}, t(classes ? "legend.heading" : "legend.values")), classes ? "" : colorScale(),
      h("ul", { class: "legend" },
        perClass.map((number, index) => row(mark((context) => drawMarker(context, index, 9, 9, 5, false)), t("legend.class", { number: index + 1 }), number)),
        PARTS.map(({ key, fill }, index) => (parts[index] || index < 2 ? row(mark((context) => one(context, fill === "full" ? 5 : 4.5, fill)), t(`legend.${key}`), parts[index]) : null)),
        dimensions === 1 ? row(mark((context) => {
          context.strokeStyle = panelColor(0);
          context.lineWidth = 2.5;
          context.beginPath();
          context.moveTo(1, 12);
          context.bezierCurveTo(7, -4, 11, 22, 17, 6);
          context.stroke();
        }), t("legend.output"), null) : null,
        classes ? row(mark((context) => {
          drawMarker(context, 0, 9, 9, 3.5, false);
          context.strokeStyle = ink().ring;
          context.lineWidth = 1.3;
          context.beginPath();
          context.arc(9, 9, 7, 0, 2 * Math.PI);
          context.stroke();
        }), t("legend.wrong"), null) : null,
        seeds > 1 && dimensions > 1 ? row(h("span", { class: "mark hatched" }), t("legend.disagree"), null) : null));
  }

  function countSeeds() {
    if (seeds === store.seeds) return;
    seeds = store.seeds;
    drawLegend();
  }

  /** One line that is always there: what is best possible, or why that is not known. */
  function drawBest() {
    if (!store.experiment || !store.data) return;
    const { bayes, data, panels, selectedIndex } = store;
    const loss = bayes?.losses[panels[selectedIndex]?.loss];
    const known = bayes === null || (data.classes ? bayes.error !== null : Number.isFinite(loss));
    const [name, number] = best.children;
    const text = known ? t(data.classes ? "bayes.accuracy" : "bayes.loss") : t(unknownBecause(store));
    // While it is worked out, the figure of before stands there, pale.
    best.classList.toggle("pending", bayes === null);
    if (bayes !== null) setText(number, known ? (data.classes ? format.percent(1 - bayes.error) : format.loss(loss)) : "");
    else if (name.textContent !== text) setText(number, "…");
    setText(name, text);
    best.title = known ? t("bayes.help") : "";
  }

  /** Settings that mean nothing for this dataset are left out, and named in a line. */
  function leaveOut() {
    const names = store.dataset?.unused ?? [];
    for (const control of root.querySelectorAll(".group > .control")) control.hidden = names.includes(control.dataset.name);
    const left = store.boot.form.data.filter(({ name }) => names.includes(name)).map(({ label }) => label);
    setText(unused, left.length ? t("data.unused", { names: left.map(format.lowerFirst).join(t("data.unused_separator")) }) : "");
    unused.hidden = !left.length;
  }

  function update() {
    if (!form || !store.experiment) return;
    form.update(store.experiment.data);
    leaveOut();
    drawBest();
  }
  function draw() {
    drawLegend();
    drawBest();
  }
  store.on("boot", () => {
    build();
    update();
    draw();
  });
  store.on("state", countSeeds);
  store.on("state", update);
  store.on("select", drawBest);
  store.on("bayes", drawBest);
  store.on("data", draw);
  store.on("draft", drawLegend);
  store.on("theme", () => {
    redraws.forEach((redraw) => redraw());
    drawLegend();
  });
  return {
    fail: (path, text) => form.fail(path, text),
    clear: () => form.clear(),
    find: (name) => store.boot.form.data.find((descriptor) => descriptor.name === name),
  };
}
