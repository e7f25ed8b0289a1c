// The look inside the selected panel's network: a frame with tabs, each of which is a module of its
// own, listed here. It follows the selection and asks the server only for the views that the tab on
// screen needs: while it is closed or scrolled away, or shows what comes with the frames, nothing is asked for.

import { h, icon, same, setText } from "./dom.js";
import { currentLanguage, t } from "./i18n.js";
import { createDifference } from "./difference-view.js";
import { createLandscape } from "./landscape.js";
import { createLayers } from "./layers-view.js";
import { createNetworkView } from "./network-view.js";
import { LETTERS, panelColor } from "./palette.js";
import { createResults } from "./results-view.js";
import { createCheck } from "./check-view.js";
import { createPoint } from "./point-view.js";
import { createSeedsView } from "./seeds-view.js";
import { recallHere, rememberHere } from "./saved.js";
import { seedNumber } from "./seeds.js";
import { createSpace } from "./space-view.js";

/**
 * A tab. `name` is its id, and `inside.<name>` its text; `views` says what the server is asked for while it is on
 * screen, and `show` is called whenever something of it may have changed (`store.seen(kind)` has the messages),
 * `draw` with every drawn frame. `diverged` tells that it has something to show also of a network that has diverged.
 * @typedef {{name: string, element: HTMLElement, views: () => any[], show: () => void, draw?: () => void, leave?: () => void,
 *   words?: () => void, theme?: () => void, switchOff?: () => void, diverged?: boolean, allSeeds?: boolean}} Tab
 * Of several seeds a tab shows the chosen one as far as it asks for views, else their mean; `allSeeds`: it shows all.
 * `leave` is called when it goes from the screen.
 * The jobs of a tab's `loop` are not run while it is not on screen, which is what `shown()` says.
 * `words()` is what the names of units depend on besides the network's shape; `ask` tells the server of other views, and
 * `requests` asks for one once. `goTo` opens another tab by its name.
 * @typedef {(parts: {store: any, commands: any, loop: {job: any}, shown: () => boolean, words: () => string, ask: () => void, requests: any, goTo: (name: string) => void}) => Tab} Maker
 */

/** @type {Maker[]} */
const MAKERS = [createNetworkView, createLayers, createSpace, createPoint, createCheck, createResults, createSeedsView, createDifference, createLandscape];
const KEY = "inside";

export function createInside(store, commands, requests, loop) {
  const root = document.getElementById("inside");
  const box = /** @type {HTMLInputElement} */ (document.getElementById("inside-switch"));
  const workspace = document.getElementById("workspace");
  const panels = document.getElementById("panels");
  /** The address may ask for a tab, as `?look=layers`. */
  const wanted = new URLSearchParams(location.search).get("look");
  let open = wanted !== null || recallHere(`${KEY}-open`) === "yes";
  /** What the server was asked for last in this connection: a panel's id and views, or undefined for not yet. */
  let asked;
  /** Whether any of it can be seen: on a phone it is often scrolled away. */
  let inSight = false;

  const words = () => `${currentLanguage()} ${store.selected} ${store.data?.classes} ${JSON.stringify([store.experiment.panels[store.selectedIndex]?.features, store.panels[store.selectedIndex]?.loss, store.panels[store.selectedIndex]?.outputs])}`;
  /** The tab on screen. @type {Tab|null} */
  let onScreen = null;
  const tabs = MAKERS.map((make) => {
    const shown = () => onScreen === own;
    const job = (run, every) => loop.job(() => shown() && run(), every);
    const own = make({ store, commands, loop: { job }, shown, words, ask, requests, goTo });
    return own;
  });
  let tab = tabs.find(({ name }) => name === (wanted ?? recallHere(KEY))) ?? tabs[0];

  const letter = h("span", { class: "letter" });
  const heading = h("h2", { id: "inside-heading" });
  const close = h("button", { type: "button", class: "mini", onclick: () => turn(false) }, icon("i-close"));
  const buttons = tabs.map((each) => h("button", { type: "button", role: "tab", class: "inside-tab", id: `inside-tab-${each.name}`, "aria-controls": "inside-page", onclick: () => go(each) }));
  const strip = h("div", { class: "inside-tabs", role: "tablist" }, buttons);
  const waiting = h("p", { class: "inside-waiting muted", hidden: true });
  const page = h("div", { class: "inside-page", id: "inside-page", role: "tabpanel" }, tabs.map(({ element }) => element), waiting);
  root.append(h("header", { class: "inside-head" }, letter, heading, strip, close), page);
  strip.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const next = (tabs.indexOf(tab) + way + tabs.length) % tabs.length;
    go(tabs[next]);
    buttons[next].focus();
  });

  function turn(yes) {
    if (open === yes) return;
    open = yes;
    if (root.querySelector(":focus-visible")) box.focus();
    rememberHere(`${KEY}-open`, yes ? "yes" : "no");
    update();
    if (open && root.getBoundingClientRect().top > innerHeight - 200) root.scrollIntoView({ block: "nearest" });
  }

  function goTo(name) {
    go(tabs.find((each) => each.name === name));
  }

  function go(next) {
    tab = next;
    rememberHere(KEY, tab.name);
    update();
  }

  /** The chosen tab into the strip's sight, without moving anything else. */
  function bringTab() {
    const button = buttons[tabs.indexOf(tab)];
    const left = button.offsetLeft - strip.offsetLeft;
    const room = strip.clientWidth - button.offsetWidth;
    strip.scrollLeft = Math.max(left - room, Math.min(left, strip.scrollLeft));
  }

  /** Whether there is anything to look into: not before the first state, and not between a new connection and its first. */
  const known = () => store.run !== null;

  /** Asks the server for what the tab on screen needs of the selected panel, or for nothing. */
  function ask() {
    if (!known()) return;
    const views = open && inSight ? tab.views() : [];
    const wanted = views.length ? { id: store.selected, seed: store.seed, views } : null;
    if (same(asked, wanted) || (asked === undefined && wanted === null)) return;
    const place = store.panels.findIndex(({ id }) => id === wanted?.id);
    if (commands.look(wanted && place, views)) asked = wanted;
  }

  function update() {
    box.checked = open;
    root.hidden = !open;
    workspace.classList.toggle("looking", open);
    tabs.forEach((each, at) => {
      const yes = each === tab;
      buttons[at].setAttribute("aria-selected", String(yes));
      buttons[at].tabIndex = yes ? 0 : -1;
      each.element.hidden = !yes;
    });
    const left = onScreen;
    onScreen = open ? tab : null;
    if (left !== onScreen) left?.leave?.();
    bringTab();
    page.setAttribute("aria-labelledby", `inside-tab-${tab.name}`);
    if (!known()) return;
    ask();
    follow();
    if (open) tab.show();
  }

  /** The panel that is looked into; what belongs to another is not shown. */
  function follow() {
    const index = store.selectedIndex;
    root.style.setProperty("--panel", panelColor(index));
    setText(letter, LETTERS[index]);
    letter.hidden = store.panels.length < 2;
    const name = store.panels.length < 2 ? t("inside.heading") : t("inside.heading_of", { letter: LETTERS[index] });
    const whose = store.seeds < 2 || tab.allSeeds ? "" : ` · ${tab.views().length ? t("seeds.seed", { number: seedNumber(store, store.seed) }) : t("seeds.mean")}`;
    setText(heading, (whose ? t("inside.short") : name) + whose);
    heading.ariaLabel = name + whose;
    const gone = store.diverged.has(store.selected) && !tab.diverged;
    const missing = tab.views().some((view) => !store.seen(view.id ?? view));
    waiting.hidden = !gone && !missing;
    setText(waiting, gone ? t("inside.diverged") : t("inside.waiting"));
    page.classList.toggle("stale", !waiting.hidden);
  }

  function name() {
    buttons.forEach((button, at) => setText(button, t(`inside.${tabs[at].name}`)));
    strip.setAttribute("aria-label", t("inside.views"));
    close.title = t("page.close");
    close.setAttribute("aria-label", t("inside.close"));
    for (const each of tabs) each.words?.();
  }

  box.addEventListener("change", () => turn(box.checked));
  new ResizeObserver(() => workspace.style.setProperty("--panels-height", `${panels.offsetHeight}px`)).observe(panels);

  new IntersectionObserver((entries) => {
    inSight = entries.at(-1).isIntersecting;
    ask();
  }).observe(root);

  store.on("boot", () => {
    name();
    update();
  });
  store.on("state", update);
  store.on("select", update);
  store.on("diverged", update);
  store.on("data", () => open && known() && tab.show());
  store.on("theme", () => {
    root.style.setProperty("--panel", panelColor(store.selectedIndex));
    for (const each of tabs) each.theme?.();
    if (open) update();
  });
  for (const topic of ["view-message", "request"]) {
    store.on(topic, () => {
      if (!open || !known()) return;
      follow();
      tab.show();
    });
  }

  return {
    toggle: () => turn(!open),
    /** Switches off, or on again, what is looked at closely. */
    switchOff() {
      if (open) tab.switchOff?.();
    },
    /** With every drawn frame; points are drawn before the first state, which comes after them. */
    draw() {
      if (open && known()) tab.draw?.();
    },
    /** A new connection knows nothing of what was asked for. */
    forget() {
      asked = undefined;
    },
  };
}
