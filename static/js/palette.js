// Colours that mean something. Classes have the Okabe-Ito colours, which stay apart for every
// kind of colour blindness, and nothing else on the page uses them. Panels have Paul Tol's muted
// colours, with a lighter set for the dark theme. A boundary byte is class * Q + confidence, so a
// 256-entry table turns it into a pixel, and "discretize" is only another table. Values (regression)
// go from the first class's colour at -1 over a neutral to the second class's at +1.

const CLASS_COLORS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const PANEL_COLORS = {
  light: ["#332288", "#c2526a", "#117733", "#aa4499", "#85802a", "#2a8577"],
  dark: ["#a99cf5", "#f09aa9", "#6cc98a", "#df96d5", "#d8cd78", "#7ed3c6"],
};
/** Of a point with value 0. */
const NEUTRAL = { light: [246, 246, 242], dark: [138, 144, 150] };
/** Of what is dead. */
const GREY = { light: [120, 122, 126], dark: [128, 134, 142] };
const STEPS = 32;
const GROUND = { light: [250, 250, 247], dark: [22, 25, 29] };
const REACH = { light: 0.62, dark: 0.66 };
const FLAT = { light: 0.42, dark: 0.5 };
export const LETTERS = "ABCDEF";

const channels = (color) => [1, 3, 5].map((from) => parseInt(color.slice(from, from + 2), 16));
const mix = (from, to, share) => from.map((value, index) => Math.round(value + (to[index] - value) * share));

const css = ([red, green, blue]) => `rgb(${red},${green},${blue})`;

/** "light" or "dark", as shown now. */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const classColor = (index) => CLASS_COLORS[index % CLASS_COLORS.length];
export const panelColor = (index) => PANEL_COLORS[theme()][index % 6];

/** Layers from the first to the last: dark to bright over the hues, so that their order is seen. */
const LAYERS = { light: ["#4b1f7a", "#3d5ba8", "#1b8a86", "#4a9a3a", "#a58a00"], dark: ["#c9a0ff", "#8fb4ff", "#4fd1c5", "#93e06c", "#f2dd4a"] };

/** The colour of a layer's line. @param {number} layer from 0 @param {number} count */
export function layerColor(layer, count) {
  const stops = LAYERS[theme()].map(channels);
  const at = count > 1 ? (layer / (count - 1)) * (stops.length - 1) : 0;
  const from = Math.min(stops.length - 2, Math.floor(at));
  return css(mix(stops[from], stops[from + 1], at - from));
}

/** Lines around points and rings: against the boundary, not against the page. */
export const ink = () =>
  theme() === "dark"
    ? { edge: "rgba(255,255,255,.85)", hollow: "#14171b", ring: "#ffffff", halo: "rgba(0,0,0,.75)", axis: "rgba(255,255,255,.75)", grid: "rgba(255,255,255,.16)", outline: "rgba(255,255,255,.62)" }
    : { edge: "rgba(255,255,255,.95)", hollow: "#ffffff", ring: "#14171b", halo: "rgba(255,255,255,.85)", axis: "rgba(20,23,27,.7)", grid: "rgba(20,23,27,.14)", outline: "rgba(20,23,27,.62)" };

/** How far a value is from 0, at most 1, and towards which colour. */
const towards = (value) => [channels(CLASS_COLORS[value < 0 ? 0 : 1]), Math.min(1, Math.abs(value))];
const shades = new Map();

/** The colour of a point or line with a value of -1 to 1. */
export function valueColor(value) {
  const step = Math.round(Math.max(-1, Math.min(1, value)) * STEPS) / STEPS;
  const key = `${step} ${theme()}`;
  if (!shades.has(key)) shades.set(key, css(mix(NEUTRAL[theme()], ...towards(step))));
  return shades.get(key);
}

/** Where nothing is predicted. */
export const groundColor = () => css(GROUND[theme()]);

const tables = new Map();

/** The colour of one boundary byte, as channels. */
function shade(value, classes, discretize, mode) {
  if (!classes) {
    const [color, share] = towards(value / 127.5 - 1);
    return mix(GROUND[mode], color, discretize ? FLAT[mode] : REACH[mode] * share);
  }
  const levels = Math.floor(256 / classes);
  const index = Math.min(classes - 1, Math.floor(value / levels));
  const confidence = Math.min(1, (value - index * levels) / (levels - 1));
  return mix(GROUND[mode], channels(classColor(index)), discretize ? FLAT[mode] : REACH[mode] * confidence);
}

/** The 256 pixels for a number of classes; 0 for values, where "discretize" leaves only the sign. @returns {Uint32Array} */
export function colorTable(classes, discretize) {
  const mode = theme();
  const key = `${classes} ${discretize} ${mode}`;
  if (!tables.has(key)) {
    const table = Uint32Array.from({ length: 256 }, (_, value) => {
      const [red, green, blue] = shade(value, classes, discretize, mode);
      return 0xff000000 | (blue << 16) | (green << 8) | red;
    });
    tables.set(key, table);
  }
  return tables.get(key);
}

/** Of the hatching where seeds disagree: half of them, and it is as dense as it gets. */
const HATCH = { light: [20, 23, 27], dark: [255, 255, 255] };

/** What values (regression) may differ by before it is hatched: they never agree in every digit. */
const SLACK = 26;

/** The 256 pixels of the hatching, from none where all seeds agree. @returns {Uint32Array} */
export function hatchTable(classes) {
  const mode = theme();
  const least = classes ? 0 : SLACK;
  const key = `hatch ${least} ${mode}`;
  if (!tables.has(key)) {
    const [red, green, blue] = HATCH[mode];
    tables.set(key, Uint32Array.from({ length: 256 }, (_, value) => (Math.round(Math.max(0, Math.min(1, (value - least) / (127 - least))) * 190) << 24) | (blue << 16) | (green << 8) | red));
  }
  return tables.get(key);
}

/** The 256 pixels of a unit's response, -1 to 1 at full strength; of a dead unit in greys. @returns {Uint32Array} */
export function responseTable(grey) {
  const mode = theme();
  const key = `response ${grey} ${mode}`;
  if (!tables.has(key)) {
    tables.set(key, Uint32Array.from({ length: 256 }, (_, value) => {
      const [color, share] = towards(value / 127.5 - 1);
      const [red, green, blue] = mix(GROUND[mode], grey ? GREY[mode] : color, grey ? 0.35 + 0.4 * share : share);
      return 0xff000000 | (blue << 16) | (green << 8) | red;
    }));
  }
  return tables.get(key);
}
