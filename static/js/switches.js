// The switches above the panels that are a matter of looking. Where one is not as usual, the address
// says so (`?show=discretize,-test_data`), so that a reload and a copied link keep it, as a link of
// TensorFlow Playground keeps its own.

import { readable } from "./dom.js";
import { t } from "./i18n.js";

/** By their names in the address: what they are called in the store's view, and the usual value. */
const SWITCHES = { discretize: ["discretize", false], test_data: ["testData", true], bayes: ["bayes", false] };
const KEY = "show";

/** Looks as the address asks for. */
export function readSwitches(store) {
  const asked = (new URLSearchParams(location.search).get(KEY) ?? "").split(",");
  for (const [name, [view, usual]] of Object.entries(SWITCHES)) {
    store.view[view] = asked.includes(name) || (!asked.includes(`-${name}`) && usual);
  }
}

export function createSwitches(store) {
  const inputs = Object.fromEntries(Object.keys(SWITCHES).map((name) => [name, document.getElementById(name.replace("_", "-"))]));

  function write() {
    const unusual = Object.entries(SWITCHES).filter(([, [view, usual]]) => store.view[view] !== usual).map(([name, [, usual]]) => (usual ? `-${name}` : name));
    const address = new URL(location.href);
    if ((address.searchParams.get(KEY) ?? "") === unusual.join(",")) return;
    if (unusual.length) address.searchParams.set(KEY, unusual.join(","));
    else address.searchParams.delete(KEY);
    history.replaceState(null, "", readable(address));
  }
  function show() {
    for (const [name, [view]] of Object.entries(SWITCHES)) inputs[name].checked = store.view[view];
  }

  for (const [name, [view]] of Object.entries(SWITCHES)) inputs[name].addEventListener("change", () => store.look({ [view]: inputs[name].checked }));
  store.on("boot", () => {
    inputs.test_data.closest("label").title = t("panels.test_data_help");
  });
  store.on("view", () => {
    show();
    write();
  });
  readSwitches(store);
  show();
  return { flip: (name) => inputs[name].click() };
}
