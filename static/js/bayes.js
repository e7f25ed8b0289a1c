// What is best possible on the data of now: asked of the server a moment after the data change,
// an older question being given up. It goes into the store, for the charts, the panels and the
// data column; here are only the question and the switch for the boundary.

import { post } from "./api.js";
import { contours } from "./contour.js";
import { same } from "./dom.js";
import { t } from "./i18n.js";

const PAUSE = 200;
/** ms until a question that nobody answered is asked again. */
const AGAIN = 5000;
const UNKNOWN = { error: null, losses: {}, lines: null };

/** The classes of a grid out of base64. */
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Why nobody knows what is best possible; a key of the locale. */
export function unknownBecause(store) {
  if (store.dataset?.given) return "bayes.given";
  return store.experiment.data.tf_seed ? "bayes.drawn_elsewhere" : "bayes.unknown";
}

export function createBayes(store) {
  const input = document.getElementById("bayes");
  let asked = { data: "", losses: "" };
  let timer = 0;
  let asking = null;

  function update() {
    const { data, panels } = store.experiment;
    const question = { data: JSON.stringify(data), losses: JSON.stringify(panels.map(({ loss }) => loss)) };
    if (same(question, asked)) return;
    const fresh = question.data !== asked.data;
    asked = question;
    clearTimeout(timer);
    asking?.abort();
    if (store.dataset?.given) {
      give(UNKNOWN);
      return;
    }
    if (fresh) give(null);
    timer = setTimeout(ask, PAUSE);
  }

  async function ask() {
    asking = new AbortController();
    const { signal } = asking;
    const { result } = await post("api/bayes", { experiment: store.experiment }, signal);
    if (signal.aborted) return;
    if (result) give({ error: result.error, losses: result.losses, lines: result.grid ? linesOf(result.grid) : null });
    else timer = setTimeout(ask, AGAIN);
  }

  function linesOf(grid) {
    const cells = bytes(grid);
    return contours(cells, Math.round(Math.sqrt(cells.length)));
  }

  function give(answer) {
    store.receiveBayes(answer);
    show();
  }

  function show() {
    const { bayes } = store;
    if (!input) return;
    // While it is worked out the switch stays as it is, so that it does not flicker.
    if (bayes) input.disabled = !bayes.lines?.length;
    const reason = bayes && !bayes.lines?.length ? t(bayes.lines ? "bayes.no_border" : store.data?.classes === 0 ? "bayes.values" : unknownBecause(store)) : "";
    input.closest("label").title = reason || t("bayes.boundary_help");
  }

  store.on("state", update);
  store.on("boot", () => store.experiment && show());
}
