// What a page can do with the element: a sentence of the text follows the figures, and two buttons
// of the page set a network going.

const told = document.getElementById("told");
const share = (value) => `${(100 * value).toFixed(0)}\u2009%`;
let solved = false;

document.getElementById("straight").addEventListener("metrics", ({ detail }) => {
  const [straight, bent] = detail.panels;
  if (!straight || !bent || solved) return;
  told.textContent = told.dataset.text.replace("{epoch}", String(Math.floor(bent.epoch))).replace("{straight}", share(straight.test_accuracy)).replace("{bent}", share(bent.test_accuracy));
});
document.getElementById("straight").addEventListener("solved", ({ detail }) => {
  solved = true;
  told.textContent = told.dataset.solved.replace("{epoch}", String(Math.floor(detail.epoch)));
});

const widths = document.getElementById("widths");
document.getElementById("go").addEventListener("click", () => widths.play());
document.getElementById("again").addEventListener("click", () => widths.rewind());
