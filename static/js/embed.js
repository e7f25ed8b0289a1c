// Starts the page that stands inside of other pages. It is the playground with less around it: the
// same store, loop, line and panels; what else is shown, hidden, locked and begun says the address
// (docs/embed.md), and the page around may steer it by messages.

import { createArrangement } from "./arrange.js";
import { createBayes } from "./bayes.js";
import { createCharts } from "./charts.js";
import { nextTime } from "./controls.js";
import { createData } from "./data.js";
import { same } from "./dom.js";
import { readGoal, solvedBy } from "./goal.js";
import { createHidden } from "./hidden.js";
import { setLanguage, t } from "./i18n.js";
import { createKeyboard } from "./keyboard.js";
import { createLocks } from "./locks.js";
import { createMessages } from "./messages.js";
import { clearFaults, say, toast, wording } from "./notices.js";
import { LETTERS } from "./palette.js";
import { createPanels } from "./panels.js";
import { createResolved } from "./resolved.js";
import { createRest } from "./rest.js";
import { createRun } from "./run.js";
import { createSettings } from "./settings.js";
import { createStore } from "./store.js";
import { readSwitches } from "./switches.js";
import { createTransport } from "./transport.js";

const address = new URLSearchParams(location.search);
const body = document.body;
const parts = body.dataset.parts.split(" ");
const store = createStore();
readSwitches(store);
document.getElementById("main").classList.toggle("without-numbers", !parts.includes("numbers"));

const asked = address.get("autoplay");
const run = createRun(store, {
  link: () => location.hash.slice(1) || (address.get("link") ?? ""),
  autoplay: asked !== null && asked !== "0" && asked !== "false",
  draw() {
    panels.draw();
    transport.draw();
    charts?.draw();
    if (!store.frame) return;
    if (charts) requestAnimationFrame(charts.load);
    if (messages.ready()) arrange();
    look();
  },
  onState(event) {
    if (!same(event.experiment, store.experiment)) {
      nextTime();
      clearFaults();
    }
    store.receiveState(event);
    choosePanels();
    document.getElementById("whole").href = `${body.dataset.publicUrl || "./"}?lang=${store.boot.lang}#${store.link}`;
  },
  onError: showError,
  onRefused: (event) => messages.error(event),
  onOpen(resumed) {
    if (resumed) return;
    // A new session counts its runs anew.
    solvedIn = null;
    document.getElementById("goal").hidden = true;
  },
});

const locks = createLocks(address.get("lock"));
body.classList.toggle("fixed", locks.everything || !parts.includes("settings"));
createHidden(store);

const { commands } = run;
const rest = createRest(store, commands, run.connect);
/** Whoever pauses means it; what only rests goes on by itself. */
const byHand = {
  ...commands,
  toggle() {
    rest.stay();
    commands.toggle();
  },
  pause() {
    rest.stay();
    commands.pause();
  },
};
const panels = createPanels(store, commands, run.loop);
const transport = createTransport(store, commands);
const charts = parts.includes("charts") ? createCharts(store, run.loop, () => {}) : null;
const data = parts.includes("data") ? createData(store, commands) : null;
const settings = parts.includes("settings") ? createSettings(store, commands) : null;
if (data || store.view.bayes) createBayes(store);
if (settings) createResolved(store);

const messages = createMessages(store, { ...byHand, set: change }, JSON.parse(body.dataset.origins));
const arrange = createArrangement(store, messages.height);

const usable = (name, action) => () => locks.has(name) || action();
const actions = {
  toggle: usable("play", byHand.toggle), update: usable("step", byHand.update), epoch: usable("epoch", byHand.epoch),
  reset: usable("reset", byHand.reset), rewind: usable("rewind", byHand.rewind),
  ...(parts.includes("speed") ? { slow: usable("slow", transport.toggleSlow) } : {}),
};
createKeyboard(parts.includes("transport") ? actions : { toggle: actions.toggle }, (index) => isShown(index) && store.select(store.panels[index].id));
for (const button of document.querySelectorAll("[data-action]")) button.addEventListener("click", () => actions[button.dataset.action]?.());

/** Which panels are shown: all, or those of the address, by their letters (`?panels=a,c`). */
function shownPanels() {
  const all = [...store.panels.keys()];
  const wanted = (address.get("panels") ?? "").toUpperCase().split(",").map((letter) => LETTERS.indexOf(letter.trim() || "-")).filter((index) => all.includes(index));
  return wanted.length ? wanted : all;
}
const isShown = (index) => shownPanels().includes(index);

/** Nobody changes what is not in sight. */
function choosePanels() {
  document.querySelectorAll("#panels > .panel").forEach((card, index) => {
    card.hidden = !isShown(index);
  });
  if (!isShown(store.selectedIndex)) store.select(store.panels[shownPanels()[0]].id);
}

/** A setting by its name, of networks or of the data, or another experiment by its link. @returns {string|undefined} what is wrong */
function change({ link, name, value, panels: places }) {
  if (typeof link === "string") {
    run.open(link);
    return undefined;
  }
  const { network, data: ofData } = store.boot.form;
  const has = (list, one) => list.some((descriptor) => descriptor.name === one);
  if (typeof name !== "string") return "Expected {name, value} or {link}.";
  if (name === "theme") return setTheme(value);
  if (name === "speed") commands.speed(value);
  else if (has(network, name)) commands.set(name, value, places ?? null);
  else if (has(ofData, name.replace(/^data\./, ""))) commands.setData(name.replace(/^data\./, ""), value);
  else return `There is no setting ${name}.`;
  return undefined;
}

/** A page around that may not steer can still give the frame another fragment. */
addEventListener("hashchange", () => change({ link: location.hash.slice(1) }));

function setTheme(theme) {
  if (!["light", "dark", "system"].includes(theme)) return "Expected light, dark or system.";
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  store.emit("theme");
  return undefined;
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => store.emit("theme"));

/** The goal, and the run in which it was last reached. */
let goal = [];
let solvedIn = null;
try {
  goal = readGoal(address.get("goal") ?? "");
} catch (error) {
  console.warn(`goal: ${error.message}`);
}
function look() {
  const chip = document.getElementById("goal");
  if (solvedIn !== store.run) chip.hidden = true;
  const panel = solvedIn === store.run ? -1 : solvedBy(goal, store);
  if (panel < 0) return;
  solvedIn = store.run;
  chip.hidden = false;
  say(t("embed.solved"), true);
  messages.solved({ goal: address.get("goal"), letter: LETTERS[panel], epoch: store.history.get(store.panels[panel].id).now.epoch });
}

/** An error goes beside its control, if there is one, and to the page around. */
function showError(event) {
  messages.error(event);
  const [place, ...path] = event.path ?? [];
  const text = wording(event, "error");
  const shown = { panels: settings, data }[place]?.fail(path, text, event.params?.position);
  if (!shown && !(place === "speed" && transport.fail(path, text))) toast(text, "fault");
}

const boot = JSON.parse(document.getElementById("boot").textContent);
setLanguage(boot.lang, boot.strings);
store.boot = boot;
store.emit("boot");
