// Several seeds side by side: how they are spread in every panel, and what each of them has learned
// in the panel that is looked into. The one that is chosen here is what the other views show.

import { drawBoundary } from "./boundary.js";
import { h, segment, setText } from "./dom.js";
import * as format from "./format.js";
import { slice } from "./frames.js";
import { currentLanguage, t } from "./i18n.js";
import { LETTERS, panelColor } from "./palette.js";
import { seedNumber, seedsText } from "./seeds.js";
import { createSubNetworks, VIEW as SUB_NETWORKS } from "./sub-networks.js";
import { nice } from "./traces.js";

/** What the strips may show: arrays of the view. */
const FIGURES = ["test_loss", "train_loss", "score", "validation"];
/** Those that are shares or R², not losses. */
const SCORES = new Set(["score", "validation"]);
const LANES = 5;

const numbers = (tensor, index) => Array.from(slice(tensor, index));
const finite = (values) => values.filter(Number.isFinite);
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value below which a share of sorted values lies, between the two nearest. */
export function quantile(sorted, share) {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below] + (at - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

/** @type {import("./inside.js").Maker} */
export function createSeedsView({ store, commands, loop }) {
  const offer = h("div", { class: "seeds-offer" });
  const choice = h("div", { class: "scope seeds-figure", role: "radiogroup" });
  const strips = h("div", { class: "strips" });
  const note = h("p", { class: "muted seeds-note" });
  const caption = h("h3", {});
  const maps = h("div", { class: "seed-maps", role: "group" });
  const spread = h("div", { class: "seeds-spread" }, choice, strips, note);
  const each = h("div", { class: "seeds-each" }, caption, maps);
  const parts = createSubNetworks(store);
  const root = h("div", { class: "seeds-view" }, offer, spread, h("div", { class: "seeds-pictures" }, each, parts.element));
  let figure = FIGURES[0];
  let built = "";
  let rows = [];
  let cards = [];
  /** The choice of validation, which is offered where some points are held out. */
  let held;

  const score = () => t(store.data.classes ? "numbers.accuracy" : "numbers.r2");
  const nameOf = (which) => ({ test_loss: t("seeds.test_loss"), train_loss: t("seeds.train_loss"), score: score(), validation: t("seeds.validation") })[which];
  const write = (which, value) => (!SCORES.has(which) ? format.loss(value) : store.data.classes ? format.percent(value) : format.fit(value));

  function build(count) {
    const many = count > 1;
    offer.hidden = many;
    spread.hidden = each.hidden = !many;
    offer.replaceChildren(h("p", {}, t("seeds.offer")), h("div", { class: "seeds-buttons" },
      store.boot.form.seeds.options.filter(({ value }) => value > 1).map(({ value }) => h("button", { type: "button", class: "button", onclick: () => commands.seeds(value) }, seedsText(value)))));
    if (!many) return;
    choice.setAttribute("aria-label", t("seeds.figure"));
    const figures = FIGURES.map((which) => segment("seeds-figure", which === figure, nameOf(which), () => {
      figure = which;
      job.now();
    }));
    held = figures[FIGURES.indexOf("validation")];
    choice.replaceChildren(...figures);
    rows = store.panels.map((_, index) => makeRow(index, count));
    const axis = ["low", "middle", "high"].map((end) => h("span", { class: `figure at-${end}` }));
    strips.replaceChildren(
      h("div", { class: "strip-row strip-heads muted" }, h("span", {}), h("span", {}), h("span", {}, t("seeds.mean_short")), h("span", { title: t("seeds.vote_help") }, t("seeds.vote")), h("span", { title: t("seeds.solved_help") }, t("seeds.solved_head"))),
      ...rows.map(({ element }) => element),
      h("div", { class: "strip-row strip-axis muted", "aria-hidden": "true" }, h("span", {}), h("span", { class: "strip-ends" }, axis)));
    rows.axis = axis;
    setText(note, t("seeds.note"));
    cards = Array.from({ length: count }, (_, place) => makeCard(place));
    maps.replaceChildren(...cards.map(({ button }) => button));
  }

  function makeRow(index, count) {
    const dots = Array.from({ length: count }, (_, place) => h("i", { class: `seed-dot lane${place % LANES}` }));
    const band = h("i", { class: "strip-band" });
    const middle = h("i", { class: "strip-mean" });
    const strip = h("span", { class: "strip none", role: "img" }, band, middle, dots);
    const average = h("span", { class: "figure" });
    const vote = h("span", { class: "figure strip-vote", title: t("seeds.vote_help") });
    const solved = h("span", { class: "figure" });
    const element = h("div", { class: "strip-row" }, h("span", { class: "letter" }, LETTERS[index]), strip, average, vote, solved);
    element.style.setProperty("--panel", panelColor(index));
    return { element, strip, dots, band, middle, average, vote, solved };
  }

  function makeCard(place) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const name = h("span", { class: "figure muted" });
    const value = h("span", { class: "figure" });
    const button = h("button", { type: "button", class: "seed-map", onclick: () => store.chooseSeed(place) }, canvas, h("span", { class: "seed-caption" }, name, value));
    return { button, canvas, name, value };
  }

  const job = loop.job(() => {
    const key = `${currentLanguage()} ${store.seeds} ${store.panels.map(({ id }) => id)} ${store.data?.classes}`;
    if (store.experiment && store.data && key !== built) {
      built = key;
      build(store.seeds);
    }
    parts.show();
    const message = store.seen("seeds");
    if (!message || !store.data || store.seeds < 2) return;
    const { test_loss: loss } = message.tensors;
    if (loss.shape[0] !== store.panels.length || loss.shape[1] !== store.seeds) return;
    showStrips(message.tensors);
    showMaps(message.tensors);
  }, () => (store.playing ? 150 : 0));

  function rangeOf(all) {
    if (SCORES.has(figure)) return store.data.classes ? [Math.max(0, Math.min(0.9, Math.floor(Math.min(...all) * 10 - 0.2) / 10)), 1] : [Math.max(-1, Math.min(0, Math.floor(Math.min(...all)))), 1];
    return [0, nice(Math.max(1e-3, ...all))];
  }

  function showStrips(tensors) {
    held.hidden = !finite(Array.from(tensors.validation.data)).length;
    if (held.hidden && figure === "validation") choice.querySelector("input").click();
    const all = finite(Array.from(tensors[figure].data));
    if (!all.length) return;
    const [low, high] = rangeOf(all);
    const place = (value) => `${(100 * Math.max(0, Math.min(1, (value - low) / (high - low)))).toFixed(2)}%`;
    [low, (low + high) / 2, high].forEach((value, at) => setText(rows.axis[at], SCORES.has(figure) && store.data.classes ? format.percent(value, 0) : format.figure(Number(value.toPrecision(3)))));
    rows.forEach((row, index) => {
      const values = numbers(tensors[figure], index);
      const known = finite(values).sort((a, b) => a - b);
      const solved = slice(tensors.solved, index).reduce((sum, one) => sum + one, 0);
      row.strip.classList.toggle("none", !known.length);
      values.forEach((value, at) => {
        row.dots[at].hidden = !Number.isFinite(value);
        row.dots[at].classList.toggle("chosen", at === store.seed);
        if (Number.isFinite(value)) row.dots[at].style.setProperty("left", place(value));
      });
      const mean = meanOf(known);
      const [from, to] = [0.1, 0.9].map((share) => quantile(known, share));
      row.band.style.setProperty("left", place(from));
      row.band.style.setProperty("right", `calc(100% - ${place(to)})`);
      row.middle.style.setProperty("left", place(mean));
      setText(row.average, write(figure, mean));
      setText(row.vote, format.percent(tensors.vote.data[index]));
      setText(row.solved, t("inside.of", { count: solved, points: values.length }));
      row.strip.setAttribute("aria-label", t("seeds.strip", {
        letter: LETTERS[index], name: nameOf(figure), count: known.length, low: write(figure, known[0]), high: write(figure, known.at(-1)), mean: write(figure, mean), solved }));
    });
  }

  function showMaps({ maps: pictures, score: scores, test_loss: losses, solved }) {
    const index = store.selectedIndex;
    const { classes } = store.data;
    setText(caption, store.panels.length < 2 ? t("seeds.each") : t("seeds.each_of", { letter: LETTERS[index] }));
    maps.setAttribute("aria-label", caption.textContent);
    const size = pictures.shape[1];
    const [own, lost, done] = [numbers(scores, index), numbers(losses, index).map((value) => !Number.isFinite(value)), slice(solved, index)];
    cards.forEach(({ button, canvas, name, value }, place) => {
      drawBoundary(canvas, slice(pictures, place), size, classes, store.view.discretize);
      const number = seedNumber(store, place);
      setText(name, String(number));
      setText(value, lost[place] ? "–" : write("score", own[place]));
      button.classList.toggle("lost", lost[place]);
      button.classList.toggle("solved", Boolean(done[place]));
      button.setAttribute("aria-pressed", String(place === store.seed));
      button.setAttribute("aria-label", lost[place] ? t("seeds.label_lost", { number }) : t(done[place] ? "seeds.label_solved" : "seeds.label", { number, name: score(), value: write("score", own[place]) }));
    });
  }

  return {
    name: "seeds",
    element: root,
    allSeeds: true,
    views: () => (store.seeds > 1 ? ["seeds", SUB_NETWORKS] : [SUB_NETWORKS]),
    show: () => job[store.playing && built ? "mark" : "now"](),
    words() {
      built = "";
    },
    theme() {
      built = "";
    },
  };
}
