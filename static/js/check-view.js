// The gradient check of the running network: a tab of the look inside. It is asked for by a button,
// as it takes two passes a parameter; the answer stays until there is another.

import { namesOf } from "./anatomy.js";
import { h, setText } from "./dom.js";
import { lowerFirst } from "./format.js";
import { t } from "./i18n.js";
import { bracketed, d, equation, math, name, op, row } from "./mathml.js";

/** Ends of the logarithmic bar of errors, as powers of ten. */
const ENDS = [-12, 0];

const power = (value) => (value === 0 ? "0" : value.toExponential(1).replace(".0e", "e").replace("e+", "e").replaceAll("-", "−"));
const fine = (value) => (value === 0 ? "0" : value.toExponential(6).replace("e+", "e").replaceAll("-", "−"));
const place = (value) => (value > 0 ? Math.max(0, Math.min(1, (Math.log10(value) - ENDS[0]) / (ENDS[1] - ENDS[0]))) : 0);

/** @type {import("./inside.js").Maker} */
export function createCheck({ store, requests, words }) {
  const button = h("button", { type: "button", class: "button strong", onclick: () => requests.ask({ id: "gradient_check" }) });
  const status = h("p", { class: "check-status muted", role: "status" });
  const lead = h("p", { class: "check-lead" });
  const formulas = h("div", { class: "check-formulas" });
  const verdict = h("p", { class: "check-verdict", hidden: true });
  const table = h("table", { class: "check-table", role: "table", hidden: true });
  const notes = h("p", { class: "muted check-notes" });
  const scale = h("p", { class: "muted check-notes" });
  const root = h("div", { class: "check-view", tabindex: "0", role: "region" }, lead, formulas, h("div", { class: "check-bar" }, button, status), verdict, h("div", { class: "check-scroll" }, table), notes, scale);
  let shown = "";

  /** The answer about the network of now, if there is one. */
  function answer() {
    const message = store.seen("gradient_check");
    return message && message.run === store.run ? message : null;
  }

  /** What a parameter is called. */
  function called([kind, line, column], layer, names) {
    const spec = store.experiment.panels[store.selectedIndex];
    const last = layer === spec.hidden.length;
    const width = last ? Infinity : spec.hidden[layer].width;
    const unit = last ? names.outputs[line]?.name ?? String(line + 1) : t("inside.unit", { number: (line % width) + 1 });
    const piece = line >= width ? `${unit} (${t("inside.piece", { number: Math.floor(line / width) + 1 })})` : unit;
    const from = layer === 0 ? names.whole[column] : t("inside.unit", { number: column + 1 });
    return t(`check.${["weight", "bias", "gamma", "beta", "learned"][kind]}`, { from: from && lowerFirst(from), unit: lowerFirst(piece) });
  }

  function show() {
    const message = answer();
    const at = message ? t("check.at", { epoch: Number(Number(message.about.epoch).toFixed(2)) }) : "";
    setText(status, requests.waiting("gradient_check") ? t("check.working") : at);
    if (!message) {
      shown = "";
      verdict.hidden = table.hidden = true;
      setText(notes, "");
      return;
    }
    const key = `${message.about.epoch} ${message.about.error} ${message.about.panel} ${words()}`;
    if (key === shown) return;
    shown = key;
    const { tensors, about } = message;
    const right = Number(about.right);
    const wrong = Number(about.wrong);
    const error = Number(about.error);
    const nothing = tensors.norms.data.every((norm) => norm === 0);
    const none = tensors.checked.data.every((count) => count === 0);
    const kind = none ? "off" : nothing ? "nothing" : error < right ? "right" : error < wrong ? "between" : "wrong";
    const names = namesOf(store, { layers: [{ size: outputsOf() }] });
    const layers = tensors.errors.data.length;
    verdict.hidden = table.hidden = false;
    verdict.dataset.kind = kind;
    setText(verdict, t(`check.is_${kind}`, { error: power(error) }));
    const head = (text, help) => h("th", { scope: "col", role: "columnheader", title: help ?? null }, text);
    const cell = (label, ...content) => h("td", { role: "cell", "data-label": label }, ...content);
    table.replaceChildren(
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head(t("inside.layer")), head(t("check.error"), t("check.error_help")), head(t("check.checked")), head(t("check.worst"), t("check.worst_help")), head(t("check.analytic")), head(t("check.numerical")))),
      h("tbody", { role: "rowgroup" }, Array.from({ length: layers }, (_, layer) => {
        const of = (tensor) => tensors[tensor].data[layer];
        const bar = h("span", { class: "bar band", "aria-hidden": "true" }, h("i", {}));
        bar.style.setProperty("--from", "0%");
        bar.style.setProperty("--to", `${100 * place(right)}%`);
        bar.firstChild.style.setProperty("transform", `scaleX(${place(of("errors")).toFixed(3)})`);
        const checked = of("checked") > 0;
        const state = of("norms") === 0 ? "nothing" : of("errors") < right ? "right" : of("errors") < wrong ? "between" : "wrong";
        return h("tr", { role: "row" },
          h("th", { scope: "row", role: "rowheader" }, layer === layers - 1 ? t("inside.outputs") : t("charts.layer", { number: layer + 1 })),
          cell(t("check.error"), h("span", { class: "figure", "data-state": state }, `${checked ? power(of("errors")) : ""} ${{ right: "✓", between: "?", wrong: "✕", nothing: "–" }[state]}`), bar),
          cell(t("check.checked"), h("span", { class: "figure" }, t("inside.of", { count: of("checked"), points: of("parameters") }))),
          cell(t("check.worst"), checked ? called(tensors.worst.data.subarray(3 * layer, 3 * layer + 3), layer, names) : t("check.none")),
          cell(t("check.analytic"), h("span", { class: "figure" }, checked ? fine(of("analytic")) : "–")),
          cell(t("check.numerical"), h("span", { class: "figure" }, checked ? fine(of("numerical")) : "–")));
      })));
    const off = tensors.off.data;
    const part = tensors.checked.data.some((count, layer) => count < tensors.parameters.data[layer] - off[layer]);
    const few = Number(about.points) < Number(about.of);
    setText(notes, [part && t("check.sample"), off.some((count) => count > 0) && t("check.off"), few ? t("check.few", { points: about.points, all: about.of }) : t("check.all_points", { points: about.points })].filter(Boolean).join(" "));
    setText(scale, t("check.scale", { right: power(right), wrong: power(wrong) }));
  }

  const outputsOf = () => store.seen("gradient_check").tensors.outputs.data[0];

  return {
    name: "check",
    element: root,
    views: () => [],
    show,
    words() {
      root.setAttribute("aria-label", t("inside.check"));
      setText(lead, t("check.lead"));
      setText(button, t("check.start"));
      const shifted = (sign) => row(name("J"), bracketed(name("w"), op(sign), name("δ")));
      const norm = (...inner) => row(op("‖"), ...inner, op("‖"));
      formulas.replaceChildren(
        equation(math("mfrac", d("J"), d("w")), op("≈"), math("mfrac", row(shifted("+"), op("−"), shifted("−")), row(math("mn", "2"), name("δ")))),
        equation(math("mtext", t("check.error")), op("="), math("mfrac", norm(name("a"), op("−"), name("n")), row(norm(name("a")), op("+"), norm(name("n"))))));
      shown = "";
    },
  };
}
