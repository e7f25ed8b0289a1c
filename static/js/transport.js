// Play, pause, one update, one epoch, reset, rewind, speed, and the epoch counter. The buttons
// only send commands; what they show is what the server said.

import { makeControl } from "./controls.js";
import { setText } from "./dom.js";
import * as format from "./format.js";
import { t } from "./i18n.js";
import { LETTERS } from "./palette.js";
import { say } from "./notices.js";
import { createScale } from "./scale.js";

export function createTransport(store, commands) {
  const counter = document.getElementById("epoch");
  const play = document.querySelector("[data-action=toggle]");
  const place = document.getElementById("speed");
  let speed = null;
  let wasPlaying = null;
  let told = 0;

  function build() {
    speed = makeControl(store.boot.form.speed, { catalog: store.boot.catalog, plane: store.boot.plane, change: commands.speed });
    place.replaceChildren(speed.element);
  }

  function update() {
    if (!store.experiment) return;
    speed?.set(store.experiment.speed);
    document.body.classList.toggle("playing", store.playing);
    play.dataset.title = store.playing ? "transport.pause" : "transport.play";
    const text = t(play.dataset.title);
    play.setAttribute("aria-label", text);
    play.title = `${text} (Space)`;
    if (wasPlaying !== null && wasPlaying !== store.playing) say(t(store.playing ? "status.playing" : "status.paused", { epoch: epochNow() }), true);
    wasPlaying = store.playing;
  }

  const epochNow = () => Math.floor(store.history.get(store.panels[0]?.id)?.now?.epoch ?? 0);

  store.on("boot", () => {
    build();
    update();
  });
  store.on("state", update);
  return {
    /** With every drawn frame. */
    draw() {
      const now = store.history.get(store.panels[0]?.id)?.now;
      if (!now) return;
      setText(counter, format.epochs(now.epoch, !store.playing || store.experiment.speed < 1));
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
    /** One notch faster or slower. */
    nudge(direction) {
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
