// Messages that have no control to stand beside: toasts, and one quiet line for screen readers
// that speaks at most every five seconds, because a status that never stops talking is one that
// gets switched off.

import { h, icon } from "./dom.js";
import { currentLanguage, hasText, t } from "./i18n.js";
import { withUnit } from "./format.js";

const MOST = 3;
const PAUSE = 5000;
let lastSpoken = -Infinity;
let timer = 0;

/**
 * The newest is on top. Several texts are one message: the first with the others below it.
 * @param {string|string[]} message @param {"note"|"fault"} [tone] @param {number} [time] ms; Infinity: until it is closed, or over
 * @returns {HTMLElement}
 */
export function toast(message, tone = "note", time = tone === "fault" ? 10_000 : 5000) {
  const lines = [message].flat();
  const text = lines.join(" ");
  const root = document.getElementById("toasts");
  for (const other of [...root.children]) if (other.dataset.message === text) other.remove();
  const element = h("div", { class: `toast ${tone}${time < Infinity ? "" : " standing"}`, role: tone === "fault" ? "alert" : null, "data-message": text },
    lines.length > 1 ? h("div", {}, lines.map((line) => h("p", {}, line))) : h("span", {}, text),
    h("button", { type: "button", class: "mini", "aria-label": t("page.close"), onclick: () => element.remove() }, icon("i-close")));
  root.prepend(element);
  if (tone !== "fault") say(text, true);
  while (root.children.length > MOST) root.lastChild.remove();
  if (time < Infinity) setTimeout(() => element.remove(), time);
  return element;
}

/** What went wrong is over: something has been taken since. */
export function clearFaults() {
  for (const element of document.querySelectorAll("#toasts .fault")) element.remove();
}

/** All, because they are in the words of another language; but those that stand are said again in the new one. */
export function clearToasts() {
  for (const element of document.querySelectorAll("#toasts > :not(.standing)")) element.remove();
}

/** Speaks to screen readers; `urgent` (start, pause, divergence) does not wait. */
export function say(text, urgent = false) {
  const line = document.getElementById("status");
  const now = performance.now();
  if (!urgent && now < lastSpoken + PAUSE) return;
  lastSpoken = now;
  clearTimeout(timer);
  timer = setTimeout(() => {
    line.textContent = text;
  }, 0);
}

/** The refused value as it was sent: the server quotes it as JSON. */
function unquoted(value) {
  try {
    const parsed = JSON.parse(value);
    return typeof parsed === "object" ? value : parsed;
  } catch {
    return value;
  }
}

/** An event's text in the visitor's language; the server's English sentence where there is none. */
export function wording(event, family, unit = "") {
  const key = `${family}.${event.code}`;
  if (!hasText(key)) return event.message ?? event.code;
  const params = {};
  for (const [name, given] of Object.entries(event.params ?? {})) {
    const value = given?.[currentLanguage()] ?? (name === "value" ? unquoted(given) : given);
    const text = typeof value === "number" ? withUnit(value, unit) : Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value);
    params[name] = name === "value" && text.length > 60 ? `${text.slice(0, 57)}…` : text || "“”";
  }
  const text = t(key, params);
  return /\{\w+\}/.test(text) ? event.message ?? text : text;
}
