// Starts the page and connects its parts. Data go round in one direction: a control makes a
// command, the command goes to the server, the server's events and frames go into the store,
// and the store tells the views. Only this module knows all of them.

import { createBayes } from "./bayes.js";
import { createCharts } from "./charts.js";
import { nextTime } from "./controls.js";
import { createData } from "./data.js";
import { readable, same, throttle } from "./dom.js";
import { createEditor } from "./editor.js";
import { createExport } from "./export.js";
import { createFiles } from "./files.js";
import { createHidden } from "./hidden.js";
import { createHints } from "./hints.js";
import { t } from "./i18n.js";
import { createInside } from "./inside.js";
import { createKeyboard } from "./keyboard.js";
import { createLesson } from "./lesson.js";
import { clearFaults, toast, wording } from "./notices.js";
import { LETTERS } from "./palette.js";
import { closeSheets, createLanguage, createSheets, createTheme } from "./page.js";
import { createPanels } from "./panels.js";
import { createPast } from "./past.js";
import { createPlaygroundLink } from "./playground-link.js";
import { keepExperiment, keptExperiment } from "./saved.js";
import { createPreprocessing } from "./preprocessing.js";
import { createResolved } from "./resolved.js";
import { createRequests } from "./requests.js";
import { createRun } from "./run.js";
import { createSeeds } from "./seeds.js";
import { createSettings } from "./settings.js";
import { createShare } from "./share.js";
import { createStore } from "./store.js";
import { createSwitches } from "./switches.js";
import { createTransport } from "./transport.js";
import { createUpload } from "./upload.js";
import { createVary } from "./vary.js";

const store = createStore();
/** The column and name of the setting that was changed last. */
let touched = null;

const run = createRun(store, {
  link: () => location.hash.slice(1),
  autoplay: true,
  draw() {
    panels.draw();
    inside.draw();
    transport.draw();
    charts.draw();
    exporter.draw();
    if (store.frame) requestAnimationFrame(charts.load);
  },
  onState: receiveState,
  onError: showError,
  onRefused: () => showLink(),
  onOpen(resumed) {
    clearFaults();
    inside.forget();
    requests.forget();
    past.forget(resumed);
    if (resumed) return;
    const kept = keptExperiment(store.link ?? location.hash.slice(1));
    if (kept) run.mention({ type: "configure", experiment: kept });
  },
});
const { loop, send } = run;

const commands = {
  ...run.commands,
  add: () => commands.duplicate(store.selectedIndex),
  duplicate(panel) {
    touched = null;
    run.commands.duplicate(panel);
  },
  seeds(value) {
    touched = null;
    run.commands.seeds(value);
  },
  set(name, value, panels) {
    touched = { column: settings, path: [store.selectedIndex, name] };
    run.commands.set(name, value, panels);
  },
  setData(name, value) {
    touched = { column: data, path: [name] };
    run.commands.setData(name, value);
  },
  vary: (variation, values, panel) => send({ type: "vary", variation, values, panel }),
  /** In as few digits as the server's own grid needs: two thousand points have to fit into a message. */
  points: (points) => send({ type: "points", points: points.map(([x, y, label]) => [Number(x.toFixed(5)), Number(y.toFixed(5)), label]) }),
  /** The dataset of before, and what went with it: all that own points change in the data. */
  setDataBack(before) {
    for (const name of changedByPoints(before)) if (!same(before[name], store.experiment.data[name])) send({ type: "set_data", name, value: before[name], keep: true });
  },
  sameData: (one, other) => changedByPoints(one).every((name) => same(one[name], other[name])),
  look: (panel, views) => run.mention({ type: "look", panel, views, seed: store.seed }),
  ask: (panel, view) => send({ type: "ask", panel, view, seed: store.seed }),
  switchOff: (panel, on, units, links) => send({ type: "switch", panel, on, units, links }),
  weigh: (panel, seed, layer, unit, input, value) => send({ type: "weigh", panel, seed, layer, unit, input, value }),
  configure(experiment) {
    settings.clear();
    data.clear();
    return run.commands.configure(experiment);
  },
  /** On to an experiment of the same networks with the hidden layers they have now: what differs is changed, and the data keep what was learned. */
  transfer(experiment) {
    settings.clear();
    data.clear();
    const now = store.experiment;
    experiment.panels.forEach((panel, place) => {
      for (const [name, value] of Object.entries(panel)) if (!same(value, now.panels[place][name])) send({ type: "set", name, value, panels: [place] });
    });
    for (const [name, value] of Object.entries(experiment.data)) if (!same(value, now.data[name])) send({ type: "set_data", name, value, keep: true });
  },
};

/** The settings of the data that drawing changes: the component with the points, and what has no field. */
const changedByPoints = (values) => store.boot.form.data.filter(({ name, kind, family }) => name in values && (kind === "hidden" || store.boot.catalog[family]?.some(({ example }) => example))).map(({ name }) => name);

const theme = createTheme(store);
const language = createLanguage(store);
const panels = createPanels(store, commands, loop);
const settings = createSettings(store, commands);
const data = createData(store, commands);
const transport = createTransport(store, commands);
const charts = createCharts(store, loop, (epoch) => past.visit(epoch));
const past = createPast(store, run.jump);
const requests = createRequests(store, commands.ask);
const inside = createInside(store, commands, requests, loop);
const vary = createVary(store, commands);
createBayes(store);
createPreprocessing(store);
createResolved(store);
createSeeds(store, commands);
const editor = createEditor(store, commands);
const upload = createUpload(editor);
const files = createFiles(store, commands, { upload: upload.open });
const exporter = createExport(store, commands, requests, files);
const hidden = createHidden(store);
const playground = createPlaygroundLink(store, commands, hidden, open);

const switches = createSwitches(store);
const lesson = createLesson(store, commands, write);

const actions = {
  ...commands,
  share: createShare(store, files),
  draw() {
    closeSheets();
    editor.toggle();
  },
  upload: files.choosePoints,
  export: exporter.open,
  saveExperiment: files.saveExperiment,
  openExperiment: files.chooseExperiment,
  playgroundLink: playground.open,
  showAll: () => hidden.set([]),
  vary: vary.open,
  help: () => keyboard.open(),
  theme: theme.next,
  language: language.toggle,
  faster: () => transport.nudge(1),
  slower: () => transport.nudge(-1),
  slow: transport.toggleSlow,
  earlier: past.earlier,
  later: past.later,
  discretize: () => switches.flip("discretize"),
  testData: () => switches.flip("test_data"),
  bayes: () => switches.flip("bayes"),
  inside: inside.toggle,
  switchOff: inside.switchOff,
};
const keyboard = createKeyboard(actions, (index) => editor.digit(index) || (store.panels[index] && store.select(store.panels[index].id)));
for (const button of document.querySelectorAll("[data-action]")) button.addEventListener("click", () => actions[button.dataset.action]());

/** Another state: into the store, the tab and the address. */
function receiveState(event) {
  if (!same(event.experiment, store.experiment)) {
    nextTime();
    clearFaults();
  }
  store.receiveState(event);
  files.opened();
  keepExperiment(store.linkComplete ? null : { link: store.link, experiment: store.experiment });
  document.getElementById("beyond-link").hidden = store.linkComplete;
  document.body.classList.toggle("beyond", !store.linkComplete);
  showLink();
}

/** The fragment as it was left: when it is another, the visitor has just changed it. */
let written = location.hash;
function write(link) {
  history.replaceState(null, "", `${location.pathname}${location.search}#${link}`);
  written = location.hash;
}
/** The experiment into the address, not too often: browsers allow only so many changes a second, and drawing makes ten. */
const showLink = throttle(300, () => {
  if (store.link !== null && location.hash === written && location.hash !== `#${store.link}`) write(store.link);
});

/** The last error of each setting, to be said again in another language. */
const errors = new Map();
/** The texts that were refused stand to be corrected, also in another language. @type {{name: string, at: number, text: string}[]} */
let unfinished = [];
const wrongTexts = (name) => [...document.querySelectorAll(`.column .control[data-name="${CSS.escape(name)}"] input.text`)];
store.on("leaving", () => {
  unfinished = [];
  for (const key of [...errors.keys()]) {
    const name = key.split(" ")[1];
    const controls = [...document.querySelectorAll(`.column .control[data-name="${CSS.escape(name)}"]`)];
    if (!controls.some((control) => control.querySelector(".error:not([hidden])"))) errors.delete(key);
    else wrongTexts(name).forEach((input, at) => input.hasAttribute("aria-invalid") && unfinished.push({ name, at, text: input.value }));
  }
});
store.on("boot", () => {
  if (!store.experiment) return;
  for (const { name, at, text } of unfinished) {
    const input = wrongTexts(name)[at];
    if (input) input.value = text;
  }
  for (const event of [...errors.values()]) showError(event);
});

/** An error goes beside its control; without one it becomes a toast. */
function showError(event) {
  const [place, ...path] = event.path ?? [];
  past.fail();
  const name = place === "panels" ? path[1] : path[0];
  const column = place === "panels" ? settings : place === "data" ? data : null;
  const descriptor = column?.find(name);
  const elsewhere = place === "panels" && path[0] !== store.selectedIndex && store.panels[path[0]];
  const plain = wording(event, "error", unitAt(descriptor, path));
  const text = elsewhere ? t("settings.in_panel", { letter: LETTERS[path[0]], text: plain }) : plain;
  const told = vary.fail(text) || exporter.fail(event.path ?? [], plain) || files.fail(event.path ?? [], plain);
  if (place === "view") requests.forget();
  if (told) return;
  if (place === "speed" && transport.fail(path, wording(event, "error"))) return;
  const shown = column?.fail(path, text, event.params?.position) ?? false;
  if (shown) errors.set(`${place} ${name}`, event);
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

// The fragment is the experiment: the way past the header must not be written there.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});

/** Another link of ours, from now on. */
function open(link) {
  settings.clear();
  data.clear();
  run.open(link);
}

addEventListener("hashchange", async () => {
  const link = location.hash.slice(1);
  written = location.hash;
  if (link === store.link) return;
  const theirs = playground.foreign(link) ? await playground.read(`#${link}`) : {};
  open(theirs.link ?? link);
});

/** The address may hold our link as `?link=`, or a link of TensorFlow Playground, as `?tf=` or as the fragment. */
async function readAddress() {
  const address = new URL(location.href);
  if (address.searchParams.has("link")) {
    if (!address.hash) address.hash = address.searchParams.get("link");
    address.searchParams.delete("link");
    history.replaceState(null, "", readable(address));
    written = location.hash;
  }
  const given = address.searchParams.get("tf");
  const fragment = location.hash.slice(1);
  const theirs = playground.foreign(fragment);
  if (given === null && !theirs) return;
  // Unless it was encoded, the link's own fragment has become the page's.
  const asked = theirs && !given?.includes("#") ? `${given ?? ""}#${fragment}` : given;
  const { link, errors } = await playground.read(asked, hidden.names);
  const now = new URL(location.href);
  now.searchParams.delete("tf");
  if (link !== undefined) now.hash = link;
  else if (given !== null) toast(errors, "fault");
  history.replaceState(null, "", readable(now));
  written = location.hash;
}

createSheets(store);
const boot = JSON.parse(document.getElementById("boot").textContent);
const wanted = language.wanted(boot.lang);
language.use(boot);
if (wanted !== boot.lang) language.change(wanted);
await readAddress();
await lesson.readAddress();
if (lesson.active) run.hold(); // first the prediction, then the run
else if (!location.hash) createHints(store).begin();
run.connect();
