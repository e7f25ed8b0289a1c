// Equations as MathML, made by hand: a few builders for the notation of the notes (layers in
// brackets above, units below), and numbers that can be filled in again without building anything
// anew, so that an equation stays still while its network trains.

import { setText } from "./dom.js";

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";

/** Makes a MathML element. @param {string} tag @param {...any} children elements, lists of them, or texts */
export function math(tag, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

export const row = (...children) => math("mrow", ...children);
export const op = (text) => math("mo", text);
/** A name; of several letters it stands upright by itself. */
export const name = (text) => math("mi", text);
export const figure = (text) => math("mn", text);
export const words = (text) => math("mtext", text);
const level = (layer) => row(op("["), typeof layer === "number" ? figure(String(layer)) : layer, op("]"));

/** A quantity of a layer, and of one unit or link in it: z⁽²⁾ or z₃⁽²⁾. @param {string|Element} symbol @param {number|Element} layer @param {string} [index] */
export function of(symbol, layer, index) {
  const base = typeof symbol === "string" ? name(symbol) : symbol;
  return index === undefined ? math("msup", base, level(layer)) : math("msubsup", base, figure(index), level(layer));
}

/** dz, dW, …: the loss differentiated by it. */
export const d = (symbol) => row(name("d"), name(symbol));

/** A name with a hat. @param {string} symbol */
export const hat = (symbol) => math("mover", name(symbol), op("^"));

/** Things in brackets that grow with them. @param {...any} children */
export const bracketed = (...children) => row(op("("), ...children, op(")"));

/** A matrix or column, row by row. The style sheet draws its brackets: without a mathematical font, signs do not grow. @param {any[][]} rows */
export function matrix(rows) {
  const table = math("mtable", rows.map((cells) => math("mtr", cells.map((cell) => math("mtd", cell)))));
  table.setAttribute("class", "matrix");
  return table;
}

/** A quantity of a layer, transposed. */
export const transposed = (symbol, layer) => math("msup", name(symbol), row(level(layer), name("T")));

/** Something transposed. */
export const turned = (element) => math("msup", element, name("T"));

/** A square root of things. @param {...any} children */
export const root = (...children) => math("msqrt", ...children);

/** The slope of the activation. */
export const slope = () => name("g\u2032");

/** Something that is only there for its width. */
export const hidden = (element) => math("mphantom", element);

/** Room between two equations in one line. */
export function gap() {
  const space = math("mspace");
  space.setAttribute("width", "1.6em");
  return space;
}

/** Terms with plus signs between them. @param {any[]} terms */
export const sum = (terms) => terms.flatMap((term, at) => (at ? [op("+"), term] : [term]));

/** An equation of its own. @param {...any} children */
export function equation(...children) {
  const element = math("math", ...children);
  element.setAttribute("display", "block");
  return element;
}

/** An expression within a line. @param {...any} children */
export function inline(...children) {
  const element = math("math", ...children);
  element.setAttribute("displaystyle", "true");
  return element;
}

/** Numbers that are read again and again. */
export class Figures {
  /** @param {(value: number) => string} write */
  constructor(write) {
    this.write = write;
    this.slots = [];
  }

  /** A number; `inner` puts brackets around one below zero. `slot` says which it is. @param {() => number} read */
  number(read, { inner = false, slot = "" } = {}) {
    const element = figure("");
    if (slot) element.dataset.slot = slot;
    this.slots.push({ element, read, inner });
    return element;
  }

  /** A number behind a sign. */
  inner(read, slot = "") {
    return this.number(read, { inner: true, slot });
  }

  fill() {
    for (const { element, read, inner } of this.slots) {
      const text = this.write(read());
      setText(element, inner && text.startsWith("−") ? `(${text})` : text);
    }
  }
}

const TOKEN = /[\p{L}\p{M}]+|\d+|²|[^\s]/gu;

/**
 * A formula of the engine's (names, numbers, + − · ( ) , and squares) as MathML.
 * @param {string} text @param {(name: string, bare: boolean) => Element|null} [fill] what a name is replaced by, if by anything; `bare`: no sign stands before it
 */
export function formula(text, fill = () => null) {
  const parts = [];
  let before = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "²") parts.push(math("msup", parts.pop(), figure("2")));
    else if (/^\d/.test(token)) parts.push(figure(token));
    else if (/^\p{L}/u.test(token)) parts.push(fill(token, ["", "(", ","].includes(before)) ?? name(token));
    else parts.push(op(token));
    before = token;
  }
  return parts;
}
