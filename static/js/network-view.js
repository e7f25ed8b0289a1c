// The network as a graph, with one unit close up: a tab of the look inside.

import { anatomy, namesOf, number } from "./anatomy.js";
import { createClassTree } from "./class-tree.js";
import { h, setText } from "./dom.js";
import { t } from "./i18n.js";
import { createGraph } from "./network-graph.js";
import { sizeOf } from "./titles.js";
import { createInspector } from "./unit-inspector.js";

/** @type {import("./inside.js").Maker} */
export function createNetworkView({ store, commands, loop, words: wordsKey }) {
  const graph = createGraph(store, {
    hover: (unit) => inspector.look(graph.chosen, unit),
    choose: (unit) => inspector.look(unit, null),
    chooseLink: (link) => {
      inspector.look(link.to, null);
      inspector.point(link);
    },
  });
  const inspector = createInspector(store, commands, graph.choose);
  const tree = createClassTree();
  const key = h("p", { class: "graph-key muted" });
  const size = h("p", { class: "graph-size muted" });
  const sort = h("select", { class: "graph-sort" });
  const restore = h("button", { type: "button", class: "button graph-restore", hidden: true, onclick: () => inspector.restore(body.off) });
  const options = h("div", { class: "graph-options" }, key, restore, sort, tree.element);
  sort.addEventListener("change", () => graph.sort(sort.value === "active"));
  /** @type {import("./anatomy.js").Anatomy|null} */
  let body = null;
  let shown = "";
  let began = "";

  // The picture and the numbers take turns, so that no refresh pays for both.
  const picture = loop.job(() => {
    const message = store.seen("inside");
    if (!message) return;
    body = anatomy(message);
    const afresh = `${body.key} ${wordsKey()}` !== shown;
    shown = `${body.key} ${wordsKey()}`;
    graph.show(body, wordsKey());
    if (afresh) {
      inspector.update(body, true);
      tree.show(namesOf(store, body).outputs);
      firstUnit();
    }
    figures.mark();
    const marks = t(body.gamma(0, 0) === null ? "inside.key" : "inside.key_normalized", { value: number(graph.widest) });
    setText(key, tree.element.hidden ? marks : t("inside.tree_key", { marks }));
    sort.hidden = !graph.wide;
    const off = body.off.units.length + body.off.links.length;
    restore.hidden = !off;
    setText(restore, `⊘ ${t("inside.restore", { count: off })}`);
  }, 60);
  const figures = loop.job(() => body && inspector.update(body, false), () => (store.playing ? 100 : 0));
  const moving = loop.job(() => graph.flow(), 50);

  /** A network that is looked at for the first time is entered at its first hidden unit. */
  function firstUnit() {
    const which = `${store.selected} ${body.key}`;
    if (began === which) return;
    began = which;
    const unit = body.layers.length > 2 ? body.layers[1].first : body.count - body.layers.at(-1).size;
    graph.choose(unit);
    inspector.look(unit, null);
  }

  return {
    name: "network",
    element: h("div", { class: "network-view" }, h("div", { class: "graph-area" }, options, graph.element, size), inspector.element),
    views: () => ["inside"],
    show() {
      setText(size, sizeOf(store.panels[store.selectedIndex]));
      picture[store.playing && shown ? "mark" : "now"]();
      moving.mark();
    },
    draw: () => moving.mark(),
    switchOff: inspector.toggle,
    words() {
      graph.label(t("inside.graph_label"));
      const value = sort.value;
      sort.replaceChildren(...[["plain", "inside.sort_plain"], ["active", "inside.sort_active"]].map(([name, text]) => h("option", { value: name }, t(text))));
      sort.value = value || "plain";
      sort.setAttribute("aria-label", t("inside.sort"));
      inspector.build();
      shown = "";
    },
    theme() {
      inspector.colour();
      shown = "";
    },
  };
}
