// Slides in a few lines, with what reveal.js does to a frame: it is loaded when its slide comes on,
// and hears `slide:start` and `slide:stop`, so that only one network trains at a time.

const slides = [...document.querySelectorAll(".slide")];
const place = document.getElementById("place");
let now = -1;

const tell = (slide, message) => slide.querySelector("iframe").contentWindow.postMessage(message, "*");

function go(to) {
  const next = Math.max(0, Math.min(slides.length - 1, to));
  if (next === now || Number.isNaN(next)) return; // a fragment may be anything
  const first = now < 0;
  if (!first) tell(slides[now], "slide:stop");
  now = next;
  slides.forEach((slide, index) => {
    slide.hidden = index !== now;
  });
  const slide = slides[now];
  const frame = slide.querySelector("iframe");
  if (frame.src) tell(slide, "slide:start");
  else frame.src = frame.dataset.src;
  place.textContent = `${now + 1} / ${slides.length}`;
  document.getElementById("before").disabled = now === 0;
  document.getElementById("after").disabled = now === slides.length - 1;
  history.replaceState(null, "", `#${now + 1}`);
  if (!first) slide.querySelector("h1").focus();
}

addEventListener("keydown", ({ key, altKey, ctrlKey, metaKey, shiftKey }) => {
  if (altKey || ctrlKey || metaKey || shiftKey) return;
  if (["ArrowRight", "PageDown"].includes(key)) go(now + 1);
  if (["ArrowLeft", "PageUp"].includes(key)) go(now - 1);
});
addEventListener("hashchange", () => go(Number(location.hash.slice(1)) - 1));
document.getElementById("before").addEventListener("click", () => go(now - 1));
document.getElementById("after").addEventListener("click", () => go(now + 1));
go((Number(location.hash.slice(1)) || 1) - 1); // the first, where the address names none
