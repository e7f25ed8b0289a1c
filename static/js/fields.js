// Numbers and switches. A number has a slider where its range allows one, and always a field
// that takes what is typed as it is: the server says what is legal, and says it beside the
// field, so nobody's input is silently turned into something else.

import { h } from "./dom.js";
import { plain, withUnit } from "./format.js";
import { t } from "./i18n.js";
import { createScale, stepped } from "./scale.js";

/** What was typed, as a number if it is one. */
function parse(text, unit) {
  const cleaned = text.trim().replace(/%$/, "").replace("−", "-").replace(/^(-?\d*),(\d+)$/, "$1.$2").trim();
  const value = Number(cleaned);
  if (cleaned === "" || !Number.isFinite(value)) return text;
  return unit === "%" ? Number((value / 100).toPrecision(12)) : value;
}

export function numberField(descriptor, { id, change, compact }) {
  const { unit } = descriptor;
  const scale = compact ? null : createScale(descriptor);
  const shownText = (value) => (typeof value === "number" ? plain(unit === "%" ? value * 100 : value) : String(value));
  let current = descriptor.default;

  const input = h("input", { type: "text", inputmode: "decimal", id, class: "number figure", autocomplete: "off", spellcheck: "false" });
  const take = (value, final) => {
    current = value;
    change(value, final);
  };
  const step = (direction) => {
    const next = stepped(descriptor, typeof current === "number" ? current : descriptor.default, direction);
    set(next, true);
    take(next, false);
  };
  input.addEventListener("change", () => {
    const value = parse(input.value, unit);
    take(value, true);
    if (slider && typeof value === "number") {
      slider.value = scale.notch(value);
      speak(value);
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    step(event.key === "ArrowUp" ? 1 : -1);
  });

  let slider = null;
  if (scale) {
    slider = h("input", { type: "range", min: 0, max: scale.last, step: 1, "aria-label": descriptor.label, class: "slider" });
    slider.addEventListener("input", () => {
      const value = scale.value(Number(slider.value));
      input.value = shownText(value);
      speak(value);
      take(value, false);
    });
    slider.addEventListener("change", () => {
      const value = scale.value(Number(slider.value));
      if (value !== current) take(value, true);
    });
  }
  const speak = (value) => {
    if (!slider) return;
    slider.setAttribute("aria-valuetext", withUnit(value, unit));
    slider.style.setProperty("--at", `${(Number(slider.value) / scale.last) * 100}%`);
  };
  const field = h("span", { class: "number-field" },
    scale ? null : h("button", { type: "button", class: "stepper", tabindex: "-1", "aria-label": t("settings.less", { name: descriptor.label }), onclick: () => step(-1) }, "−"),
    input,
    unit ? h("span", { class: "unit", "aria-hidden": "true" }, unit) : null,
    scale ? null : h("button", { type: "button", class: "stepper", tabindex: "-1", "aria-label": t("settings.more", { name: descriptor.label }), onclick: () => step(1) }, "+"));

  function set(value, force = false) {
    current = value;
    if (force || document.activeElement !== input || input.value === "") input.value = shownText(value);
    if (slider && typeof value === "number") {
      slider.value = scale.notch(value);
      speak(value);
    }
  }
  input.addEventListener("blur", () => {
    if (!input.hasAttribute("aria-invalid")) input.value = shownText(current);
  });
  return { element: h("div", { class: `number-row${slider ? " with-slider" : ""}` }, slider, field), focus: id, inputs: slider ? [slider, input] : [input], set };
}

export function switchField(descriptor, { id, change }) {
  const input = h("input", { type: "checkbox", role: "switch", id });
  input.addEventListener("change", () => change(input.checked, true));
  return {
    element: h("div", { class: "switch-row" }, input),
    focus: id,
    inputs: [input],
    set(value) {
      input.checked = Boolean(value);
    },
  };
}
