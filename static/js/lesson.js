// A lesson beside the panels: what to look at, a prediction, the run, what happened, and a task that
// is checked on the figures the page receives anyway. A case of the clinic is the same with the
// diagnosis after the run. The lesson is data from the server; nothing in it is particular to one.

import { h, icon, setText } from "./dom.js";
import * as format from "./format.js";
import { currentLanguage, t } from "./i18n.js";
import { createLessonRun } from "./lesson-run.js";
import { say, toast } from "./notices.js";
import { LETTERS } from "./palette.js";
import { note, progressOf } from "./progress.js";

const STEPS = ["look", "predict", "run", "explain", "task"];
/** In the clinic one looks at the patient before one names the fault. */
const CLINICAL = ["look", "run", "predict", "explain", "task"];
const SHEET = matchMedia("(max-width: 859px)");
const NAME = /^[\w-]{1,60}$/;
const PARAMETER = "lesson";

const SHARES = new Set(["train_accuracy", "test_accuracy", "validation_accuracy", "train_dev_accuracy", "vote_accuracy", "vote_gain", "dead_ratio", "saturation_ratio", "zero_ratio", "gap", "lost_ratio"]);
const COUNTS = new Set(["epoch", "depth", "hidden_units", "parameters"]);
/** A quantity's value as people read it; a bound has no needless digits. */
function written(quantity, value, bound = false) {
  const share = SHARES.has(quantity);
  const text = bound ? format.plain(share ? value * 100 : value) + (share ? "\u202f%" : "")
    : share ? format.percent(value)
    : COUNTS.has(quantity) && Number.isFinite(value) ? String(Math.floor(value)) : format.figure(value);
  return text.replace("-", "−");
}
/** In one piece on a line. */
function range({ quantity, at_least, at_most }) {
  if (at_least !== null && at_least === at_most) return `= ${written(quantity, at_least, true)}`;
  const ends = [["≥", at_least], ["≤", at_most]].filter(([, end]) => end !== null);
  return ends.map(([sign, end]) => `${sign}\u00a0${written(quantity, end, true)}`).join(", ");
}

/** @param {any} store @param {Record<string, any>} commands @param {(link: string) => void} begin what the first connection opens */
export function createLesson(store, commands, begin) {
  const root = document.getElementById("lesson");
  let lesson = null;
  let step = "look";
  /** What this visitor has chosen and solved of it. @type {import("./progress.js").Progress} */
  let own = {};
  /** Of the panel that has just solved the task. */
  let winnerLetter = "";
  /** Parts of the step shown that change with the frames. */
  let live = {};

  const run = createLessonRun(store, commands);
  const steps = () => (lesson.clinical ? CLINICAL : STEPS);
  const stepName = (name) => t(`lesson.step.${lesson.clinical ? "clinic_" : ""}${name}`);

  /** The lesson's texts in the language of now. */
  async function ask(name) {
    try {
      const response = await fetch(`api/lessons/${encodeURIComponent(name)}?lang=${currentLanguage()}`);
      if (response.ok) return await response.json();
    } catch {
      // Said below.
    }
    toast(t("lesson.failed"), "note", 10_000); // a fault would go with the first state that comes
    return null;
  }

  /** A lesson, or none. */
  function take(next) {
    lesson = next;
    own = next ? progressOf(next.id) : {};
    winnerLetter = "";
  }

  function keep(change) {
    own = { ...own, ...change };
    note(lesson.id, change);
  }

  function go(name, focus = true) {
    step = name;
    show();
    if (focus) root.querySelector(".lesson-step")?.focus();
  }

  /** Shows the column, or takes it away; the other columns make room. */
  function place() {
    root.hidden = !lesson;
    document.body.classList.toggle("with-lesson", Boolean(lesson));
    const address = new URL(location.href);
    if (lesson) address.searchParams.set(PARAMETER, lesson.id);
    else address.searchParams.delete(PARAMETER);
    history.replaceState(null, "", address);
    store.emit("layout");
  }

  function close() {
    take(null);
    run.leave();
    place();
    root.replaceChildren();
    document.getElementById("main").focus();
  }

  /** Another lesson, from its beginning. */
  async function open(name) {
    const next = await ask(name);
    if (!next) return;
    take(next);
    place();
    run.prepare(lesson.experiment);
    go("look");
    root.scrollTop = 0;
    showPanels();
  }

  /** Where the lesson is a sheet over a page that scrolls, the panels come into what it leaves free. */
  function showPanels() {
    if (SHEET.matches) document.getElementById("panels").scrollIntoView();
  }

  /** From the beginning, to try again. */
  function prepare() {
    run.prepare(lesson.experiment);
    update();
  }

  /** Trains an experiment from its start to the lesson's end, after its pretraining if it has one. */
  function train(experiment, first) {
    run.start(experiment, lesson.epochs, first);
    showPanels();
    update();
  }

  // ---- what is shown ----

  function show() {
    live = {};
    const names = steps();
    const at = names.indexOf(step);
    const progress = h("ol", { class: "lesson-steps" }, names.map((name, place) => h("li", {},
      h("button", { type: "button", class: "lesson-tab", "data-step": name, "aria-current": name === step ? "step" : null, onclick: () => go(name) },
        h("span", { class: "lesson-tab-number" }, String(place + 1)), h("span", {}, stepName(name))))));
    const fold = h("button", { type: "button", class: "tool lesson-fold", "aria-expanded": String(!root.classList.contains("folded")), "aria-label": t("lesson.fold"), title: t("lesson.fold"), onclick: () => {
      fold.setAttribute("aria-expanded", String(!root.classList.toggle("folded")));
      store.emit("layout");
    } }, icon("i-fold"));
    root.setAttribute("aria-label", t(lesson.clinical ? "lesson.case_label" : "lesson.label"));
    live.solved = h("span", { class: "lesson-solved", role: "status" }); // filled when it is, so that it is read out
    root.replaceChildren(
      h("div", { class: "lesson-head" },
        h("p", { class: "lesson-where" }, `${t(`lessons.section.${lesson.section}`)} · ${lesson.number}/${lesson.count}`), live.solved,
        fold, h("button", { type: "button", class: "tool", "aria-label": t("lesson.close"), title: t("lesson.close"), onclick: close }, icon("i-close"))),
      h("h2", { class: "lesson-title" }, lesson.title),
      progress,
      h("div", { class: "lesson-body" },
        h("h3", { class: "lesson-step", tabIndex: -1 }, stepName(step)),
        VIEWS[step]()),
      h("div", { class: "lesson-foot" },
        h("button", { type: "button", class: "button", disabled: at === 0, onclick: () => go(names[at - 1]) }, t("lesson.back")),
        at < names.length - 1
          ? h("button", { type: "button", class: "button strong lesson-next", onclick: () => go(names[at + 1]) }, t("lesson.next", { step: stepName(names[at + 1]) }))
          : h("a", { class: "button", href: `lessons?lang=${currentLanguage()}` }, t("lesson.all"))));
    update();
  }

  /** Where in the notes it comes from. */
  function source() {
    const places = lesson.sources.map(({ notes, heading }) => t("lesson.place", { notes: t(`notes.${notes}`), heading }));
    return h("p", { class: "lesson-source" }, t("lesson.source", { source: places.join(t("lesson.also")) }));
  }

  const paragraphs = (texts) => [texts].flat().map((text) => h("p", {}, text));

  const VIEWS = {
    look: () => [...paragraphs(lesson.look), lesson.clinical ? null : source()],

    predict: () => [
      h("fieldset", { class: "lesson-choices" }, h("legend", {}, lesson.question.text),
        lesson.question.choices.map((text, index) => {
          const input = h("input", { type: "radio", name: "prediction", value: String(index), checked: own.choice === index });
          input.addEventListener("change", () => {
            keep({ choice: index });
            update();
          });
          return h("label", { class: "lesson-choice" }, input, h("span", {}, text));
        })),
      (live.chosen = h("p", { class: "muted lesson-note" }, "")),
    ],

    run: () => {
      live.bar = h("progress", { max: lesson.epochs, value: 0, "aria-label": t("lesson.progress") });
      live.position = h("p", { class: "figure lesson-note" }, "");
      live.unasked = h("p", { class: "lesson-note", hidden: true }, t("lesson.predict_first"));
      return [
        ...paragraphs(lesson.clinical ? t("lesson.examine") : t("lesson.watch")),
        ...(lesson.pretraining ? paragraphs(t("lesson.pretrains", { epochs: lesson.pretraining.epochs })) : []),
        live.unasked,
        h("button", { type: "button", class: "button strong lesson-run", onclick: () => train(lesson.experiment, lesson.pretraining) }, t("lesson.run", { epochs: lesson.epochs })),
        live.bar, live.position,
      ];
    },

    explain: () => {
      const { choices, right } = lesson.question;
      const { choice } = own;
      const verdict = choice === undefined ? t("lesson.answer", { answer: choices[right] }) : choice === right ? t("lesson.right", { answer: choices[right] }) : t("lesson.wrong", { choice: choices[choice] ?? "–", answer: choices[right] });
      return [
        h("p", { class: `lesson-verdict${choice === right ? " right" : ""}` }, verdict),
        ...paragraphs(lesson.why),
        lesson.clinical ? source() : null, // earlier it would name the fault
        h("details", { class: "lesson-claims" }, h("summary", {}, t("lesson.claims")),
          h("ul", {}, lesson.claims.map((claim) => h("li", {}, claimText(claim))))),
      ];
    },

    task: () => {
      live.conditions = lesson.task.conditions.map(() => h("li", { class: "lesson-condition" }));
      live.kept = lesson.task.keep.length ? h("li", { class: "lesson-condition" }) : null;
      live.judged = h("p", { class: "muted lesson-note" }, "");
      live.success = h("div", { class: "lesson-success", hidden: true });
      const hint = h("details", { class: "lesson-claims" }, h("summary", {}, t("lesson.hint")), h("p", {}, lesson.hint));
      return [
        ...paragraphs(lesson.task.text),
        h("ul", { class: "lesson-conditions" }, live.conditions, live.kept),
        live.judged,
        live.success,
        hint,
        h("div", { class: "lesson-buttons" },
          h("button", { type: "button", class: "button", onclick: prepare }, t("lesson.again")),
          h("button", { type: "button", class: "button lesson-solution", onclick: () => {
            keep({ helped: true });
            train(lesson.solution, lesson.solution_pretraining);
          } }, t("lesson.solution"))),
      ];
    },
  };

  function claimText(claim) {
    const who = claim.minus === null ? LETTERS[claim.panel] : `${LETTERS[claim.panel]} − ${LETTERS[claim.minus]}`;
    return t(`lesson.claim.${claim.over}`, { who, epoch: claim.epoch, quantity: t(`quantity.${claim.quantity}`), range: range(claim) });
  }

  /** The name of a setting to be kept. */
  function settingName(name) {
    if (name === "data") return t("data.heading");
    if (name === "seeds") return t("lesson.seeds");
    const [list, field] = name.startsWith("data.") ? [store.boot.form.data, name.slice(5)] : [store.boot.form.network, name];
    return list.find((descriptor) => descriptor.name === field)?.label ?? field;
  }

  // ---- what changes while it trains ----

  function check() {
    if (!lesson) return;
    const winner = own.solved ? -1 : run.winner(lesson);
    if (winner >= 0) {
      keep({ solved: true });
      winnerLetter = LETTERS[winner];
    }
    follow();
  }

  function follow() {
    if (!lesson) return;
    if (run.follow(lesson)) say(t("lesson.ran"), true);
    update();
  }

  function update() {
    if (!lesson || !store.experiment) return;
    const { solved, choice } = own;
    if (solved && !live.solved.firstChild) live.solved.append(icon("i-check"), t("lessons.solved"));
    Object.assign(root.dataset, { name: lesson.id, ran: String(run.done), solved: String(Boolean(solved)) });
    if (live.bar) {
      const epochs = run.pretraining ?? lesson.epochs;
      const epoch = Math.min(Math.floor(run.epoch), epochs);
      live.bar.max = epochs;
      live.bar.value = run.done ? epochs : epoch;
      live.unasked.hidden = lesson.clinical || choice !== undefined;
      setText(live.position, run.done ? t("lesson.ran") : t(run.pretraining ? "lesson.pretraining" : "lesson.position", { epoch, epochs }));
    }
    if (live.chosen) setText(live.chosen, t(`lesson.${choice === undefined ? "choose" : "chosen"}${lesson.clinical ? "_clinic" : ""}`));
    if (live.conditions && store.frame) standing();
  }

  /** The check list, for the panel that is nearest to the goal. */
  function standing() {
    const all = run.standings(lesson);
    const score = ({ conditions, different }) => conditions.filter(({ met }) => met).length + (different.length ? 0 : 1);
    const best = all.reduce((found, each, index) => (score(each) > score(all[found]) ? index : found), Math.min(store.selectedIndex, all.length - 1));
    const { conditions, different } = all[best];
    conditions.forEach((condition, place) => {
      mark(live.conditions[place], condition.met, `${t(`quantity.${condition.quantity}`)} ${range(condition)}`, written(condition.quantity, condition.value));
    });
    if (live.kept) {
      const names = (different.length ? different : lesson.task.keep).map(settingName).join(t("lesson.and"));
      mark(live.kept, !different.length, t(different.length ? "lesson.put_back" : "lesson.keep", { settings: names }), "");
    }
    setText(live.judged, store.panels.length > 1 ? t("lesson.judged", { letter: LETTERS[best] }) : "");
    const { solved } = own;
    if (solved && live.success.hidden) {
      live.success.replaceChildren(h("p", {}, icon("i-check"), h("strong", {}, winnerLetter ? t("lesson.success", { letter: winnerLetter }) : t("lesson.well_done"))),
        lesson.next ? h("button", { type: "button", class: "button strong", onclick: () => open(lesson.next.id) }, t("lesson.following", { title: lesson.next.title })) : null);
    }
    live.success.hidden = !solved;
  }

  function mark(element, met, text, value) {
    const key = `${met} ${text} ${value}`;
    if (element.dataset.key === key) return;
    element.dataset.key = key;
    element.classList.toggle("met", met);
    element.replaceChildren(h("span", { class: "lesson-mark", role: "img", "aria-label": t(met ? "lesson.met" : "lesson.unmet") }, met ? "✓" : "○"), h("span", {}, text), h("span", { class: "figure lesson-value" }, value));
  }

  store.on("frame", check);
  store.on("view-message", (kind) => {
    if (kind === "gradient_check") check();
  });
  store.on("state", update);
  store.on("select", update);
  store.on("diverged", follow);
  store.on("stopped", follow);
  store.on("boot", async () => {
    if (!lesson) return;
    const again = await ask(lesson.id);
    if (!again || again.id !== lesson?.id) return;
    lesson = again;
    show();
  });

  return {
    get active() {
      return Boolean(lesson);
    },
    /** The lesson in the address; without a state of the visitor's own its prepared panels are opened. */
    async readAddress() {
      const name = new URLSearchParams(location.search).get(PARAMETER);
      if (!name || !NAME.test(name)) return;
      take(await ask(name));
      place();
      if (!lesson) return;
      if (location.hash.length < 2) begin(lesson.link);
      go("look", false);
      showPanels();
    },
  };
}
