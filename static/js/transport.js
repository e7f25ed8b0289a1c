// Play, pause, one update, one epoch, reset, rewind, speed, and the epoch counter. The buttons
// only send commands; what they show is what the server said. Slow motion makes one update at a
// time; its few rates stand where the speed does, which has another unit.

import { makeControl } from "./controls.js";
import { h, segment, setText } from "./dom.js";
import * as format from "./format.js";
import { t } from "./i18n.js";
import { LETTERS } from "./palette.js";
import { say } from "./notices.js";
import { createScale } from "./scale.js";

/** Updates a second in slow motion. */
const RATES = [1, 2, 5];

export function createTransport(store, commands) {
  const counter = document.getElementById("epoch");
  const play = document.querySelector("[data-action=toggle]");
  const place = document.getElementById("speed");
  let speed = null;
  const slowly = document.getElementById("slow");
  const rates = document.getElementById("slow-rates");
  let wasPlaying = null;
  let told = 0;
  let lastRate = RATES[1];

  function build() {
    speed = makeControl(store.boot.form.speed, { catalog: store.boot.catalog, plane: store.boot.plane, change: commands.speed });
    place.replaceChildren(speed.element);
    rates.setAttribute("aria-label", t("transport.slow_rate"));
    rates.replaceChildren(...RATES.map((rate) => segment("slow-rate", false, h("span", { class: "figure" }, String(rate)), () => commands.slow(rate), { value: String(rate) })), h("span", { class: "slow-unit muted" }, t("transport.slow_unit")));
  }

  function update() {
    if (!store.experiment) return;
    speed?.set(store.experiment.speed);
    showSlow();
    document.body.classList.toggle("playing", store.playing);
    showPlay();
    if (wasPlaying !== null && wasPlaying !== store.playing) say(t(store.playing ? "status.playing" : "status.paused", { epoch: epochNow() }), true);
    wasPlaying = store.playing;
  }

  function showPlay() {
    play.dataset.title = store.playing ? "transport.pause" : store.timeline.past ? "past.go_on" : "transport.play";
    const text = t(play.dataset.title);
    play.setAttribute("aria-label", text);
    play.title = `${text} (Space)`;
  }

  /** In slow motion updates a second stand where the speed was. */
  function showSlow() {
    const slow = store.slow !== null && store.slow !== undefined;
    slowly.setAttribute("aria-pressed", String(slow));
    place.hidden = slow;
    rates.hidden = !slow;
    for (const input of rates.querySelectorAll("input")) input.checked = Number(input.value) === store.slow;
    if (slow) lastRate = store.slow;
  }

  const epochNow = () => Math.floor(store.history.get(store.panels[0]?.id)?.now?.epoch ?? 0);

  store.on("boot", () => {
    build();
    update();
  });
  store.on("state", update);
  store.on("timeline", showPlay);
  return {
    /** With every drawn frame. */
    draw() {
      const now = store.history.get(store.panels[0]?.id)?.now;
      if (!now) return;
      setText(counter, format.epochs(now.epoch, !store.playing || store.slow || store.experiment.speed < 1));
      if (!store.playing || performance.now() - told < 10_000) return;
      told = performance.now();
      const values = store.data?.classes === 0;
      const parts = store.panels.map((panel, index) => {
        const own = store.history.get(panel.id).now;
        const quality = values ? format.fit(own?.test_r2) : format.percent(own?.test_accuracy, 0);
        return store.panels.length > 1 ? `${LETTERS[index]} ${quality}` : quality;
      });
      say(t(values ? "status.progress_values" : "status.progress", { epoch: Math.floor(now.epoch), accuracy: parts.join(", ") }));
    },
    toggleSlow: () => commands.slow(store.slow ? null : lastRate),
    /** One notch faster or slower. */
    nudge(direction) {
      if (store.slow) {
        const next = RATES[RATES.indexOf(store.slow) + direction];
        if (next) commands.slow(next);
        return;
      }
      const scale = createScale(store.boot.form.speed);
      const current = store.experiment.speed;
      let notch = scale.notch(current) + direction;
      notch = Math.max(0, Math.min(scale.last, notch));
      speed.set(scale.value(notch));
      commands.speed(scale.value(notch));
    },
    fail: (path, text) => speed.fail(path, text),
  };
}
