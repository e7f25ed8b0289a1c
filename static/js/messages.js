// What an embedded page and the page around it say to each other, version 1; docs/embed.md is the
// reference. Every message is an object {app, version, type, …}. Who may steer is a list of the
// server's; whoever else embeds the page learns its height and that it is ready, and no more.

import { throttle } from "./dom.js";
import { SCALARS } from "./frames.js";
import { LETTERS } from "./palette.js";
import { titles } from "./titles.js";

const APP = "nn-playground";
const VERSION = 1;
/** ms between two messages with metrics. */
const PACE = 250;
/** Actions without anything more to say (but for the epoch at which playing is to stop), by the names they have here and in the commands. */
const PLAIN = { play: "play", pause: "pause", step: "update", epoch: "epoch", reset: "reset", rewind: "rewind" };

/** @param {string} origin @param {string[]} allowed */
const mayspeak = (origin, allowed) => origin === location.origin || allowed.includes("*") || allowed.includes(origin);

/**
 * @param {any} store @param {Record<string, any>} commands what may be asked for: those of `PLAIN`, and `set(message)`,
 *   which returns what is wrong with it or nothing
 * @param {string[]} allowed origins besides our own
 */
export function createMessages(store, commands, allowed) {
  const alone = parent === window;
  /** The origin of the page around, once it has said something and may; a frame without an origin can only be answered openly. */
  let hearer = null;
  let ready = false;

  const pack = (type, content) => ({ app: APP, version: VERSION, type, ...content });
  /** To anyone: nothing that would not be known anyway. */
  const announce = (type, content) => alone || parent.postMessage(pack(type, content), "*");
  const tell = (type, content) => hearer && parent.postMessage(pack(type, content), hearer);

  function state() {
    const names = titles(store.boot.form.network, store.experiment.panels, store.boot.catalog);
    return {
      playing: store.playing, run: store.run, link: store.link, experiment: store.experiment,
      panels: store.panels.map(({ units, parameters, loss }, index) => ({ letter: LETTERS[index], title: names[index], units, parameters, loss })),
    };
  }
  /** What a panel has no figure for is null. */
  const figures = (row) => Object.fromEntries(["epoch", ...SCALARS].map((name) => [name, Number.isFinite(row?.[name]) ? row[name] : null]));
  const metrics = () => ({
    run: store.run,
    panels: store.panels.map(({ id }, index) => ({
      letter: LETTERS[index], ...figures(store.history.get(id)?.now), diverged: store.diverged.has(id), stopped: store.stopped.has(id) })),
  });

  const answers = { ready: () => ({}), state, metrics };

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || alone || data?.app !== APP) return;
    const { id } = data;
    const back = origin === "null" ? "*" : origin;
    if (!mayspeak(origin, allowed)) {
      parent.postMessage(pack("error", { id, code: "origin", message: `The playground's setting embed-origins does not list ${origin}.` }), back);
      return;
    }
    hearer = back;
    const refuse = (code, message) => tell("error", { id, code, message });
    if (data.version !== VERSION) refuse("version", `This is version ${VERSION} of the messages.`);
    else if (!ready) refuse("not_ready", "Wait for the message “ready”.");
    else if (Object.hasOwn(answers, data.type)) tell(data.type, { id, ...answers[data.type]() });
    else if (Object.hasOwn(PLAIN, data.type)) commands[PLAIN[data.type]](data.until);
    else if (data.type === "set") {
      const wrong = commands.set(data);
      if (wrong) refuse("set", wrong);
    } else refuse("unknown_type", `Known types: ${[...Object.keys(answers), ...Object.keys(PLAIN), "set"].join(", ")}.`);
  });

  const tellMetrics = throttle(PACE, () => tell("metrics", metrics()));
  store.on("state", () => tell("state", state()));
  store.on("frame", tellMetrics);

  return {
    /** The first picture is there. @returns {boolean} whether it is said now */
    ready() {
      if (ready) return false;
      ready = true;
      announce("ready");
      return true;
    },
    height(height) {
      announce("height", { height });
      if (!alone) parent.postMessage({ subject: "lti.frameResize", height }, "*");
    },
    solved: (content) => tell("solved", content),
    error: ({ code, path, params, message }) => tell("error", { code, path, params, message }),
  };
}
