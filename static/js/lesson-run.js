// The run of a lesson: prepared, trained from its start to the lesson's last epoch (or to where no
// panel can go on), after a pretraining if there is one, and judged. What is asked for begins with
// another run of the server's; until that is there, frames of the run before still come, and neither
// end this one nor solve its task.

import { rowOf } from "./frames.js";
import { judge } from "./judge.js";

/** Of the gradient check, which is asked for when a run ends. */
const CHECKED = new Set(["check_error", "first_check_error"]);

/** @param {any} store @param {Record<string, any>} commands */
export function createLessonRun(store, commands) {
  /** @type {"idle"|"running"|"done"} */
  let phase = "idle";
  /** The epoch that a run which was started here ends at, */
  let last = 0;
  /** and what comes after it where it is a pretraining. @type {{experiment: any, epochs: number}|null} */
  let after = null;
  /** The server's run when another was asked for, until that is there. */
  let before = null;
  /** Answers of the gradient check, by the panel's id. @type {Map<number, any>} */
  const checked = new Map();

  const epoch = () => Math.max(0, ...store.panels.map(({ id }) => store.history.get(id)?.now?.epoch ?? 0));
  const stuck = () => store.panels.length > 0 && store.panels.every(({ id }) => store.diverged.has(id) || store.stopped.has(id));

  /** The gradient check of every panel; the selected one's comes last and stays in its tab. */
  function checkGradients() {
    const own = store.selectedIndex;
    for (const index of [...store.panels.keys()].filter((each) => each !== own).concat(own)) commands.ask(index, "gradient_check");
  }

  /** What the gradient check has said of a panel as it is at this epoch. */
  function errors(panel, epoch) {
    const { run, about, tensors } = checked.get(panel) ?? {};
    return run === store.run && Math.abs(Number(about?.epoch) - epoch) < 1e-3 ? { check_error: Number(about.error), first_check_error: tensors.errors.data[0] } : {};
  }

  store.on("state", () => {
    if (store.run !== before) before = null;
  });
  store.on("view-message", (kind) => {
    const message = store.seenViews.get(kind);
    if (message && kind === "gradient_check") checked.set(Number(message.about.panel), message);
  });

  return {
    /** How far it is. */
    get epoch() {
      return before === null ? epoch() : 0;
    },
    /** Epochs of the pretraining that goes on, or null. */
    get pretraining() {
      return after && last;
    },
    get done() {
      return phase === "done";
    },
    /** Shows an experiment at its start. */
    prepare(experiment) {
      this.leave();
      before = store.run;
      commands.pause();
      commands.configure(experiment);
    },
    /** Trains an experiment from its start to an epoch, after a pretraining if it has one. */
    start(experiment, epochs, first) {
      phase = "running";
      last = first?.epochs ?? epochs;
      after = first ? { experiment, epochs } : null;
      before = store.run;
      commands.configure({ ...(first?.experiment ?? experiment), speed: store.experiment.speed });
      commands.play(last);
    },
    /** It is nobody's run any more, and goes on as it likes. */
    leave() {
      phase = "idle";
      after = null;
    },
    /** Ends the run with its last epoch. @returns {boolean} whether it has just ended */
    follow(lesson) {
      if (phase !== "running" || store.run === before || (epoch() < last && !stuck())) return false;
      if (store.playing) commands.pause();
      if (after) {
        before = store.run;
        last = after.epochs;
        commands.transfer(after.experiment);
        commands.play(last);
        after = null;
        return false;
      }
      phase = "done";
      if (lesson.task.conditions.some(({ quantity }) => CHECKED.has(quantity))) checkGradients();
      return true;
    },
    /** How every panel does in a lesson's task, at one of the newest frame's times or at its end. */
    standings(lesson, time = store.frame.tensors.epoch.data.length - 1) {
      return store.panels.map((panel, index) => {
        const row = rowOf(store.frame.tensors, time, index);
        return judge(lesson, store.experiment, index, { ...row, ...errors(panel.id, row.epoch) }, panel.parameters);
      });
    },
    /** The place of the first panel that has solved the task at any of the newest frame's times, or -1. */
    winner(lesson) {
      if (!store.frame || store.run === before) return -1;
      for (const time of store.frame.tensors.epoch.data.keys()) {
        const found = this.standings(lesson, time).findIndex(({ solved }) => solved);
        if (found >= 0) return found;
      }
      return -1;
    },
  };
}
