// The dialog that makes a comparison in one go: choose what to vary, look at the suggested
// values, press one button. The panels become copies of the selected one that differ in that
// one thing; whether the values are legal is the server's to say.

import { h } from "./dom.js";
import { plain } from "./format.js";
import { groupName, t } from "./i18n.js";
import { LETTERS } from "./palette.js";

export function createVary(store, commands) {
  const dialog = document.getElementById("vary");
  let waiting = false;
  let chosen = null;
  let error = null;

  function open() {
    const variations = store.boot.variations;
    chosen = variations.find((variation) => variation.id === chosen?.id && !partReason(variation)) ?? variations[0];
    const select = h("select", { id: "vary-what" }, inGroups(variations).map(([label, members]) =>
      h("optgroup", { label }, members.map((variation) => {
        const reason = partReason(variation);
        return h("option", { value: variation.id, selected: variation === chosen, disabled: Boolean(reason) }, reason ? t("vary.unfit", { name: variation.label, reason }) : variation.label);
      }))));
    const description = h("p", { class: "sentence" });
    const place = h("div", { class: "vary-values" });
    error = h("p", { class: "error", role: "alert", id: "vary-error", hidden: true });
    const go = h("button", { type: "submit", class: "button strong" }, t("vary.go"));
    let read = () => [];

    const show = () => {
      chosen = variations.find((variation) => variation.id === select.value);
      description.textContent = chosen.description;
      error.hidden = true;
      const choices = { component: entriesOf, choice: optionsOf, boolean: onAndOff }[chosen.kind];
      const built = choices ? boxes(choices(chosen)) : numbers(chosen);
      read = built.read;
      place.replaceChildren(...built.elements);
    };
    select.addEventListener("change", show);
    show();

    const form = h("form", { class: "stack" },
      h("h2", { id: "vary-heading" }, t("vary.title")),
      h("p", { class: "muted" }, store.panels.length > 1 ? t("vary.lead_several", { letter: LETTERS[store.selectedIndex] }) : t("vary.lead")),
      h("label", { class: "label", for: "vary-what" }, t("vary.what")), select, description, place, error,
      h("div", { class: "dialog-actions" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t("vary.cancel")), go));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const values = read();
      if (values.length < 2 || values.length > store.boot.limits.panels) {
        fail(t("vary.how_many", { limit: store.boot.limits.panels }));
        return;
      }
      error.hidden = true;
      waiting = true;
      if (!commands.vary(chosen.id, values, store.selectedIndex)) fail(t("connection.lost"));
    });
    dialog.replaceChildren(form);
    if (!dialog.open) dialog.showModal();
  }

  /** There are dozens: they stand in the groups of the settings they belong to. */
  function inGroups(variations) {
    const { network } = store.boot.form;
    const groups = new Map();
    for (const variation of variations) {
      const setting = network.find(({ name }) => name === variation.id.split(".")[0]) ?? network.find(({ kind }) => kind === "layers");
      const label = groupName(setting.group);
      groups.set(label, [...(groups.get(label) ?? []), variation]);
    }
    return [...groups];
  }

  function numbers(variation) {
    const input = h("input", { type: "text", id: "vary-numbers", class: "figure", autocomplete: "off", inputmode: "decimal", "aria-describedby": "vary-range vary-error", value: variation.values.map(plain).join(", ") });
    const limits = variation.minimum !== null && variation.maximum !== null
      ? t("help.range", { minimum: plain(variation.minimum), maximum: plain(variation.maximum) }) : "";
    return {
      elements: [h("label", { class: "label", for: "vary-numbers" }, t("vary.values")), input, h("p", { class: "muted", id: "vary-range" }, `${limits} ${t("vary.how_many", { limit: store.boot.limits.panels })}`)],
      read: () => listed(input.value),
    };
  }

  /** Numbers in a list, with commas or blanks between them; between semicolons a comma is a decimal one, as in every other field. */
  function listed(text) {
    const plainer = /[;；]/.test(text) ? text.replace(/(?<=\d)[,，](?=\d)/g, ".") : text;
    return plainer.split(/[,;，；、\s]+/).filter(Boolean).map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
  }

  /** Why a component cannot work with the data that are there, or nothing. @returns {string} */
  function unfit({ tasks, classes }) {
    const task = store.dataset?.task;
    if (tasks && task && !tasks.includes(task)) return t(`vary.unfit_${task}`);
    const there = store.data?.classes;
    if (!classes || !there || (there >= classes[0] && there <= classes[1])) return "";
    return t(classes[0] === classes[1] ? "vary.unfit_two" : "vary.unfit_count", { least: classes[0], most: classes[1] });
  }

  /** Why a parameter makes no sense: its component cannot work. */
  function partReason({ id }) {
    const [setting, component] = id.split(".");
    const { family } = store.boot.form.network.find(({ name }) => name === setting) ?? {};
    const entry = component && store.boot.catalog[family]?.find((one) => one.id === component);
    return entry ? unfit(entry) : "";
  }

  /** The choices of a family: the suggested ones are ticked, or the first ones that work with the data. */
  function entriesOf(variation) {
    const entries = store.boot.catalog[variation.family] ?? [];
    const idOf = (value) => (typeof value === "object" ? value.id : value);
    const asObjects = typeof variation.values[0] !== "string";
    let left = store.boot.limits.panels;
    return entries.map((entry) => {
      const suggested = variation.values.find((value) => idOf(value) === entry.id);
      const reason = unfit(entry);
      const checked = !reason && (variation.values.length ? suggested !== undefined : left-- > 0);
      return { label: entry.label, title: entry.description, checked, reason, value: suggested ?? (asObjects ? { id: entry.id } : entry.id) };
    });
  }

  const optionsOf = (variation) => (variation.options ?? []).map(({ value, label }, index) => ({
    label, value, checked: variation.values.length ? variation.values.includes(value) : index < store.boot.limits.panels }));

  const onAndOff = (variation) => [false, true].map((value) => ({
    label: t(value ? "value.on" : "value.off"), checked: !variation.values.length || variation.values.includes(value), value }));

  /** Boxes to tick. There are more of them than panels: when all panels are given away, the rest wait. */
  function boxes(choices) {
    const { panels } = store.boot.limits;
    const counter = h("span", { class: "figure muted", "aria-live": "polite" });
    const list = choices.map(({ label, title, checked, value, reason = "" }) => {
      const input = h("input", { type: "checkbox", checked, disabled: Boolean(reason) });
      input.addEventListener("change", count);
      return { input, value, reason, element: h("label", { class: `check${reason ? " unfit" : ""}`, title }, input, h("span", {}, label, reason ? h("small", {}, reason) : null)) };
    });
    function count() {
      const chosen = list.filter(({ input }) => input.checked).length;
      counter.textContent = t("vary.chosen", { count: chosen });
      for (const { input, element, reason } of list) {
        if (reason) continue;
        input.disabled = chosen >= panels && !input.checked;
        element.classList.toggle("waiting", input.disabled);
      }
    }
    count();
    return {
      elements: [h("fieldset", { class: "checks" }, h("legend", { class: "label" }, t("vary.choose", { limit: panels }), counter), list.map((item) => item.element))],
      read: () => list.filter((item) => item.input.checked).map((item) => item.value),
    };
  }

  function fail(text) {
    waiting = false;
    error.textContent = text;
    error.hidden = false;
  }

  store.on("lost", () => waiting && fail(t("connection.lost")));
  store.on("state", () => {
    if (!waiting) return;
    // An error, if there is one, comes before the state that follows every command.
    waiting = false;
    dialog.close();
  });
  return {
    open,
    /** @returns {boolean} whether the error was this dialog's */
    fail(text) {
      if (!waiting || !dialog.open) return false;
      fail(text);
      return true;
    },
  };
}
