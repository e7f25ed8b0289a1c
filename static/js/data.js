// The left column: the data all panels share, and the legend of the marks in the pictures. The
// legend is made from the data that are there, with how many points each class and part has.

import { h } from "./dom.js";
import { createForm } from "./form.js";
import { t } from "./i18n.js";
import { drawMarker, fit } from "./points.js";
import { ink } from "./palette.js";

export function createData(store, commands) {
  const root = document.getElementById("data-form");
  const legend = document.getElementById("legend");
  let form = null;

  function build() {
    const { form: descriptors, catalog, plane } = store.boot;
    const keep = h("input", { type: "checkbox", role: "switch", checked: store.view.keep, "aria-describedby": "keep-help" });
    keep.addEventListener("change", () => store.look({ keep: keep.checked }));
    const fields = h("div", {});
    root.replaceChildren(fields,
      h("label", { class: "switch" }, keep, h("span", {}, t("data.keep"))), h("p", { class: "sentence", id: "keep-help" }, t("data.keep_help")));
    form = createForm(fields, { descriptors: descriptors.data, groups: {}, context: { catalog, plane }, send: commands.setData });
  }

  /** A small picture of one mark. */
  function mark(draw) {
    const canvas = h("canvas", { class: "mark", "aria-hidden": "true" });
    draw(fit(canvas, 18));
    return canvas;
  }

  function drawLegend() {
    if (!store.data) return;
    const { labels, part, classes, count } = store.data;
    const parts = [0, 0];
    const perClass = Array(classes).fill(0);
    for (let index = 0; index < count; index++) {
      parts[part[index]]++;
      perClass[labels[index]]++;
    }
    const row = (picture, name, number) => h("li", {}, picture, h("span", {}, name), number === null ? null : h("span", { class: "figure count" }, String(number)));
    legend.replaceChildren(
      h("h3", {}, t("legend.heading")),
      h("ul", { class: "legend" },
        perClass.map((number, index) => row(mark((context) => drawMarker(context, index, 9, 9, 5, false)), t("legend.class", { number: index + 1 }), number)),
        row(mark((context) => drawMarker(context, 0, 9, 9, 5, false)), t("legend.train"), parts[0]),
        row(mark((context) => drawMarker(context, 0, 9, 9, 4.5, true)), t("legend.test"), parts[1]),
        row(mark((context) => {
          drawMarker(context, 0, 9, 9, 3.5, false);
          context.strokeStyle = ink().ring;
          context.lineWidth = 1.3;
          context.beginPath();
          context.arc(9, 9, 7, 0, 2 * Math.PI);
          context.stroke();
        }), t("legend.wrong"), null)));
  }

  const update = () => form && store.experiment && form.update(store.experiment.data);
  store.on("boot", () => {
    build();
    update();
    drawLegend();
  });
  store.on("state", update);
  store.on("data", drawLegend);
  store.on("theme", drawLegend);
  return {
    fail: (path, text) => form.fail(path, text),
    clear: () => form.clear(),
    find: (name) => store.boot.form.data.find((descriptor) => descriptor.name === name),
  };
}
