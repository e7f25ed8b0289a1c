// A drawing context that writes SVG: it has those methods of a canvas's context that points, rings
// and axes are drawn with, so that a picture with sharp edges needs no second drawing code. There
// are no transforms but `translate`; paths given as Path2D cannot be read back and are not taken.

const ANCHORS = { left: "start", start: "start", center: "middle", right: "end", end: "end" };
/** From the baseline that is asked for to the alphabetic one, in font sizes. */
const BASELINES = { alphabetic: 0, bottom: -0.22, middle: 0.35, top: 0.8 };
const STYLES = ["fillStyle", "strokeStyle", "globalAlpha", "lineWidth", "lineJoin", "font", "textAlign", "textBaseline"];

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const short = (value) => String(Number(value.toFixed(2)));
/** SVG has no rgba() in old readers: a colour and an opacity. */
function paint(name, color) {
  const parts = /^rgba\((.*),\s*([\d.]+)\)$/.exec(color);
  return parts ? `${name}="rgb(${parts[1]})" ${name}-opacity="${parts[2]}"` : `${name}="${color}"`;
}

export class SvgContext {
  #measure = document.createElement("canvas").getContext("2d");
  #parts = [];
  #path = [];
  #states = [];
  #at = [0, 0];
  #dash = [];
  #clip = "";
  #clips = 0;

  constructor() {
    Object.assign(this, { fillStyle: "#000", strokeStyle: "#000", globalAlpha: 1, lineWidth: 1, lineJoin: "miter", font: "10px sans-serif", textAlign: "left", textBaseline: "alphabetic" });
  }

  /** The whole picture. @param {number} width @param {number} height @param {string} title */
  text(width, height, title) {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">\n<title>${escaped(title)}</title>\n${this.#parts.join("\n")}\n</svg>\n`;
  }

  #add(element) {
    this.#parts.push(this.#clip ? `<g clip-path="url(#${this.#clip})">${element}</g>` : element);
  }
  #place(x, y) {
    return `${short(x + this.#at[0])} ${short(y + this.#at[1])}`;
  }

  save() {
    this.#states.push({ style: Object.fromEntries(STYLES.map((name) => [name, this[name]])), at: this.#at, dash: this.#dash, clip: this.#clip });
  }
  restore() {
    const state = this.#states.pop();
    Object.assign(this, state.style);
    this.#at = state.at;
    this.#dash = state.dash;
    this.#clip = state.clip;
  }
  translate(x, y) {
    this.#at = [this.#at[0] + x, this.#at[1] + y];
  }
  setLineDash(dash) {
    this.#dash = dash;
  }
  beginPath() {
    this.#path = [];
  }
  closePath() {
    this.#path.push("Z");
  }
  moveTo(x, y) {
    this.#path.push(`M${this.#place(x, y)}`);
  }
  lineTo(x, y) {
    this.#path.push(`${this.#path.length ? "L" : "M"}${this.#place(x, y)}`);
  }
  rect(x, y, width, height) {
    this.#path.push(`M${this.#place(x, y)}h${short(width)}v${short(height)}h${short(-width)}Z`);
  }
  /** Whole circles only, which is all that is drawn. */
  arc(x, y, radius) {
    const r = short(radius);
    const turn = short(2 * radius);
    this.#path.push(`M${this.#place(x - radius, y)}a${r} ${r} 0 1 0 ${turn} 0a${r} ${r} 0 1 0 -${turn} 0Z`);
  }
  clip() {
    const id = `clip${++this.#clips}`;
    this.#parts.push(`<clipPath id="${id}"><path d="${this.#path.join("")}"/></clipPath>`);
    this.#clip = id;
  }
  fill() {
    const pale = this.globalAlpha < 1 ? ` opacity="${this.globalAlpha}"` : "";
    this.#add(`<path d="${this.#path.join("")}" ${paint("fill", this.fillStyle)}${pale}/>`);
  }
  stroke() {
    const dash = this.#dash.length ? ` stroke-dasharray="${this.#dash.map(short).join(" ")}"` : "";
    this.#add(`<path d="${this.#path.join("")}" fill="none" ${paint("stroke", this.strokeStyle)} stroke-width="${short(this.lineWidth)}" stroke-linejoin="${this.lineJoin}"${dash}/>`);
  }
  fillRect(x, y, width, height) {
    const [left, top] = this.#place(x, y).split(" ");
    this.#add(`<rect x="${left}" y="${top}" width="${short(width)}" height="${short(height)}" ${paint("fill", this.fillStyle)}/>`);
  }
  fillText(text, x, y) {
    const [left, top] = this.#place(x, y).split(" ");
    this.#add(`<text x="${left}" y="${top}" dy="${BASELINES[this.textBaseline]}em" text-anchor="${ANCHORS[this.textAlign]}" style="font:${escaped(this.font)}" ${paint("fill", this.fillStyle)}>${escaped(text)}</text>`);
  }
  measureText(text) {
    this.#measure.font = this.font;
    return this.#measure.measureText(text);
  }
  /** @param {HTMLCanvasElement} image */
  drawImage(image, x, y, width, height) {
    const [left, top] = this.#place(x, y).split(" ");
    this.#add(`<image x="${left}" y="${top}" width="${short(width)}" height="${short(height)}" preserveAspectRatio="none" href="${image.toDataURL()}"/>`);
  }
}
