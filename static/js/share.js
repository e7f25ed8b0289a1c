// The dialog in which an experiment leaves the page: as a link, as a code that a class scans, as a
// piece of HTML, Markdown or notebook, and as a picture. All of it is made from the link, which
// holds the whole experiment; where it cannot, the dialog says what can.

import { copyButton } from "./copying.js";
import { h, icon, segment } from "./dom.js";
import { saveFile } from "./files.js";
import { currentLanguage, t } from "./i18n.js";
import { wording } from "./notices.js";
import { picturePng, pictureReady } from "./picture.js";
import { FRAMED, PARTS, SMALLEST, SNIPPETS, embedAddress, publicBase, shareAddress } from "./snippets.js";
import { titles } from "./titles.js";

/** Names of a machine that mean another one to everybody else. */
const LOCAL = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
/** From so many bytes on, a code is so dense that not every phone reads it from afar. */
const DENSE = 700;
const LARGEST = 4000;

/** @param {any} store @param {{saveExperiment: () => void}} files */
export function createShare(store, files) {
  const dialog = document.getElementById("share");
  /** As it was chosen last; the dialog is made anew each time. */
  const chosen = { kind: "iframe", parts: ["transport", "numbers", "link"], autoplay: true, lock: false, theme: "", lang: "", width: 640, height: 520, full: false };

  function title() {
    const names = titles(store.boot.form.network, store.experiment.panels, store.boot.catalog);
    return `${t("page.title")}: ${names.join(" | ").replace(/\s+/g, " ")}`;
  }

  const section = (key, ...children) => h("section", { class: "share-part" }, h("h3", {}, t(key)), children);
  const check = (text, checked, change, small = null) => {
    const box = h("input", { type: "checkbox", checked });
    box.addEventListener("change", () => change(box.checked));
    return h("label", { class: "check" }, box, h("span", {}, text, small && h("small", { class: "muted" }, small)));
  };
  const select = (key, value, options, change) => {
    const field = h("select", {}, options.map(([name, text]) => h("option", { value: name, selected: name === value }, text)));
    field.addEventListener("change", () => change(field.value));
    return h("label", { class: "share-field" }, h("span", { class: "label" }, t(key)), field);
  };

  function linkPart() {
    const field = h("input", { type: "text", readonly: true, value: shareAddress(store), "aria-label": t("share.link") });
    field.addEventListener("focus", () => field.select());
    return section("share.link", h("div", { class: "field-row" }, field, copyButton(field, t("share.link"))), h("p", { class: "muted" }, t("share.link_help")));
  }

  /** The code comes from the server, as an image whose text is this address. */
  function codePart() {
    const text = shareAddress(store);
    const picture = h("div", { class: "code" });
    const larger = h("button", { type: "button", class: "button", disabled: true, onclick: () => showLarge(picture) }, t("share.larger"));
    const notes = [new TextEncoder().encode(text).length > DENSE && t("share.dense"), !document.body.dataset.publicUrl && LOCAL.test(location.hostname) && t("share.local")].filter(Boolean);
    readCode(text).then(({ code, error }) => {
      if (code) picture.replaceChildren(code);
      else picture.replaceChildren(h("p", { class: "error" }, error));
      larger.disabled = !code;
    });
    return section("share.code", h("div", { class: "code-row" }, picture, h("div", { class: "stack" }, h("p", {}, t("share.code_help")), notes.map((words) => h("p", { class: "muted" }, words)), h("div", {}, larger))));
  }

  async function readCode(text) {
    try {
      const response = await fetch(`api/qr?text=${encodeURIComponent(text)}`);
      if (!response.ok) return { error: wording((await response.json()).errors[0], "error") };
      const code = document.importNode(new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement, true);
      code.setAttribute("role", "img");
      code.setAttribute("aria-label", t("share.code_label"));
      return { code };
    } catch {
      return { error: t("connection.lost") };
    }
  }

  /** As large as the screen, for a class to scan. */
  function showLarge(picture) {
    const large = h("dialog", { class: "code-large", "aria-label": t("share.code_label") }, picture.firstChild.cloneNode(true),
      h("form", { method: "dialog" }, h("button", { class: "button" }, t("page.close"))));
    large.addEventListener("close", () => large.remove());
    document.body.append(large);
    large.showModal();
  }

  function pagePart() {
    const out = h("textarea", { class: "snippet", readonly: true, rows: 5, spellcheck: "false", "aria-label": t("share.snippet") });
    out.addEventListener("focus", () => out.select());
    const preview = h("a", { class: "text-button", target: "_blank", rel: "noopener" }, t("share.preview"));
    const examples = h("a", { class: "text-button", href: `examples/?lang=${currentLanguage()}`, target: "_blank", rel: "noopener" }, t("share.examples"));
    const about = h("p", { class: "muted" });
    const options = h("fieldset", { class: "share-options" });

    function show() {
      const settings = { ...chosen, show: new URLSearchParams(location.search).get("show") ?? "" };
      out.value = SNIPPETS[chosen.kind]({ base: publicBase(), address: shareAddress(store), link: store.link, title: title(), options: settings });
      preview.href = embedAddress(publicBase(), store.link, settings);
      preview.hidden = options.hidden = !FRAMED.includes(chosen.kind);
      about.textContent = t(`share.${chosen.kind}_help`);
    }
    const set = (name) => (value) => {
      chosen[name] = value;
      show();
    };
    const kinds = h("fieldset", { class: "scope" }, h("legend", { class: "visually-hidden" }, t("share.kind")), Object.keys(SNIPPETS).map((kind) =>
      segment("snippet", kind === chosen.kind, t(`share.${kind}`), () => set("kind")(kind), { value: kind })));
    const size = (name) => {
      const field = h("input", { type: "number", min: String(SMALLEST), max: String(LARGEST), value: String(chosen[name]), disabled: name === "width" && chosen.full });
      field.addEventListener("change", () => {
        const value = Math.round(Number(field.value)) || SMALLEST;
        field.value = String(Math.max(SMALLEST, Math.min(LARGEST, value)));
        set(name)(Number(field.value));
      });
      return field;
    };
    const [width, height] = [size("width"), size("height")];
    options.append(
      h("legend", { class: "visually-hidden" }, t("share.options")),
      h("div", { class: "share-checks" }, PARTS.map((part) => check(t(`share.part_${part}`), chosen.parts.includes(part),
        (yes) => set("parts")(PARTS.filter((one) => (one === part ? yes : chosen.parts.includes(one))))))),
      h("div", { class: "share-checks" },
        check(t("share.autoplay"), chosen.autoplay, set("autoplay")),
        check(t("share.lock"), chosen.lock, set("lock")),
        check(t("share.full"), chosen.full, (yes) => {
          width.disabled = yes;
          set("full")(yes);
        })),
      h("div", { class: "share-fields" },
        h("label", { class: "share-field" }, h("span", { class: "label" }, t("share.width")), width),
        h("label", { class: "share-field" }, h("span", { class: "label" }, t("share.height")), height),
        select("share.theme", chosen.theme, [["", t("share.as_visitor")], ["light", t("theme.light")], ["dark", t("theme.dark")]], set("theme")),
        select("share.language", chosen.lang, [["", t("share.as_visitor")], ["en", "English"], ["zh", "中文"]], set("lang"))));
    show();
    return section("share.page", kinds, about, options, out, h("div", { class: "snippet-row" }, h("div", { class: "snippet-links" }, preview, examples), copyButton(out, t("share.snippet"))));
  }

  function picturePart() {
    const save = h("button", { type: "button", class: "button", disabled: !store.frame, onclick: savePicture }, icon("i-down"), t("share.save_picture"));
    return section("share.picture", h("p", { class: "muted" }, t("share.picture_help")), h("div", {}, save));
  }

  async function savePicture() {
    if (pictureReady(store)) saveFile("panels.png", await picturePng(store, null), "image/png");
  }

  /** More points than a link can hold travel as a file. */
  const filePart = () => section("share.link", h("p", {}, t("share.too_many")),
    h("div", {}, h("button", { type: "button", class: "button strong", onclick: files.saveExperiment }, t("file.save"))));

  return function open() {
    if (!store.experiment) return;
    dialog.lang = currentLanguage() === "zh" ? "zh-CN" : "en";
    dialog.replaceChildren(
      h("h2", { id: "share-heading" }, t("share.title")),
      ...(store.linkComplete ? [linkPart(), codePart(), pagePart()] : [filePart()]),
      picturePart(),
      h("form", { method: "dialog", class: "dialog-actions" }, h("button", { class: "button strong" }, t("page.close"))));
    dialog.showModal();
    dialog.scrollTop = 0;
  };
}
