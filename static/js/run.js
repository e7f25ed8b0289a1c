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
 *          onOpen: (resumed: boolean) => void}} page — `autoplay`: training begins with the first drawing;
 *          `onOpen`: the line is there, and the server goes on with an earlier run or begins a new one
 */
export function createRun(store, { link, autoplay, draw, onState, onError, onOpen }) {
  const undrawn = [];
  let started = false;
  /** What is said of the server now, to be said again in another language. */
  let load = null;
  let broken = null;
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
      onState(event);
      if (started) wantsToPlay = store.playing;
    } else if (event.type === "error") {
      // The first answer to a checkpoint after a break; where a run is there already, it just stays where it is.
      if (store.jump === null && checkpoint.newest()) restart();
      onError(event);
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
    commands, loop, send, restart,
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
