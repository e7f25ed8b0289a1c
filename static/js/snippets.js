// What other places understand: the address of an experiment, the address of the embedded page with
// it, and the same as HTML, as Markdown and as a cell of a notebook.

/** What the embedded page may show beside the panels, in the order in which it is offered. */
export const PARTS = ["transport", "speed", "numbers", "charts", "data", "settings", "link"];
/** What it shows unless the address says otherwise. */
const USUAL = ["transport", "numbers", "link"];
export const SMALLEST = 300;

/**
 * @typedef {{parts: string[], autoplay: boolean, lock: boolean, theme: string, lang: string, width: number, height: number, full: boolean, show: string}} Options
 */

/** Where others find the playground. */
export const publicBase = () => document.body.dataset.publicUrl || new URL("./", location.href).href.split(/[?#]/)[0];
/** Where others find the experiment; null if no link can hold it. */
export const shareAddress = (store) => (store.linkComplete ? `${publicBase()}${location.search}#${store.link}` : null);

const same = (one, other) => one.length === other.length && one.every((part) => other.includes(part));

/** What an embedded page is asked for, as pairs. @param {Options} options */
function asked({ parts, autoplay, lock, theme, lang, show }) {
  return [
    ...(same(parts, USUAL) ? [] : [["parts", PARTS.filter((part) => parts.includes(part)).join(",")]]),
    ...(autoplay ? [["autoplay", "1"]] : []),
    ...(lock ? [["lock", "all"]] : []),
    ...(theme ? [["theme", theme]] : []),
    ...(lang ? [["lang", lang]] : []),
    ...(show ? [["show", show]] : []),
  ];
}

/** @param {string} base address of the playground, with its last slash @param {string} link @param {Options} options */
export function embedAddress(base, link, options) {
  const query = asked(options).map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
  return `${base}embed${query ? `?${query}` : ""}#${link}`;
}

const attribute = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** @param {{base: string, link: string, title: string, options: Options}} about */
function iframe({ base, link, title, options }) {
  const { full, width, height } = options;
  return `<iframe src="${attribute(embedAddress(base, link, options))}" width="${full ? "100%" : width}" height="${height}"`
    + ` title="${attribute(title)}" loading="lazy" allow="fullscreen" style="border:0"></iframe>`;
}

function element({ base, link, title, options }) {
  const { full, width, height } = options;
  const attributes = [["link", link], ...asked(options), ...(full ? [] : [["width", width], ["height", height]]), ["title", title]];
  const written = attributes.map(([name, value]) => (name === "autoplay" ? name : `${name}="${attribute(String(value))}"`)).join(" ");
  return `<script src="${attribute(`${base}static/embed/nn-playground.js`)}"></script>\n<nn-playground ${written}></nn-playground>`;
}

/** Brackets and asterisks mean something in Markdown, also inside of an address. */
const plain = (address) => address.replace(/[()*_<>\\[\]]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

function markdown({ address, title }) {
  return `[${title.replace(/[\\[\]*_`<>]/g, "\\$&")}](${plain(address)})`;
}

/** A cell with HTML in it needs nothing installed, wherever the notebook runs. */
const jupyter = (about) => `%%html\n${iframe(about)}`;

/** @type {Record<string, (about: {base: string, address: string, link: string, title: string, options: Options}) => string>} */
export const SNIPPETS = { iframe, element, markdown, jupyter };
/** Those that make a frame, so that the options matter. */
export const FRAMED = ["iframe", "element", "jupyter"];
