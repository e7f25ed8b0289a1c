// Films the panels while they train: a canvas is drawn anew with every frame, and the browser's own
// recorder makes a WebM file of it. A line at the edge says how long it runs and ends it. Where
// the browser cannot record, the page does not offer it.

import { h, setText } from "./dom.js";
import { t } from "./i18n.js";
import { say, toast } from "./notices.js";
import { drawMoving, movingSize } from "./picture.js";

const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const RATE = 20;
/** Seconds after which it ends by itself. */
const LONGEST = 60;

/** What the browser can record as, or undefined. */
export const recordable = () => typeof MediaRecorder === "function" && "captureStream" in HTMLCanvasElement.prototype ? TYPES.find((type) => MediaRecorder.isTypeSupported(type)) : undefined;

/** @param {any} store @param {(name: string, data: Blob, type: string) => void} save */
export function createAnimation(store, save) {
  let film = null;

  function start() {
    if (film) return;
    const { width, height } = movingSize(store);
    const canvas = h("canvas", { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    const recorder = new MediaRecorder(canvas.captureStream(RATE), { mimeType: recordable(), videoBitsPerSecond: 4_000_000 });
    const pieces = [];
    const time = h("span", { class: "figure" });
    const bar = h("div", { class: "recording", role: "group", "data-label": "export.recording", "aria-label": t("export.recording") },
      h("span", { class: "recording-dot", "aria-hidden": "true" }), h("span", { "data-text": "export.recording" }, t("export.recording")), time,
      h("button", { type: "button", class: "button strong", "data-text": "export.stop", onclick: stop }, t("export.stop")));
    recorder.addEventListener("dataavailable", (event) => event.data.size && pieces.push(event.data));
    recorder.addEventListener("stop", () => {
      save("animation.webm", new Blob(pieces, { type: "video/webm" }), "video/webm");
      toast(t("export.saved", { name: "animation.webm" }));
    });
    film = { context, recorder, bar, time, panels: store.panels.length, began: performance.now(), drawn: -Infinity, timer: setInterval(tell, 250) };
    document.body.append(bar);
    draw();
    recorder.start(1000);
    tell();
    say(t("export.recording"), true);
  }

  function tell() {
    const seconds = Math.floor((performance.now() - film.began) / 1000);
    setText(film.time, `${seconds} s`);
    draw(); // a film of what stands still still goes on
    if (seconds >= LONGEST) stop();
  }

  function stop() {
    if (!film) return;
    clearInterval(film.timer);
    film.bar.remove();
    film.recorder.stop();
    for (const track of film.recorder.stream.getTracks()) track.stop();
    film = null;
  }

  function draw() {
    const now = performance.now();
    if (!film || now - film.drawn < 1000 / RATE - 4) return;
    film.drawn = now;
    drawMoving(film.context, store);
  }

  // A film keeps its size; what has more or fewer panels is another one.
  store.on("state", () => film && film.panels !== store.panels.length && stop());
  return { start, draw };
}
