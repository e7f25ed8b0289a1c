// Starts the page and connects its parts. Data go round in one direction: a control makes a
// command, the command goes to the server, the server's events and frames go into the store,
// and the store tells the views. Only this module knows all of them.

import { createCharts } from "./charts.js";
import { createData } from "./data.js";
import { prefersStill } from "./dom.js";
import { decode } from "./frames.js";
import { t } from "./i18n.js";
import { createKeyboard } from "./keyboard.js";
import { createLoop } from "./loop.js";
import { say, toast, wording } from "./notices.js";
import { LETTERS } from "./palette.js";
import { createLanguage, createSheets, createTheme, share } from "./page.js";
import { createPanels } from "./panels.js";
import { createSettings } from "./settings.js";
import { createSocket } from "./socket.js";
import { createStore } from "./store.js";
import { createTransport } from "./transport.js";
import { createVary } from "./vary.js";

const store = createStore();
const undrawn = [];
let started = false;
/** The column and name of the setting that was changed last. */
let touched = null;

const send = (command) => socket.send(command) || toast(t("connection.lost"), "fault");
const commands = {
  toggle: () => send({ type: store.playing ? "pause" : "play" }),
  update: () => send({ type: "step" }),
  epoch: () => send({ type: "epoch" }),
  reset: () => send({ type: "reset" }),
  rewind: () => send({ type: "rewind" }),
  add: () => send({ type: "duplicate", panel: store.selectedIndex }),
  duplicate: (panel) => send({ type: "duplicate", panel }),
  remove: (panel) => send({ type: "remove", panel }),
  speed: (value) => send({ type: "speed", value }),
  set(name, value, panels) {
    touched = { column: settings, path: [store.selectedIndex, name] };
    send({ type: "set", name, value, panels });
  },
  setData(name, value) {
    touched = { column: data, path: [name] };
    send({ type: "set_data", name, value, keep: store.view.keep });
  },
  vary: (variation, values, panel) => send({ type: "vary", variation, values, panel }),
};

const loop = createLoop(draw);
const theme = createTheme(store);
const language = createLanguage(store);
const panels = createPanels(store, commands, loop);
const settings = createSettings(store, commands);
const data = createData(store, commands);
const transport = createTransport(store, commands);
const charts = createCharts(store, loop);
const vary = createVary(store, commands);

const discretize = document.getElementById("discretize");
const testData = document.getElementById("test-data");
discretize.addEventListener("change", () => store.look({ discretize: discretize.checked }));
testData.addEventListener("change", () => store.look({ testData: testData.checked }));

const actions = {
  ...commands,
  share,
  vary: vary.open,
  help: () => keyboard.open(),
  theme: theme.next,
  language: language.toggle,
  faster: () => transport.nudge(1),
  slower: () => transport.nudge(-1),
  discretize: () => discretize.click(),
  testData: () => testData.click(),
};
const keyboard = createKeyboard(actions, (index) => store.panels[index] && store.select(store.panels[index].id));
for (const button of document.querySelectorAll("[data-action]")) button.addEventListener("click", () => actions[button.dataset.action]());

const socket = createSocket({
  link: () => store.link || location.hash.slice(1),
  onEvent: receive,
  onBinary(buffer) {
    const message = decode(buffer);
    if (message.kind === "data") {
      store.receiveData(message);
      return;
    }
    undrawn.push(message.frame);
    store.receiveFrame(message);
    loop.frame();
  },
  onStatus: showConnection,
});

/** Events of the server. */
function receive(event) {
  if (event.type === "state") {
    store.receiveState(event);
    const hash = `#${event.link}`;
    if (location.hash !== hash) history.replaceState(null, "", location.pathname + location.search + hash);
  } else if (event.type === "error") {
    showError(event);
  } else if (event.type === "notice") {
    toast(wording(event, "notice"));
  } else if (event.type === "diverged") {
    store.receiveDivergence(event);
    const index = store.panels.findIndex((panel) => panel.id === event.panel);
    say(t("status.diverged", { letter: LETTERS[index] ?? "" }), true);
  } else if (event.type === "stopped") {
    store.receiveStop(event);
    const letter = LETTERS[store.panels.findIndex((panel) => panel.id === event.panel)] ?? "";
    say(t("status.stopped", { letter, text: wording(event, "stopped") }), true);
  }
}

/** An error goes beside its control; without one it becomes a toast. */
function showError(event) {
  const [place, ...path] = event.path ?? [];
  const name = place === "panels" ? path[1] : path[0];
  const column = place === "panels" ? settings : place === "data" ? data : null;
  const descriptor = column?.find(name);
  const elsewhere = place === "panels" && path[0] !== store.selectedIndex && store.panels[path[0]];
  const plain = wording(event, "error", unitAt(descriptor, path));
  const text = elsewhere ? t("settings.in_panel", { letter: LETTERS[path[0]], text: plain }) : plain;
  if (vary.fail(text)) return;
  if (place === "speed" && transport.fail(path, wording(event, "error"))) return;
  const shown = column?.fail(path, text) ?? false;
  // What cannot go together is said at the setting the server names and also where the hand was.
  const away = event.code === "impossible" && touched && (touched.column !== column || touched.path.at(-1) !== name);
  const atHand = (away || (!shown && event.code === "impossible" && touched)) && touched.column.fail(touched.path, text);
  if (!shown && !atHand) toast(text, "fault");
}

/** The unit of the innermost number the path leads to, so limits are shown as they are typed. */
function unitAt(descriptor, path) {
  if (!descriptor) return "";
  const parts = descriptor.kind === "layers" ? descriptor.layer : (store.boot.catalog[descriptor.family] ?? []).flatMap((entry) => entry.parameters);
  return parts.find((part) => path.includes(part.name))?.unit ?? descriptor.unit;
}

function showConnection(status, seconds) {
  const line = document.getElementById("connection");
  const lost = status === "waiting";
  if (lost) line.textContent = t("connection.waiting", { seconds });
  else if (status === "open" && !line.hidden) say(t("connection.back"), true);
  if (lost || status === "open") line.hidden = !lost;
  document.body.classList.toggle("offline", lost);
  if (lost) undrawn.length = 0;
  if (status !== "open") return;
  // A new session counts its runs and panels anew; what is shown stays until its first state.
  started = false;
  store.run = null;
}

/** One drawing: boundaries and numbers, then the acknowledgement of every frame that came. */
function draw() {
  panels.draw();
  transport.draw();
  charts.draw();
  const newest = undrawn.at(-1);
  undrawn.length = 0;
  if (newest !== undefined) socket.send({ type: "ack", frame: newest });
  if (!store.frame) return;
  requestAnimationFrame(charts.load);
  if (started) return;
  started = true;
  if (!store.playing && wantsToPlay && !prefersStill()) send({ type: "play" });
}

/** After a break the run goes on only if it was going on before. */
let wantsToPlay = true;
store.on("state", () => {
  if (started) wantsToPlay = store.playing;
});

addEventListener("hashchange", () => {
  const link = location.hash.slice(1);
  if (link === store.link) return;
  store.link = link;
  settings.clear();
  data.clear();
  socket.reconnect();
});

createSheets();
const boot = JSON.parse(document.getElementById("boot").textContent);
const wanted = language.wanted(boot.lang);
language.use(boot);
if (wanted !== boot.lang) language.change(wanted);
socket.connect();
