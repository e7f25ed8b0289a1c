// The line to the server. It opens with the link of the page. After a break it goes on by itself
// (waiting a little longer each time): it hands the newest checkpoint over, so that any server
// continues the same run, or else the newest link. It says what it is doing, because a page that
// silently stopped learning teaches the wrong thing. A line may be cut without a word, but a server
// is never silent for long, so silence is a break as well. A server that ends the line says why: where it
// is full it says when to come back, where it restarts the page comes back at once, and where the
// page was not used for long the page sleeps until it is used again.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** A line that held for so long was a good one. */
const GOOD = 10_000;
/** A server says something every five seconds, if only that it is there. */
const SILENCE = 15_000;
/** A page that was not running for so long must listen again before it knows. */
const PAUSE = 3_000;
/** Close codes, see app/refusals.py. */
const CUT = 1006;
const RESTART = 1012;
const IDLE = 4000;
/** Errors that are said just before the line is closed. */
const FAREWELLS = ["full", "full_address", "closing", "idle", "too_many_messages", "no_message", "internal"];

/**
 * @param {{link: () => string, saved: () => ArrayBuffer|null, onEvent: (event: any) => void, onBinary: (buffer: ArrayBuffer) => void,
 *          onStatus: (status: "connecting"|"open"|"waiting"|"asleep", detail?: any) => void}} handlers — the detail of "open" is whether
 *          an earlier run goes on, of the others the seconds to wait and the server's farewell, if it said one
 */
export function createSocket({ link, saved, onEvent, onBinary, onStatus }) {
  let socket = null;
  /** An embedded page that nobody has seen yet takes no place. */
  let begun = false;
  let wait = FIRST_WAIT;
  let timer = 0;
  let asleep = false;
  let waking = false;
  let opened = Infinity;
  /** When something was heard, and when the clock was looked at, which goes on while a machine sleeps. */
  let heard = 0;
  let looked = 0;
  /** What was said while asleep or waking. @type {string[]} */
  let queue = [];

  function connect() {
    abandon();
    clearTimeout(timer);
    begun = true;
    asleep = false;
    onStatus("connecting");
    const address = new URL("ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.search = "";
    address.hash = "";
    const line = new WebSocket(address);
    let farewell = null;
    socket = line;
    opened = Infinity;
    heard = Date.now();
    line.binaryType = "arraybuffer";
    line.onopen = () => {
      opened = performance.now();
      const checkpoint = saved();
      if (checkpoint) line.send(checkpoint);
      else line.send(JSON.stringify({ type: "open", link: link() }));
      onStatus("open", Boolean(checkpoint));
      for (const command of queue) line.send(command);
      queue = [];
      waking = false;
    };
    line.onmessage = ({ data }) => {
      if (line !== socket) return;
      heard = Date.now();
      if (typeof data !== "string") {
        onBinary(data);
        return;
      }
      const event = JSON.parse(data);
      if (event.type === "error" && FAREWELLS.includes(event.code)) farewell = event;
      else onEvent(event);
    };
    line.onclose = ({ code }) => line === socket && ended(code, farewell);
  }

  function ended(code, farewell) {
    waking = false;
    queue = [];
    if (performance.now() - opened > GOOD || code === RESTART) wait = FIRST_WAIT;
    if (code === IDLE) {
      asleep = true;
      onStatus("asleep", { farewell });
      return;
    }
    if (code === RESTART) farewell ??= { code: "closing", params: {} };
    const seconds = farewell?.params?.seconds;
    const pause = code === RESTART ? 0 : seconds ? 1000 * seconds : wait;
    onStatus("waiting", { seconds: Math.ceil(pause / 1000), farewell });
    timer = setTimeout(connect, pause * (0.75 + Math.random() / 2));
    if (!seconds) wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function listen() {
    const now = Date.now();
    if (now - looked > PAUSE) heard = Math.max(heard, now - SILENCE / 2);
    looked = now;
    if (!socket || socket.readyState > WebSocket.OPEN || now - heard <= SILENCE) return;
    abandon();
    ended(CUT, null);
  }

  function abandon() {
    const old = socket;
    socket = null;
    old?.close();
  }

  /** False when there is nobody to hear it. @param {object} command */
  function send(command) {
    const text = JSON.stringify(command);
    wake();
    if (asleep || waking) {
      queue.push(text);
      return true;
    }
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(text);
    return true;
  }

  /**
   * False when there is nobody to take it. While the line wakes they are not kept, since the server first
   * has to be where the page is: whoever wants them there sends them when it has said so.
   * @param {ArrayBuffer} bytes
   */
  function sendBytes(bytes) {
    wake();
    if (socket?.readyState !== WebSocket.OPEN) return waking;
    socket.send(bytes);
    return true;
  }

  /** Connects at once, if it ever was to be connected. */
  function reconnect() {
    if (!begun) return;
    wait = FIRST_WAIT;
    connect();
  }

  function wake() {
    if (!asleep || document.hidden) return;
    waking = true;
    reconnect();
  }

  setInterval(listen, 1000);
  addEventListener("online", () => !asleep && socket?.readyState !== WebSocket.OPEN && reconnect());
  for (const use of ["pointerdown", "keydown"]) addEventListener(use, wake, { capture: true, passive: true });
  document.addEventListener("visibilitychange", wake);
  return { connect, send, sendBytes, reconnect };
}
