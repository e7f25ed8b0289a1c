// What the errors on the parts say (METHODS §8): how much is avoidable bias, variance, data mismatch
// or overfitting the validation part, and what the notes advise. Gaps and what matters come from the
// server; here they are worded. Where nobody knows how well one could do, one may say so oneself.

import { h, refuse, setText, uniqueId } from "./dom.js";
import { loss, percent, withUnit } from "./format.js";
import { t } from "./i18n.js";

const PARTS = ["best", "train", "train_dev", "validation", "test"];

export function createReading({ store, ask }) {
  const title = h("h3", {});
  const body = h("tbody", {});
  const says = h("div", { class: "reading-says" });
  const field = h("input", { type: "number", min: "0", step: "any", class: "point-field figure" });
  const asked = h("label", { class: "point-box" }, h("span", {}), field, h("span", {}, "%"));
  const fault = h("p", { class: "error", id: uniqueId("reading"), role: "alert", hidden: true });
  field.setAttribute("aria-describedby", fault.id);
  const root = h("section", { class: "results-section reading" }, title, h("table", { class: "scores" }, body), asked, fault, says);
  let typed = null;
  let shown = "";

  field.addEventListener("change", () => {
    const value = Number(field.value);
    const values = store.data?.classes === 0;
    // What is no number arrives as "", but not for nothing.
    const legal = !field.validity.badInput && value >= 0 && (values || value <= 100);
    refuse(field, fault, legal ? "" : values ? t("reading.not_negative") : t("help.range", { minimum: 0, maximum: withUnit(1, "%") }));
    if (!legal) return;
    typed = field.value === "" ? null : values ? value : value / 100;
    ask();
  });

  /** What someone knows who knows the distribution, or null. */
  function known() {
    const { bayes, data, experiment } = store;
    if (!bayes || !data) return null;
    if (data.classes) return bayes.error;
    return Object.keys(bayes.losses).length ? experiment.data.noise : null;
  }

  return {
    element: root,
    words() {
      setText(title, t("reading.heading"));
      setText(asked.firstChild, t("reading.asked"));
      asked.title = t("reading.asked_help");
      shown = "";
    },
    /** The smallest error that is possible, as far as anyone knows; -1 otherwise. */
    best: () => known() ?? typed ?? -1,
    /** @param {import("./frames.js").Message} message */
    show({ about }) {
      const values = store.data.classes === 0;
      const write = values ? loss : (value) => percent(value);
      const gaps = JSON.parse(about.gaps);
      const errors = Object.fromEntries(Object.entries(JSON.parse(about.errors)).map(([name, [value]]) => [name, value]));
      const bias = gaps.find(({ kind }) => kind === "avoidable_bias");
      if (bias) errors.best = errors.train - bias.size;
      asked.hidden = known() !== null || !store.bayes;
      asked.lastChild.hidden = values;
      const key = `${about.gaps} ${about.errors} ${title.textContent} ${bias ? "" : store.bayes}`;
      if (key === shown) return;
      shown = key;
      const most = Math.max(1e-9, ...Object.values(errors));
      body.replaceChildren(...PARTS.filter((name) => name in errors).map((name) => {
        const gap = gaps.find(({ after }) => after === name);
        const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("i", {}));
        bar.firstChild.style.setProperty("transform", `scaleX(${(errors[name] / most).toFixed(3)})`);
        const size = gap && `${gap.size < 0 ? "−" : "+"}${write(Math.abs(gap.size))}`;
        return h("tr", { "data-part": name, class: gap?.matters ? "matters" : null }, h("th", { scope: "row" }, t(`reading.${name}`)), h("td", { class: "figure" }, write(errors[name])), h("td", { class: "reading-bar" }, bar), h("td", { class: "figure" }, size ?? ""), h("td", { class: "reading-kind" }, gap ? t(`reading.${gap.kind}`) : ""));
      }));
      const matter = gaps.filter(({ matters }) => matters);
      const sentences = matter.map(({ kind, before, after }) => h("p", { "data-kind": kind }, h("strong", {}, t("reading.lead", { kind: t(`reading.${kind}`) })), " ", t(`reading.${kind}_says`, { before: write(errors[before]), after: write(errors[after]), part: t(`reading.of_${after}`) }), " ", h("span", { class: "muted" }, t(`reading.${kind}_helps`))));
      const kinds = matter.map(({ kind }) => kind);
      says.replaceChildren(...sentences,
        ...(kinds.includes("avoidable_bias") && kinds.includes("variance") ? [h("p", {}, t("reading.both"))] : []),
        ...(matter.length ? [] : [h("p", {}, t(bias ? "reading.fine" : "reading.no_gap"))]),
        ...(bias ? [] : [h("p", { class: "muted" }, t(store.bayes ? "reading.unknown" : "reading.asking"))]));
    },
  };
}
