// Words. The strings come from the server's locale files, inside the boot object, so templates
// and scripts say the same thing. Fixed parts of the page carry data-text, data-title or
// data-label with a key and are filled again when the language changes; the run goes on.

let strings = {};
let language = "en";

/** @param {string} lang @param {Record<string, string>} words */
export function setLanguage(lang, words) {
  language = lang;
  strings = words;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : lang;
  relabel(document);
}

export const currentLanguage = () => language;

/** True when there is a text for this key. */
export const hasText = (key) => Object.hasOwn(strings, key);

/** The text of a key, with {name} replaced; a value may itself be in both languages. @param {string} key @param {Record<string, any>} [values] */
export function t(key, values = {}) {
  const text = hasText(key) ? strings[key] : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]?.[language] ?? values[name]) : whole));
}

/** What a group of settings is called; one without a text is called by its name. */
export const groupName = (group) => (hasText(`group.${group}`) ? t(`group.${group}`) : group);

/** @param {Document|Element} root */
function relabel(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const element of root.querySelectorAll("[data-title]")) {
    const text = t(element.dataset.title);
    element.setAttribute("aria-label", text);
    element.title = element.dataset.shortcut ? `${text} (${element.dataset.shortcut})` : text;
  }
  for (const link of root.querySelectorAll("[data-href]")) link.setAttribute("href", `${link.dataset.href}?lang=${language}`);
}
