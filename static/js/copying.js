// Copying a text, with a word that it worked. The clipboard is there only on secure addresses; in a
// classroom's http:// the older way still works, and where that does not, the text is selected, so
// that the visitor's own keys copy it.

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { say } from "./notices.js";

const SHOWN = 2500;

/** @param {HTMLInputElement|HTMLTextAreaElement} field @returns {Promise<boolean>} */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

/** A button that copies what a field holds. @param {HTMLInputElement|HTMLTextAreaElement} field @param {string} name what it copies, for those who listen */
export function copyButton(field, name) {
  const glyph = h("span", {}, icon("i-copy"));
  const word = h("span", {}, t("share.copy"));
  const button = h("button", { type: "button", class: "button copy", "aria-label": `${t("share.copy")}: ${name}` }, glyph, word);
  let timer = 0;
  button.addEventListener("click", async () => {
    const done = await copy(field);
    const text = t(done ? "share.copied" : "share.by_hand");
    glyph.replaceChildren(icon(done ? "i-check" : "i-copy"));
    word.textContent = text;
    button.classList.toggle("done", done);
    if (!done) field.select();
    say(text, true);
    clearTimeout(timer);
    timer = setTimeout(() => {
      glyph.replaceChildren(icon("i-copy"));
      word.textContent = t("share.copy");
      button.classList.remove("done");
    }, SHOWN);
  });
  return button;
}
