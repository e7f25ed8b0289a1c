// Links of TensorFlow Playground: opening one gives its points, its first weights and its curve,
// and what there is to say about it; the other way round, the experiment as such a link, or why
// there is none. As long as the experiment is one of theirs, a quiet line says so and offers the
// way to our own defaults.

import { post } from "./api.js";
import { copyButton } from "./copying.js";
import { h, same, setText } from "./dom.js";
import { currentLanguage, t } from "./i18n.js";
import { toast, wording } from "./notices.js";
import { LETTERS } from "./palette.js";

/** What a network takes from their profile and gives back with it. */
const PROFILE = ["loss", "initializer", "bias", "preprocessing"];

/**
 * @param {any} store @param {{configure: (experiment: any) => void}} commands
 * @param {{set: (names: string[]) => void}} hidden @param {(link: string) => void} go to a link of ours
 */
export function createPlaygroundLink(store, commands, hidden, go) {
  const dialog = document.getElementById("playground-link");
  const banner = document.getElementById("profile");
  const says = h("span", {});
  const away = h("button", { type: "button", class: "text-button", onclick: leave });
  banner.append(says, " ", away);

  /** The control that has no field, since the banner speaks of it. */
  const seedName = () => store.boot.form.data.find(({ kind }) => kind === "hidden")?.name;

  /** Whether a fragment may be theirs: it has no version, and a key that no link of ours has. */
  function foreign(fragment) {
    const keys = fragment.split("&").map((pair) => pair.split("=")[0]).filter(Boolean);
    return keys.length > 0 && !keys.includes("v"); // every fragment that this page writes begins with it
  }

  /**
   * Opens a link of theirs. @param {string} link @param {string[]} [hide] what is to be hidden besides
   * @returns {Promise<{link?: string, errors?: string[]}>} our link, if it was one of theirs
   */
  async function read(link, hide = []) {
    const { result, errors } = await post("api/tensorflow", { link });
    if (!result) return { errors: errors ? errors.map((error) => wording(error, "error")) : [t("connection.lost")] };
    hidden.set([...hide, ...result.hide]);
    store.look(result.view);
    if (result.notices.length) toast(result.notices.map((notice) => wording(notice, "notice")), "note", 12_000);
    return { link: result.link };
  }

  async function open() {
    const field = h("input", { type: "text", id: "tf-link", autocomplete: "off", spellcheck: "false", placeholder: "https://playground.tensorflow.org/#…", "aria-describedby": "tf-error" });
    const error = h("p", { class: "error", role: "alert", id: "tf-error", hidden: true });
    const out = h("input", { type: "text", id: "tf-export", readonly: true, disabled: true, "aria-describedby": "tf-reasons" });
    const copy = copyButton(out, t("tf.export"));
    copy.disabled = true;
    const reasons = h("ul", { class: "reasons muted", id: "tf-reasons" });
    const form = h("form", { class: "stack" },
      h("h2", { id: "playground-link-heading" }, t("tf.heading")),
      h("label", { class: "label", for: "tf-link" }, t("tf.paste")),
      h("div", { class: "field-row" }, field, h("button", { type: "submit", class: "button strong" }, t("tf.open"))), error,
      h("label", { class: "label tf-export-label", for: "tf-export" }, t("tf.export")),
      h("div", { class: "field-row" }, out, copy), reasons,
      h("div", { class: "dialog-actions" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t("page.close"))));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { link, errors } = await read(field.value);
      error.hidden = !errors;
      error.textContent = errors?.join(" ") ?? "";
      if (link === undefined) return;
      dialog.close();
      go(link);
    });
    dialog.replaceChildren(form);
    dialog.showModal();
    const { result } = await post(`api/tensorflow/export?lang=${currentLanguage()}`, { experiment: store.experiment });
    out.disabled = copy.disabled = !result?.link;
    out.value = result?.link ?? "";
    reasons.replaceChildren(...(result ? result.reasons : [t("connection.lost")]).map((reason) => h("li", {}, reason)));
  }

  /** The same experiment with our own points, loss and first weights. */
  function leave() {
    const { data, panels, ...rest } = structuredClone(store.experiment);
    delete data[seedName()];
    for (const panel of panels) for (const name of PROFILE) delete panel[name];
    commands.configure({ ...rest, data, panels });
  }

  /** Whether a network's first weights are those it has there. */
  const theirs = (panel) => Object.entries(store.boot.tf_weights).every(([name, values]) => values.some((value) => same(value, panel[name])));

  function update() {
    const seed = store.experiment?.data[seedName()];
    banner.hidden = !seed;
    document.body.classList.toggle("profiled", Boolean(seed));
    if (!seed) return;
    const anew = store.experiment.panels.flatMap((panel, index) => (theirs(panel) ? [] : [LETTERS[index]]));
    const key = !anew.length ? "tf.profile" : anew.length === store.experiment.panels.length ? "tf.profile_anew" : "tf.profile_anew_in";
    setText(says, t(key, { seed, letters: anew.join(t("data.unused_separator")) }));
    setText(away, t("tf.leave"));
  }
  store.on("state", update);
  store.on("boot", update);

  return { open, read, foreign };
}
