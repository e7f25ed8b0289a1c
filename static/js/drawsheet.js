// The transparent sheet over a picture that takes the strokes of a mouse, a pen or a finger, and
// the keys of those who use none of them. It knows where things happen, not what becomes of
// them: that is the editor's to decide.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { ringFor } from "./points.js";

/** Distances: between the points of a stroke, and of a step with an arrow key, in the plane. */
const SPACING = 0.4;
const STEP = 0.25;
const LONG_STEP = 1;
/** How near is "on a point", in pixels. */
const REACH = { mouse: 12, pen: 16, touch: 24 };

/**
 * @typedef {{begin: () => void, end: () => void, tool: () => string, put: (x: number, y: number, next?: boolean) => boolean,
 *   find: (x: number, y: number, reach?: number) => number, drag: (index: number, x: number, y: number) => void,
 *   rub: (x: number, y: number, reach?: number) => boolean, tell: (x: number, y: number, event?: string) => void}} Hand
 * @param {HTMLElement} stage @param {Hand} hand @param {number[]} plane
 */
export function createSheet(stage, hand, plane) {
  const [low, high] = plane;
  const span = high - low;
  const cross = h("div", { class: "crosshair", "aria-hidden": "true" });
  const note = h("p", { class: "sheet-note", hidden: true });
  const element = h("div", { class: "sheet", role: "application", tabindex: "0", "aria-describedby": "draw-keys" }, cross, note);
  stage.insertBefore(element, stage.querySelector(".overlay"));
  const cursor = { x: 0, y: 0, held: -1 };
  let stroke = null;

  /** Within the plane, and so far from its edge that a mark there is seen whole. */
  const inPlane = (value) => {
    const { clientWidth } = element;
    const margin = clientWidth ? (ringFor(clientWidth) * span) / clientWidth : 0;
    return Math.min(high - margin, Math.max(low + margin, value));
  };
  function placeOf(event) {
    const box = element.getBoundingClientRect();
    return {
      x: inPlane(low + ((event.clientX - box.left) / box.width) * span), y: inPlane(high - ((event.clientY - box.top) / box.height) * span),
      reach: ((REACH[event.pointerType] ?? REACH.mouse) * span) / box.width,
    };
  }

  element.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || stroke || (event.button !== 0 && event.button !== 2)) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    key(false);
    const { x, y, reach } = placeOf(event);
    const away = event.button === 2 || event.ctrlKey || event.metaKey;
    stroke = { id: event.pointerId, tool: away ? "erase" : hand.tool(), next: event.shiftKey, x, y, index: -1 };
    hand.begin();
    if (stroke.tool === "draw") hand.put(x, y, stroke.next);
    else if (stroke.tool === "erase") hand.rub(x, y, away ? Infinity : reach);
    else stroke.index = hand.find(x, y, reach * 1.5);
    element.classList.toggle("holding", stroke.index >= 0);
  });

  element.addEventListener("pointermove", (event) => {
    if (event.pointerId !== stroke?.id) return;
    const { x, y, reach } = placeOf(event);
    if (stroke.tool === "erase") {
      while (hand.rub(x, y, reach));
    } else if (stroke.tool === "move") {
      if (stroke.index >= 0) hand.drag(stroke.index, x, y);
    } else {
      for (let left = Math.hypot(x - stroke.x, y - stroke.y); left >= SPACING; left -= SPACING) {
        stroke.x += ((x - stroke.x) * SPACING) / left;
        stroke.y += ((y - stroke.y) * SPACING) / left;
        if (!hand.put(stroke.x, stroke.y, stroke.next)) break;
      }
    }
  });

  function finish(event) {
    if (event.pointerId !== stroke?.id) return;
    stroke = null;
    element.classList.remove("holding");
    hand.end();
  }
  element.addEventListener("pointerup", finish);
  element.addEventListener("pointercancel", finish);
  element.addEventListener("contextmenu", (event) => event.preventDefault());

  /** The crosshair is there for keys alone. */
  function key(yes) {
    element.classList.toggle("keyed", yes);
    if (!yes) release();
  }
  function release() {
    if (cursor.held < 0) return;
    cursor.held = -1;
    element.classList.remove("carrying");
    hand.end();
  }
  function show() {
    cross.style.setProperty("left", `${((cursor.x - low) / span) * 100}%`);
    cross.style.setProperty("top", `${((high - cursor.y) / span) * 100}%`);
  }

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const keys = {
    add() {
      if (cursor.held >= 0) {
        release();
        hand.tell(cursor.x, cursor.y, "draw.dropped");
      } else if (hand.put(cursor.x, cursor.y)) hand.tell(cursor.x, cursor.y, "draw.added");
    },
    erase() {
      release();
      hand.tell(cursor.x, cursor.y, hand.rub(cursor.x, cursor.y) ? "draw.erased" : undefined);
    },
    carry() {
      if (cursor.held >= 0) return keys.add();
      cursor.held = hand.find(cursor.x, cursor.y);
      if (cursor.held < 0) return undefined;
      hand.begin();
      element.classList.add("carrying");
      hand.drag(cursor.held, cursor.x, cursor.y);
      return hand.tell(cursor.x, cursor.y, "draw.picked");
    },
  };
  const BY_KEY = { Enter: "add", " ": "add", Delete: "erase", Backspace: "erase", m: "carry", M: "carry" };

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const action = BY_KEY[event.key];
    if (!arrow && !action) return;
    event.preventDefault();
    key(true);
    if (arrow) {
      const step = event.shiftKey ? LONG_STEP : STEP;
      cursor.x = inPlane(cursor.x + arrow[0] * step);
      cursor.y = inPlane(cursor.y + arrow[1] * step);
      if (cursor.held >= 0) hand.drag(cursor.held, cursor.x, cursor.y);
      show();
      hand.tell(cursor.x, cursor.y);
    } else if (!event.repeat || action === "erase") {
      keys[action]();
    }
  });
  element.addEventListener("focus", () => element.matches(":focus-visible") && key(true));
  element.addEventListener("blur", () => key(false));
  show();

  return {
    element,
    /** Lets go of a point whose place in the list may be another now. */
    release,
    label: (letter) => element.setAttribute("aria-label", t("draw.sheet", { letter })),
    /** What stands in the picture while something is to be said. */
    note(text, short = text) {
      note.hidden = !text;
      note.replaceChildren(h("span", { class: "long" }, text), h("span", { class: "short", "aria-hidden": "true" }, short));
    },
  };
}
