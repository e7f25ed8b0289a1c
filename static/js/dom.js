// The little help with the DOM that every view wants: making elements in one expression,
// icons out of the sprite, and limiting how often something is sent. No view keeps markup in
// strings, so nothing a server or a link says can become markup.

/**
 * Makes an element: `h("p", {class: "hint", onclick: f}, "text", child)`.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node|string|null|false)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** Makes an element of a drawing. @param {string} tag @param {Record<string, any>} attributes @param {...(Node|string)} children */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Where the icons are. */
export const ICONS = new URL("../icon.svg", import.meta.url).href;

/** An icon, of the page itself if it holds them. @param {string} name */
export const icon = (name) => svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
  svg("use", { href: `${document.getElementById(name) ? "" : ICONS}#${name}` }));

/**
 * One of several that stand in a row and exclude each other.
 * @param {string} name what they share @param {boolean} checked @param {Node|string|Node[]} content
 * @param {() => void} picked @param {Record<string, any>} [attributes] of the input
 */
export function segment(name, checked, content, picked, attributes = {}) {
  const input = h("input", { type: "radio", name, class: "visually-hidden", checked, onchange: picked, ...attributes });
  return h("label", { class: "segment" }, input, typeof content === "string" ? h("span", {}, content) : content);
}

/** Sets text only when it changed, so that nothing is laid out in vain. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Says beside a field why its value is not legal, or that it is again. @param {HTMLElement} place @param {string} why */
export function refuse(input, place, why) {
  if (why) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  setText(place, why);
  place.hidden = !why;
}

/** Names the element that says what is wrong with a control, or none. @param {Element} control @param {string|null} id */
export function describe(control, id) {
  if (id) control.setAttribute("aria-describedby", id);
  else control.removeAttribute("aria-describedby");
}

/** Calls at most once in `wait` ms; the last call is always made. */
export function throttle(wait, call) {
  let timer = 0;
  let last = -Infinity;
  let latest = null;
  const run = () => {
    clearTimeout(timer);
    timer = 0;
    if (!latest) return;
    last = performance.now();
    const values = latest;
    latest = null;
    call(...values);
  };
  const throttled = (...values) => {
    latest = values;
    const due = last + wait - performance.now();
    if (due <= 0) run();
    else if (!timer) timer = setTimeout(run, due);
  };
  throttled.flush = run;
  return throttled;
}

let counter = 0;
/** A document-wide unique id. */
export const uniqueId = (prefix) => `${prefix}-${++counter}`;

const STILL = matchMedia("(prefers-reduced-motion: reduce)"); // asked many times a refresh
/** True when the visitor asked for less motion. */
export const prefersStill = () => STILL.matches;

/** An address with the commas and colons of its query as they are read. @param {URL} address */
export function readable(address) {
  const query = address.search.replaceAll("%2C", ",").replaceAll("%3A", ":");
  return `${address.pathname}${query}${address.hash}`;
}

/** Deep equality of JSON values. */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
}
