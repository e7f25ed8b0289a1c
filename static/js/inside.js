// The look inside the selected panel's network: its graph with one unit close up, its layers in
// bars, its results. It follows the selection and asks the server only for what is on screen: while
// it is closed, and while it shows results, which come with the frames, nothing is asked for.

import { anatomy, number } from "./anatomy.js";
import { h, icon, setText } from "./dom.js";
import { currentLanguage, t } from "./i18n.js";
import { createLayers } from "./layer-bars.js";
import { createGraph } from "./network-graph.js";
import { LETTERS, panelColor } from "./palette.js";
import { createResults } from "./results-view.js";
import { recallHere, rememberHere } from "./saved.js";
import { createInspector } from "./unit-inspector.js";

const TABS = ["network", "layers", "results"];
const KEY = "inside";

export function createInside(store, commands, loop) {
  const root = document.getElementById("inside");
  const box = /** @type {HTMLInputElement} */ (document.getElementById("inside-switch"));
  const workspace = document.getElementById("workspace");
  const panels = document.getElementById("panels");
  let tab = TABS.includes(recallHere(KEY)) ? recallHere(KEY) : TABS[0];
  let open = recallHere(`${KEY}-open`) === "yes";
  /** What the server was asked for last in this connection: a panel's id, null, or undefined for not yet. */
  let asked;
  /** @type {import("./anatomy.js").Anatomy|null} */
  let body = null;
  let message = null;
  let shown = "";

  const graph = createGraph(store, {
    hover: (unit) => inspector.look(graph.chosen, unit),
    choose: (unit) => inspector.look(unit, null),
    chooseLink: (link) => {
      inspector.look(link.to, null);
      inspector.point(link);
    },
  });
  const inspector = createInspector(store, commands, graph.choose);
  const layers = createLayers(store);
  const results = createResults(store);

  const letter = h("span", { class: "letter" });
  const heading = h("h2", { id: "inside-heading" });
  const close = h("button", { type: "button", class: "mini", onclick: () => turn(false) }, icon("i-close"));
  const buttons = TABS.map((name) => h("button", { type: "button", role: "tab", class: "inside-tab", id: `inside-tab-${name}`, "aria-controls": "inside-page", onclick: () => go(name) }));
  const tabs = h("div", { class: "inside-tabs", role: "tablist" }, buttons);
  const key = h("p", { class: "graph-key muted" });
  const sort = h("select", { class: "graph-sort" });
  const options = h("div", { class: "graph-options" }, key, sort);
  const network = h("div", { class: "network-view" }, h("div", { class: "graph-area" }, options, graph.element), inspector.element);
  const waiting = h("p", { class: "inside-waiting muted", hidden: true });
  const page = h("div", { class: "inside-page", id: "inside-page", role: "tabpanel" }, network, layers.element, results.element, waiting);
  root.append(h("header", { class: "inside-head" }, letter, heading, tabs, close), page);
  sort.addEventListener("change", () => graph.sort(sort.value === "active"));
  tabs.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const next = (TABS.indexOf(tab) + way + TABS.length) % TABS.length;
    go(TABS[next]);
    buttons[next].focus();
  });

  // The picture and the numbers take turns, so that no refresh pays for both.
  const picture = loop.job(() => {
    if (!message) return;
    body = anatomy(message);
    const words = wordsKey();
    const afresh = `${body.key} ${words}` !== shown;
    shown = `${body.key} ${words}`;
    if (tab === "network") graph.show(body, words);
    if (afresh) {
      inspector.update(body, true);
      firstUnit();
    }
    figures.mark();
    showKey();
  }, 60);
  const figures = loop.job(() => {
    if (!body) return;
    if (tab === "network") inspector.update(body, false);
    else if (tab === "layers") layers.show(body, wordsKey());
  }, () => (store.playing ? 100 : 0));
  const moving = loop.job(() => graph.flow(), 50);
  const counts = loop.job(() => results.show(currentLanguage()), () => (store.playing ? 150 : 0));

  /** What the names of units depend on besides the network's shape. */
  const wordsKey = () => `${currentLanguage()} ${store.selected} ${store.data?.classes} ${JSON.stringify(store.experiment.panels[store.selectedIndex]?.features)}`;

  let began = "";
  /** A network that is looked at for the first time is entered at its first hidden unit. */
  function firstUnit() {
    const which = `${store.selected} ${body.key}`;
    if (began === which) return;
    began = which;
    const unit = body.layers.length > 2 ? body.layers[1].first : body.count - body.layers.at(-1).size;
    graph.choose(unit);
    inspector.look(unit, null);
  }

  function showKey() {
    setText(key, t("inside.key", { value: number(graph.widest) }));
    sort.hidden = !graph.wide;
  }

  function turn(yes) {
    if (open === yes) return;
    open = yes;
    rememberHere(`${KEY}-open`, yes ? "yes" : "no");
    update();
    if (open && root.getBoundingClientRect().top > innerHeight - 200) root.scrollIntoView({ block: "nearest" });
  }

  function go(name) {
    tab = name;
    rememberHere(KEY, name);
    update();
  }

  /** Asks the server for the selected panel, or for nothing. */
  function ask() {
    if (!store.panels.length || store.run === null) return;
    const wanted = open && tab !== "results" ? store.selected : null;
    if (asked === wanted || (asked === undefined && wanted === null)) return;
    const place = store.panels.findIndex(({ id }) => id === wanted);
    if (commands.look(wanted === null ? null : place)) asked = wanted;
  }

  function update() {
    box.checked = open;
    root.hidden = !open;
    workspace.classList.toggle("looking", open);
    buttons.forEach((button, at) => {
      const yes = TABS[at] === tab;
      button.setAttribute("aria-selected", String(yes));
      button.tabIndex = yes ? 0 : -1;
    });
    page.setAttribute("aria-labelledby", `inside-tab-${tab}`);
    network.hidden = tab !== "network";
    layers.element.hidden = tab !== "layers";
    results.element.hidden = tab !== "results";
    if (!open || tab !== "results") results.leave();
    ask();
    follow();
    if (!open) return;
    if (tab === "results") counts.now();
    else picture.now();
    moving.mark();
  }

  /** The panel that is looked into; what belongs to another is not shown. */
  function follow() {
    const index = store.selectedIndex;
    root.style.setProperty("--panel", panelColor(index));
    setText(letter, LETTERS[index]);
    letter.hidden = store.panels.length < 2;
    setText(heading, store.panels.length < 2 ? t("inside.heading") : t("inside.heading_of", { letter: LETTERS[index] }));
    const fits = store.inside && Number(store.inside.about.panel) === store.selected;
    message = fits ? store.inside : null;
    const gone = store.diverged.has(store.selected);
    waiting.hidden = (Boolean(fits) && !gone) || tab === "results";
    setText(waiting, gone ? t("inside.diverged") : t("inside.waiting"));
    page.classList.toggle("stale", !waiting.hidden);
  }

  function words() {
    buttons.forEach((button, at) => setText(button, t(`inside.${TABS[at]}`)));
    tabs.setAttribute("aria-label", t("inside.views"));
    graph.label(t("inside.graph_label"));
    close.title = t("page.close");
    close.setAttribute("aria-label", t("inside.close"));
    const value = sort.value;
    sort.replaceChildren(...[["plain", "inside.sort_plain"], ["active", "inside.sort_active"]].map(([name, text]) => h("option", { value: name }, t(text))));
    sort.value = value || "plain";
    sort.setAttribute("aria-label", t("inside.sort"));
    inspector.build();
    shown = "";
  }

  box.addEventListener("change", () => turn(box.checked));
  new ResizeObserver(() => workspace.style.setProperty("--panels-height", `${panels.offsetHeight}px`)).observe(panels);

  store.on("boot", () => {
    words();
    if (store.panels.length) update();
  });
  store.on("state", update);
  store.on("select", update);
  store.on("diverged", update);
  store.on("data", () => open && picture.now());
  store.on("theme", () => {
    root.style.setProperty("--panel", panelColor(store.selectedIndex));
    inspector.colour();
    shown = "";
    if (open) update();
  });
  store.on("inside", () => {
    if (!open) return;
    follow();
    if (message) picture[store.playing && shown ? "mark" : "now"]();
  });

  return {
    toggle: () => turn(!open),
    /** With every drawn frame. */
    draw() {
      if (!open) return;
      if (tab === "network") moving.mark();
      else if (tab === "layers") figures.mark();
      else counts.mark();
    },
    /** A new connection knows nothing of what was asked for. */
    forget() {
      asked = undefined;
    },
  };
}
