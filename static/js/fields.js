// Numbers, switches, texts and choices of a word. A number has a slider where its range allows one,
// and always a field that takes what is typed as it is: the server says what is legal, and says it
// beside the field, so nobody's input is silently turned into something else. A text that is
// refused stays as it was typed, and the place of the mistake is marked in a copy of it.

import { h, uniqueId } from "./dom.js";
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
    unit ? h("span", { class: "measure", "aria-hidden": "true" }, unit) : null,
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

/** Some values have no field: points are drawn in the pictures, and hidden ones are spoken of elsewhere. */
export const drawn = ({ kind }) => kind !== "points" && kind !== "hidden";

/** One of a few words or numbers, which have labels. */
export function optionField(descriptor, { id, change }) {
  const select = h("select", { id }, descriptor.options.map(({ value, label }) => h("option", { value }, label)));
  select.addEventListener("change", () => change(descriptor.options[select.selectedIndex].value, true));
  return {
    element: select,
    focus: id,
    inputs: [select],
    set(value) {
      select.value = String(value ?? "");
    },
  };
}

/** A text such as a formula, with examples to choose from. */
export function textField(descriptor, { id, change }) {
  const input = h("input", { type: "text", id, class: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const wrong = h("p", { class: "text-wrong", "aria-hidden": "true", hidden: true });
  let typing = false;
  const give = (value) => {
    typing = false;
    input.value = value;
    change(value, true);
  };
  input.addEventListener("change", () => give(input.value));
  input.addEventListener("input", () => {
    typing = true;
    wrong.hidden = true;
  });
  return {
    element: h("div", { class: "text-row" }, h("div", { class: "text-field" }, input, examples(descriptor, give)), wrong),
    focus: id,
    inputs: [input],
    set(value) {
      if (!typing || document.activeElement !== input) input.value = value;
    },
    /** Marks the character at a place. */
    point(at) {
      const letters = [...input.value];
      const shown = Number.isInteger(at) && at >= 0 && at <= letters.length;
      wrong.hidden = !shown;
      if (shown) wrong.replaceChildren(letters.slice(0, at).join(""), h("mark", {}, letters[at] ?? "\u00a0"), letters.slice(at + 1).join(""));
    },
    clear() {
      wrong.hidden = true;
    },
  };
}

function examples(descriptor, give) {
  if (!descriptor.suggestions?.length) return null;
  const list = h("div", { class: "help examples", id: uniqueId("examples"), popover: "" },
    descriptor.suggestions.map((text) => h("button", { type: "button", class: "example", onclick: () => {
      list.hidePopover();
      give(text);
    } }, text)));
  const open = h("button", { type: "button", class: "mini", popovertarget: list.id, "aria-label": t("text.examples"), title: t("text.examples") }, "▾");
  list.addEventListener("toggle", (event) => event.newState === "open" && place(list, open));
  return [open, list];
}

/** Puts a popover beside the column its button is in, or below the button where there is no room. */
export function place(popover, button) {
  const at = button.getBoundingClientRect();
  const own = popover.getBoundingClientRect();
  const column = button.closest(".column")?.getBoundingClientRect();
  const beside = column && [column.right + 8, column.left - own.width - 8].find((left) => left >= 8 && left + own.width <= innerWidth - 8);
  if (beside) {
    popover.style.left = `${beside}px`;
    popover.style.top = `${Math.max(8, Math.min(at.top - 8, innerHeight - own.height - 8))}px`;
    return;
  }
  const left = Math.max(8, Math.min(innerWidth - own.width - 8, at.right - own.width));
  const below = at.bottom + 6 + own.height < innerHeight;
  popover.style.left = `${left}px`;
  popover.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - own.height - 6)}px`;
}
