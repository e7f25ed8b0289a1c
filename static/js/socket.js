// The line to the server. It opens with the link of the page. After a break it goes on by itself
// (waiting a little longer each time): it hands the newest checkpoint over, so that any server
// continues the same run, or else the newest link. It says what it is doing, because a page that
// silently stopped learning teaches the wrong thing.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/**
 * @param {{link: () => string, saved: () => ArrayBuffer|null, onEvent: (event: any) => void, onBinary: (buffer: ArrayBuffer) => void,
 *          onStatus: (status: "connecting"|"open"|"waiting", detail?: any) => void}} handlers — the detail is seconds to wait, or whether an earlier run goes on
 */
export function createSocket({ link, saved, onEvent, onBinary, onStatus }) {
  let socket = null;
  let wait = FIRST_WAIT;
  let timer = 0;

  function connect() {
    clearTimeout(timer);
    onStatus("connecting");
    const address = new URL("ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.search = "";
    address.hash = "";
    const line = new WebSocket(address);
    socket = line;
    line.binaryType = "arraybuffer";
    line.onopen = () => {
      const checkpoint = saved();
      if (checkpoint) line.send(checkpoint);
      else line.send(JSON.stringify({ type: "open", link: link() }));
      onStatus("open", Boolean(checkpoint));
    };
    line.onmessage = ({ data }) => {
      if (line !== socket) return;
      wait = FIRST_WAIT;
      if (typeof data === "string") onEvent(JSON.parse(data));
      else onBinary(data);
    };
    line.onclose = () => {
      if (line !== socket) return;
      onStatus("waiting", Math.ceil(wait / 1000));
      timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  /** False when there is nobody to hear it. @param {object} command */
  function send(command) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(command));
    return true;
  }

  /** Connects at once. */
  function reconnect() {
    const old = socket;
    socket = null;
    old?.close();
    wait = FIRST_WAIT;
    connect();
  }

  addEventListener("online", () => socket?.readyState !== WebSocket.OPEN && reconnect());
  return { connect, send, reconnect };
}
