// The datasets as small pictures of themselves, in groups: classes, values, points of one's own.
// They are radio buttons; a picture's name appears on hover and is there for screen readers, the
// chosen one's stands below. A dataset of one dimension is drawn as the graph that it is.

import { describe, h, setText, uniqueId } from "./dom.js";
import { t } from "./i18n.js";
import { classColor, ink, valueColor } from "./palette.js";
import { HEIGHT, fit } from "./points.js";

const SIZE = 36;
const GROUPS = ["classes", "values", "given"];
const groupOf = (entry) => (entry.given ? "given" : entry.task);

/** A dataset's picture from its example points. */
function draw(canvas, { example, task, dimensions }, [low, high]) {
  const context = fit(canvas, SIZE);
  const scale = SIZE / (high - low);
  const values = task === "values";
  if (dimensions === 1) {
    context.strokeStyle = ink().grid;
    context.beginPath();
    context.moveTo(0, SIZE / 2);
    context.lineTo(SIZE, SIZE / 2);
    context.stroke();
  }
  example.points.forEach(([x, y], index) => {
    const label = example.labels[index];
    context.fillStyle = values ? valueColor(label) : classColor(label);
    context.beginPath();
    context.arc((x - low) * scale, (high - (dimensions === 1 ? HEIGHT * label : y)) * scale, values && dimensions > 1 ? 1.7 : 1.1, 0, 2 * Math.PI);
    context.fill();
  });
}

/**
 * @param {any[]} entries with an example @param {{id: string, plane: number[], redraws?: (() => void)[]}} context redraws: what to
 * call when the theme changes @param {(id: string) => void} pick
 */
export function createThumbnails(entries, { id, plane, redraws }, pick) {
  const inputs = new Map();
  const pictures = [];
  const item = (entry) => {
    const input = h("input", { type: "radio", name: id, value: entry.id, class: "visually-hidden" });
    input.addEventListener("change", () => pick(entry.id));
    inputs.set(entry.id, input);
    const canvas = h("canvas", { class: "thumbnail", "aria-hidden": "true" });
    pictures.push(() => draw(canvas, entry, plane));
    return h("label", { class: "thumbnail-choice", title: entry.label, "data-entry": entry.id }, input, canvas, h("span", { class: "visually-hidden" }, entry.label));
  };
  const groups = GROUPS.map((name) => [name, entries.filter((entry) => groupOf(entry) === name)]).filter(([, members]) => members.length);
  const name = h("p", { class: "chosen-name" });
  const element = h("div", {},
    h("div", { class: "thumbnail-groups" }, groups.map(([group, members]) => {
      const heading = uniqueId("datasets");
      // Where the kind of task may not be changed, only its own datasets are shown.
      return h("div", { class: "thumbnail-group", "data-others": group === "given" ? null : "task", role: "group", "aria-labelledby": heading },
        h("p", { class: "thumbnail-heading", id: heading }, t(`data.group_${group}`)), h("div", { class: "thumbnails" }, members.map(item)));
    })), name);
  const redraw = () => pictures.forEach((picture) => picture());
  redraw();
  redraws?.push(redraw);
  return {
    element,
    set(value) {
      const input = inputs.get(value);
      if (!input) return;
      input.checked = true;
      setText(name, entries.find((entry) => entry.id === value).label);
    },
    /** Marks the one that was asked for in vain. @param {string|null} refused @param {string|null} says id of what says why */
    blame(refused, says) {
      for (const [value, input] of inputs) {
        input.parentElement.classList.toggle("refused", value === refused);
        describe(input, value === refused ? says : null);
      }
    },
  };
}
