// Everything that can be taken along, in one dialog: pictures and a film of the panels, a report, the
// selected network as a program or as weights, points, curves and the experiment as files. What
// only the server can say (program, weights) is asked for when its button is pressed.

import { createAnimation, recordable } from "./animation.js";
import { h } from "./dom.js";
import { curvesCsv, pointsCsv, saveFile } from "./files.js";
import { currentLanguage, t } from "./i18n.js";
import { toast } from "./notices.js";
import { LETTERS } from "./palette.js";
import { pictureReady, picturePng, pictureSvg } from "./picture.js";
import { makeReport } from "./report.js";
import { shareAddress } from "./snippets.js";

/** Views whose answers become files. */
const FILES = ["program", "weights"];
const LANGUAGES = [["numpy", "NumPy"], ["pytorch", "PyTorch"], ["keras", "Keras"]];

/** @param {any} store @param {{rewind: () => void, play: () => void}} commands */
export function createExport(store, commands, requests, { saveExperiment }) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("export"));
  const animation = createAnimation(store, saveFile);
  /** @type {HTMLElement|null} */
  let line = null;

  function done(name) {
    toast(t("export.saved", { name }));
    dialog.close();
  }

  function fail(text) {
    if (!line) return;
    line.textContent = text;
    line.hidden = false;
  }

  /** A row: what it is, one sentence, and its buttons. */
  const row = (name, ...tools) => h("div", { class: "export-row", role: "group", "aria-labelledby": `export-${name}`, "aria-describedby": `export-${name}-help` },
    h("div", {}, h("h3", { id: `export-${name}` }, t(`export.${name}`)), h("p", { class: "muted", id: `export-${name}-help` }, t(`export.${name}_help`))),
    h("div", { class: "export-tools" }, tools));
  const button = (text, action) => h("button", { type: "button", class: "button", onclick: action }, text);

  /** A choice of a panel; null where there is only one. */
  function panelChoice(label, all) {
    if (store.panels.length < 2) return null;
    const options = store.panels.map((_, index) => h("option", { value: String(index) }, LETTERS[index]));
    const select = h("select", { class: "export-panel", "aria-label": label }, all ? h("option", { value: "" }, t("export.all")) : null, options);
    select.value = all ? "" : String(store.selectedIndex);
    return select;
  }

  async function picture(select, kind) {
    if (!pictureReady(store)) return;
    const only = store.panels.length < 2 ? 0 : select.value === "" ? null : Number(select.value);
    const name = `panels.${kind}`;
    if (kind === "png") saveFile(name, await picturePng(store, only), "image/png");
    else saveFile(name, pictureSvg(store, only), "image/svg+xml");
    done(name);
  }

  async function report(pressed) {
    if (!pictureReady(store)) return;
    pressed.disabled = true;
    try {
      saveFile("report.html", await makeReport(store, shareAddress(store)), "text/html");
      done("report.html");
    } catch {
      fail(t("connection.lost"));
    }
    pressed.disabled = false;
  }

  function ask(select, view) {
    line.hidden = true;
    const place = select ? Number(select.value) : 0;
    if (requests.ask(view, "", place) || requests.waiting(view.id)) return;
    fail(t(store.diverged.has(store.panels[place].id) ? "inside.diverged" : "connection.lost"));
  }

  function record(anew) {
    dialog.close();
    if (anew) commands.rewind();
    animation.start();
    if (anew || !store.playing) commands.play();
  }

  function open() {
    line = h("p", { class: "error", role: "alert", hidden: true });
    const which = panelChoice(t("export.which_panels"), true);
    const whose = panelChoice(t("export.which_network"), false);
    const close = () => dialog.close();
    const reportButton = button("HTML", () => report(reportButton));
    const rows = [
      row("picture", which, button("PNG", () => picture(which, "png")), button("SVG", () => picture(which, "svg"))),
      recordable() ? row("animation", button(t("export.record"), () => record(false)), button(t("export.record_anew"), () => record(true))) : null,
      row("report", reportButton),
      row("network", whose, ...LANGUAGES.map(([language, name]) => button(name, () => ask(whose, { id: "program", language, lang: currentLanguage() }))), button("safetensors", () => ask(whose, { id: "weights" }))),
      row("tables", button(t("export.points"), () => {
        saveFile("points.csv", pointsCsv(store.data), "text/csv");
        done("points.csv");
      }), button(t("export.curves"), () => {
        saveFile("curves.csv", curvesCsv(store), "text/csv");
        done("curves.csv");
      })),
      row("experiment", button("JSON", () => {
        saveExperiment();
        done("experiment.json");
      })),
    ];
    dialog.replaceChildren(
      h("h2", { id: "export-heading" }, t("export.heading")), line, h("div", { class: "export-rows" }, rows.filter(Boolean)),
      h("div", { class: "dialog-actions" }, h("button", { type: "button", class: "button", onclick: close }, t("page.close"))));
    if (!dialog.open) dialog.showModal();
  }

  store.on("request", (kind) => {
    if (!FILES.includes(kind) || requests.waiting(kind)) return;
    const message = store.seenViews.get(kind);
    if (!message) {
      if (line.hidden) fail(t("connection.lost")); // unless the server has said why
      return;
    }
    store.seenViews.delete(kind); // large, and used up
    const { text, name } = message.about;
    if (text) saveFile(name, text, "text/x-python");
    else saveFile("network.safetensors", message.tensors.file.data, "application/octet-stream");
    done(text ? name : "network.safetensors");
  });
  store.on("boot", () => dialog.open && open());

  return {
    open,
    /** With every drawn frame. */
    draw: animation.draw,
    /** @returns {boolean} whether the error was about what was asked for here */
    fail(path, text) {
      if (!dialog.open || path[0] !== "view" || !FILES.some(requests.waiting)) return false;
      fail(text);
      return true;
    },
  };
}
