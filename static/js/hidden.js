// Controls that the address takes off the page (`?hide=noise,play`), as links of TensorFlow
// Playground do: a lesson that is about one thing shows the controls for that thing. A name is a
// control's; `a.b` is b inside of a, `kind:entry` one entry of a choice. They are hidden by a style
// sheet, so it does not matter when a control is made.

import { readable } from "./dom.js";
import { t } from "./i18n.js";

const NAME = /^[\w-]+([.:][\w-]+)?$/;
const MOST = 100;
/** The line with the way back; an embedded page has none. */
const BACK = "hidden-controls";

/** The names in a list with commas. @param {string} text */
export const namesOf = (text) => [...new Set(text.split(",").map((name) => name.trim()).filter((name) => NAME.test(name)))].slice(0, MOST);

/** The selectors that a name stands for. */
export function selectorsOf(name) {
  const [whole, inner] = name.split(/[.:]/);
  if (name.includes(":")) return [`[data-family^="${whole}"] [data-entry="${inner}"]`];
  if (inner) return [`[data-name="${whole}"] [data-name="${inner}"]`];
  return [`[data-name="${whole}"]`, `[data-hide="${whole}"]`, `[data-action="${whole}"]:not(#${BACK} *)`, `[data-others="${whole}"]:not(:has(:checked))`];
}

export function createHidden(store) {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const line = document.getElementById(BACK);
  let names = [];

  function apply(list) {
    names = namesOf(list.join(","));
    sheet.replaceSync(names.length ? `${names.flatMap(selectorsOf).join(",")} { display: none !important; }` : "");
    show();
  }
  function show() {
    if (!line) return;
    line.hidden = !names.length;
    line.firstElementChild.textContent = t(names.length === 1 ? "hidden.one" : "hidden.some", { count: names.length });
  }
  store.on("boot", show);

  apply((new URLSearchParams(location.search).get("hide") ?? "").split(","));
  return {
    get names() {
      return names;
    },
    /** Hides these and no others, and says so in the address. @param {string[]} list */
    set(list) {
      apply(list);
      const address = new URL(location.href);
      if (names.length) address.searchParams.set("hide", names.join(","));
      else address.searchParams.delete("hide");
      history.replaceState(null, "", readable(address));
    },
  };
}
