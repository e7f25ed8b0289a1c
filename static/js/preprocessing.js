// What preprocessing does to the points: the first two inputs before and after, in two plots of one
// scale below the choice. The server works it out, a moment after the last change and only while
// the plots are on screen. Preprocessing that was fitted on test points too is a mistake, and the
// view says so.

import { post } from "./api.js";
import { h, setText } from "./dom.js";
import { currentLanguage, t } from "./i18n.js";
import { ink } from "./palette.js";
import { PARTS, drawMarker, drawValue, fit } from "./points.js";

const PAUSE = 120;
const ORDER = [1, 2, 3, 0];

/** A round number just above. */
const roundUp = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10].find((step) => step * power >= value * 0.999) * power;
};

export function createPreprocessing(store) {
  const plots = ["before", "after"].map((when) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const caption = h("figcaption", {});
    return { when, canvas, caption, element: h("figure", { class: "scatter" }, caption, canvas) };
  });
  const warning = h("p", { class: "leak-note", hidden: true });
  const pair = h("div", { class: "scatters", role: "img" }, plots.map(({ element }) => element));
  const element = h("div", { class: "before-after" }, pair, warning);
  let shown = null;
  let seen = false;
  let asked = "";
  let timer = 0;
  let asking = null;
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    update();
  }).observe(element);
  new ResizeObserver(() => draw()).observe(pair);

  /** The settings beside this one decide what comes out. */
  const group = () => {
    const { network } = store.boot.form;
    const own = network.find(({ family }) => family === "preprocessing");
    return network.filter((descriptor) => descriptor.group === own.group).map(({ name }) => name);
  };

  function place() {
    document.querySelector("#settings-form .control[data-family=preprocessing]")?.after(element);
  }

  function update() {
    if (!store.experiment || !element.isConnected) return;
    const panel = store.experiment.panels[store.selectedIndex];
    warn(panel);
    if (!seen) return;
    const question = JSON.stringify([store.experiment.data, group().map((name) => panel[name])]);
    if (question === asked) return;
    asked = question;
    clearTimeout(timer);
    asking?.abort();
    timer = setTimeout(ask, shown ? PAUSE : 0);
  }

  async function ask() {
    asking = new AbortController();
    const { signal } = asking;
    const { result } = await post(`api/preprocessing?lang=${currentLanguage()}`, { experiment: store.experiment, panel: store.selectedIndex }, signal);
    if (signal.aborted) return;
    if (!result) {
      asked = ""; // with the next state, or when it is in sight again
      return;
    }
    shown = result;
    draw();
  }

  function warn(panel) {
    element.classList.toggle("leak", panel.fit_on_all);
    warning.hidden = !panel.fit_on_all;
    setText(warning, t("preprocessing.leak"));
  }

  function draw() {
    if (!shown) return;
    const largest = Math.max(...[shown.before, shown.after].flatMap(({ points }) => points.flat()).map(Math.abs).filter(Number.isFinite), 0.1);
    const reach = roundUp(largest * 1.02);
    for (const { when, canvas, caption } of plots) {
      setText(caption, t(`preprocessing.${when}`));
      if (canvas.clientWidth) scatter(canvas, shown[when], reach);
    }
    pair.setAttribute("aria-label", t("preprocessing.summary", { names: shown.before.axes.join(", "), before: extent(shown.before), after: extent(shown.after) }));
  }

  /** How far each input reaches, in words. */
  function extent({ axes, points }) {
    return axes.map((axis, at) => {
      const values = points.map((point) => point[at]);
      return t("preprocessing.extent", { axis, low: Math.min(...values).toFixed(1), high: Math.max(...values).toFixed(1) });
    }).join(", ");
  }

  function scatter(canvas, { axes, points }, reach) {
    const size = canvas.clientWidth;
    const context = fit(canvas, size);
    const tones = ink();
    const flat = axes.length < 2;
    const at = (value) => ((value + reach) / (2 * reach)) * size;
    context.strokeStyle = tones.grid;
    context.beginPath();
    context.moveTo(0, Math.round(size / 2) + 0.5);
    context.lineTo(size, Math.round(size / 2) + 0.5);
    if (!flat) {
      context.moveTo(Math.round(size / 2) + 0.5, 0);
      context.lineTo(Math.round(size / 2) + 0.5, size);
    }
    context.stroke();
    const radius = points.length > 900 ? 1.3 : points.length > 250 ? 1.7 : 2.2;
    for (const part of ORDER) {
      points.forEach(([x, y = 0], index) => {
        if (shown.part[index] !== part) return;
        const { fill } = PARTS[part];
        if (store.data?.classes === 0) drawValue(context, shown.labels[index], at(x), size - at(y), radius, fill);
        else drawMarker(context, shown.labels[index], at(x), size - at(y), radius, fill);
      });
    }
    context.fillStyle = tones.axis;
    context.font = "10px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "bottom";
    context.fillText(axes[0], size - 2, size / 2 - 2);
    context.textBaseline = "top";
    context.fillText(String(reach), size - 2, size / 2 + 3);
    if (flat) return;
    context.textAlign = "left";
    context.fillText(axes[1], size / 2 + 4, 2);
    context.textAlign = "right";
    context.fillText(String(reach), size / 2 - 3, 2);
  }

  store.on("boot", () => {
    place();
    asked = "";
    update();
  });
  store.on("state", update);
  store.on("select", update);
  store.on("theme", draw);
}
