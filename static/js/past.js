// The way through a run: a slider over the moments that are kept, one step of it back or on, and the
// way back to now. Going somewhere pauses the training and hands the server the checkpoint of that
// moment, so everything on screen is of then. While the slider moves only the newest wish counts:
// the next moment is sent when the server stands at the last one, and no faster than it may be.

import { h, icon, setText } from "./dom.js";
import { epochOf } from "./format.js";
import { t } from "./i18n.js";
import { toast } from "./notices.js";

/** ms between two moments that are sent, at least, */
const PAUSE = 125;
/** and what the server takes of them: bytes a ms. */
const RATE = 500;

/** @param {(moment: ArrayBuffer) => boolean} jump */
export function createPast(store, jump) {
  const root = document.getElementById("past");
  /** @type {import("./timeline.js").Moment|null} */
  let wanted = null;
  /** Where the server was asked to go, and where it may have refused to. */
  let asked = null;
  let refused = null;
  let askedAt = -Infinity;
  let timer = 0;

  const button = (glyph, action) => h("button", { type: "button", class: "tool", onclick: action }, icon(glyph));
  const earlier = button("i-earlier", () => step(-1));
  const later = button("i-later", () => step(1));
  const slider = h("input", { type: "range", min: "0", step: "1", class: "past-slider" });
  const readout = h("span", { class: "past-place figure" });
  const hint = h("span", { class: "past-hint muted" });
  const now = h("button", { type: "button", class: "button past-now", onclick: () => go(store.timeline.moments.length - 1) });
  root.append(earlier, slider, later, readout, hint, now);
  slider.addEventListener("input", () => go(Number(slider.value)));

  /** Where the hand is, which the server may not have reached yet. */
  const place = () => {
    const { moments, index } = store.timeline;
    const going = moments.indexOf(wanted ?? asked);
    return going < 0 ? index : going;
  };

  const step = (way) => go(place() + way);

  function go(index) {
    const { moments } = store.timeline;
    const moment = moments[Math.max(0, Math.min(moments.length - 1, index))];
    if (!moment || moments.indexOf(moment) === place()) {
      update();
      return;
    }
    wanted = moment;
    update();
    send();
  }

  function send() {
    if (!wanted || asked) return;
    clearTimeout(timer);
    const due = askedAt + Math.max(PAUSE, wanted.buffer.byteLength / RATE) - performance.now();
    if (due > 0) {
      timer = setTimeout(send, due);
      return;
    }
    asked = wanted;
    wanted = null;
    askedAt = performance.now();
    if (jump(asked.buffer)) return;
    asked = null;
    update();
    toast(t("connection.lost"), "fault");
  }

  /** The server has gone there, or has come back with what it was handed after a break. */
  function arrive() {
    const moment = asked ?? refused; // what was refused may have been something else
    if (moment) store.timeline.stand(moment);
    asked = refused = null;
    send();
  }

  function update() {
    const { moments, end, tooLarge } = store.timeline;
    const last = Math.max(0, moments.length - 1);
    const at = Math.max(0, place()); // while there is no moment, it is none of the past
    const back = at < last || store.timeline.past;
    slider.max = String(Math.max(1, last));
    slider.disabled = last < 1;
    slider.value = String(last < 1 ? 1 : at);
    slider.style.setProperty("--at", last < 1 ? "100%" : `${(at / last) * 100}%`);
    earlier.disabled = at < 1;
    later.disabled = now.disabled = at >= last;
    root.classList.toggle("back", back);
    document.body.classList.toggle("past", back);
    const text = back && moments[at] ? t("past.place", { epoch: written(moments[at].epoch), end: written(end) }) : t("past.now");
    setText(readout, text);
    slider.setAttribute("aria-valuetext", text);
    setText(hint, t(tooLarge && !moments.length ? "past.too_large" : back ? "past.hint" : "past.what"));
  }

  /** As the counter has it, without the zeros in front. */
  const written = (epoch) => epochOf(epoch, true);

  function words() {
    root.setAttribute("aria-label", t("past.label"));
    slider.setAttribute("aria-label", t("past.slider"));
    for (const [element, key, shortcut] of [[earlier, "past.earlier", "["], [later, "past.later", "]"]]) {
      element.setAttribute("aria-label", t(key));
      element.title = `${t(key)} (${shortcut})`;
    }
    setText(now, t("past.back"));
    update();
  }

  store.on("boot", words);
  store.on("state", update);
  store.on("timeline", update);
  store.on("jump", () => {
    arrive();
    update();
  });

  return {
    earlier: () => step(-1),
    later: () => step(1),
    /** Goes to the last moment that is not after an epoch. */
    visit: (epoch) => go(Math.max(0, store.timeline.moments.findLastIndex((moment) => moment.epoch <= epoch))),
    /** The server has refused something, perhaps to go where it was asked to. */
    fail() {
      if (!asked) return;
      refused = asked;
      asked = null;
      update();
      send();
    },
    /** A new connection answers nothing that the last one was asked; where the run goes on, the wish is still there. */
    forget(resumed) {
      wanted = resumed ? (wanted ?? asked) : null;
      asked = refused = null;
    },
  };
}
