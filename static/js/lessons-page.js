// The list of lessons: marks what this visitor has begun and solved.

import { allProgress } from "./progress.js";

const progress = allProgress();
let solved = 0;
const cards = [...document.querySelectorAll("[data-lesson]")];
for (const card of cards) {
  const own = progress[card.dataset.lesson];
  if (!own) continue;
  const state = card.querySelector(".lesson-state");
  state.textContent = own.solved ? state.dataset.solved : state.dataset.begun;
  state.hidden = false;
  card.classList.toggle("solved", Boolean(own.solved));
  solved += own.solved ? 1 : 0;
}
const count = document.getElementById("lesson-count");
count.textContent = count.dataset.textSome.replace("{solved}", String(solved)).replace("{count}", String(cards.length));
count.hidden = Object.keys(progress).length === 0;
