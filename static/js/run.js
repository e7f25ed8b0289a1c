// The run as a page has it: the line to the server, the store that what it says goes into, the loop
// that draws it, and the commands. The playground and the embedded page both stand on this; what
// they show, and what else they do when the state changes, is theirs.

import { createCheckpoint } from "./checkpoint.js";
import { prefersStill, setText } from "./dom.js";
import { plain } from "./format.js";
import { decode } from "./frames.js";
import { t } from "./i18n.js";
import { createLoop } from "./loop.js";
import { say, toast, wording } from "./notices.js";
import { LETTERS } from "./palette.js";
import { createSocket } from "./socket.js";

/**
 * @param {any} store
 * @param {{link: () => string, autoplay: boolean, draw: () => void, onState: (event: any) => void, onError: (event: any) => void,
 *          onRefused: (event: any) => void, onOpen: (resumed: boolean) => void}} page — `autoplay`: training begins with the first drawing;
 *          `onRefused`: an error that is about a link, which has been said here already; `onOpen`: the line is there, and the server
 *          goes on with an earlier run or begins a new one
 */
export function createRun(store, { link, autoplay, draw, onState, onError, onRefused, onOpen }) {
  const undrawn = [];
  let started = false;
  /** What is said of the server now, to be said again in another language. */
  let load = null;
  let broken = null;
  /** A link is being opened: what is wrong until the state that answers is wrong with it. */
  let opening = false;
  /** What was wrong with the latest link, whether the run of before was kept, and what says so. */
  let refused = { errors: [], kept: false, element: null };
  /** A link that was to be opened while there was no line. @type {string|null} */
  let asked = null;
  const checkpoint = createCheckpoint((whole) => store.receiveCheckpoint(decode(whole), whole));
  /** After a break the run goes on only if it was going on before. */
  let wantsToPlay = autoplay;

  const socket = createSocket({
    link: () => store.link ?? link(),
    saved: checkpoint.newest,
    onEvent: receive,
    onBinary(buffer) {
      const message = decode(buffer);
      if (message.kind === "checkpoint") {
        checkpoint.keep(buffer);
        return;
      }
      if (message.kind === "part") {
        checkpoint.add(message);
        return;
      }
      if (message.kind === "data") {
        store.receiveData(message);
        return;
      }
      if (message.kind !== "frame") {
        store.receiveView(message);
        return;
      }
      undrawn.push(message.frame);
      store.receiveFrame(message);
      loop.frame();
    },
    onStatus: showConnection,
  });

  /** True when it is under way; else the visitor is told. */
  const send = (command) => socket.send(command) || unheard();
  const unheard = () => {
    toast(t("connection.lost"), "fault");
    return false;
  };

  /** Events of the server. */
  function receive(event) {
    if (event.type === "state") {
      const kept = event.run === store.run;
      onState(event);
      if (started) wantsToPlay = store.playing;
      answer(kept);
      if (asked !== null) open(asked);
    } else if (event.type === "error") {
      // The first answer to a checkpoint after a break; where a run is there already, it just stays where it is.
      if (store.jump === null && checkpoint.newest()) restart();
      if (opening) refuse(event);
      else onError(event);
    } else if (event.type === "change") {
      store.receiveChange(event);
    } else if (event.type === "notice") {
      toast(wording(event, "notice"));
    } else if (event.type === "load") {
      showLoad(event);
    } else if (event.type === "diverged") {
      store.receiveDivergence(event);
      say(t("status.diverged", { letter: letterOf(event.panel) }), true);
    } else if (event.type === "stopped") {
      store.receiveStop(event);
      say(t("status.stopped", { letter: letterOf(event.panel), text: wording(event, "stopped") }), true);
    }
  }

  /** What is wrong with a link has no control to stand beside: they show what holds instead. */
  function refuse(event) {
    refused.errors.push(event);
    // No state answers what is too long to be read. Who has no experiment yet takes the first one.
    if (!event.path?.length || event.path[0] === "link") {
      if (store.run === null) socket.send({ type: "open", link: "" });
      else answer(true);
    }
    onRefused(event);
  }

  /** The link is answered. Only now is it said what was wrong with it, for another experiment takes earlier faults away. */
  function answer(kept) {
    opening = false;
    if (!refused.errors.length || refused.element) return;
    refused.kept = kept;
    tellRefused();
  }

  /** It stays until it is closed, or over: who follows a link should not miss why something else is shown. */
  function tellRefused() {
    const { errors, kept } = refused;
    const sentences = errors.map((event) => {
      const [place, panel] = event.path ?? [];
      const text = wording(event, "error");
      return place === "panels" && panel > 0 ? t("settings.in_panel", { letter: LETTERS[panel], text }) : text;
    });
    refused.element = toast([t("link.refused"), ...sentences, t(kept ? "link.kept" : "link.default")], "fault", Infinity);
  }

  const letterOf = (id) => LETTERS[store.panels.findIndex((panel) => panel.id === id)] ?? "";

  /** Says that the server is busy, so that nobody takes slow pictures for slow learning. */
  function showLoad(event) {
    load = event;
    const line = document.getElementById("load");
    line.hidden = !event?.busy;
    if (event?.busy) setText(line, t("load.busy", { rate: plain(event.rate) }));
  }

  /** Why there is no line. */
  const tellLost = ({ farewell, seconds }) => setText(document.getElementById("connection"), farewell ? wording(farewell, "error") : t("connection.waiting", { seconds }));

  function showConnection(status, detail) {
    const line = document.getElementById("connection");
    const lost = status === "waiting" || status === "asleep";
    if (lost) {
      broken = detail;
      tellLost(broken);
      line.classList.toggle("alone", !store.panels.length);
      say(line.textContent);
      showLoad(null);
    } else if (status === "open" && !line.hidden) say(t("connection.back"), true);
    if (lost || status === "open") line.hidden = !lost;
    document.body.classList.toggle("offline", lost);
    if (lost) {
      undrawn.length = 0;
      store.emit("lost");
    }
    if (status !== "open") return;
    broken = null;
    store.jump = null;
    expectAnswer(!detail);
    if (!detail) {
      // A new session counts its runs and panels anew; what is shown stays until its first state.
      started = false;
      store.run = null;
    }
    onOpen(Boolean(detail));
  }

  store.on("boot", () => {
    if (broken) tellLost(broken);
    showLoad(load);
    if (!refused.element?.isConnected) return;
    refused.element.remove();
    tellRefused();
  });

  /** One drawing, then the acknowledgement of every frame that came. */
  const loop = createLoop(() => {
    draw();
    const newest = undrawn.at(-1);
    undrawn.length = 0;
    if (newest !== undefined) socket.send({ type: "ack", frame: newest });
    if (!store.frame || started) return;
    started = true;
    if (!store.playing && wantsToPlay && !prefersStill()) send({ type: "play" });
  });

  /** Begins anew with the store's link, without what was learned. */
  function restart() {
    checkpoint.keep(null);
    socket.reconnect();
  }

  /** What was wrong with an earlier link is over. @param {boolean} yes whether another is under way */
  function expectAnswer(yes) {
    opening = yes;
    refused.element?.remove();
    refused = { errors: [], kept: false, element: null };
  }

  /** Another link of ours. The server keeps the run of now if the link makes no sense. @param {string} link */
  function open(link) {
    asked = null;
    if (store.run === null) {
      store.link = link;
      restart();
    } else if (!broken && socket.send({ type: "open", link })) {
      expectAnswer(true);
    } else {
      asked = link;
      socket.reconnect();
    }
  }

  const commands = {
    toggle: () => send({ type: store.playing ? "pause" : "play" }),
    /** @param {number|null} [until] the epoch to stop at */
    play: (until) => send({ type: "play", until }),
    pause: () => send({ type: "pause" }),
    update: () => send({ type: "step" }),
    epoch: () => send({ type: "epoch" }),
    reset: () => send({ type: "reset" }),
    rewind: () => send({ type: "rewind" }),
    duplicate: (panel) => send({ type: "duplicate", panel }),
    remove: (panel) => send({ type: "remove", panel }),
    speed: (value) => send({ type: "speed", value }),
    slow: (rate) => send({ type: "slow", rate }),
    seeds: (value) => send({ type: "seeds", value }),
    set: (name, value, panels) => send({ type: "set", name, value, panels }),
    setData: (name, value) => send({ type: "set_data", name, value, keep: store.view.keep }),
    configure: (experiment) => send({ type: "configure", experiment }),
  };

  return {
    commands, loop, send, open,
    /** Training does not begin by itself. */
    hold() {
      wantsToPlay = false;
    },
    connect: socket.connect,
    /** What is said of its own accord; false when there is nobody to hear it, which need not be told. */
    mention: socket.send,
    /** Has the server go to another moment of the run, and stay there. @param {ArrayBuffer} moment */
    jump: socket.sendBytes,
  };
}
