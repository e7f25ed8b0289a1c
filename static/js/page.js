// What belongs to the page as a whole: theme, language, the shared link, and the two columns that
// become sheets on small screens. The language changes in place: new words, new controls, the
// same run.

import { ICONS } from "./dom.js";
import { currentLanguage, setLanguage, t } from "./i18n.js";
import { clearToasts, toast } from "./notices.js";
import { recall, remember } from "./saved.js";

const THEMES = ["system", "light", "dark"];
const NARROW = matchMedia("(max-width: 1179px)");
const PHONE = matchMedia("(max-width: 859px)");

export function createTheme(store) {
  const button = document.getElementById("theme");
  let choice = recall("theme", THEMES[0]);
  function apply() {
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.querySelector("use").setAttribute("href", `${ICONS}#i-${choice === "system" ? "theme" : choice}`);
    const text = t("theme.button", { theme: t(`theme.${choice}`) });
    button.setAttribute("aria-label", text);
    button.title = text;
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => store.emit("theme"));
  store.on("boot", apply);
  return {
    next() {
      choice = THEMES[(THEMES.indexOf(choice) + 1) % THEMES.length];
      remember("theme", choice);
      apply();
      store.emit("theme");
    },
  };
}

export function createLanguage(store) {
  const button = document.getElementById("language");
  const names = { en: ["EN", "English"], zh: ["中文", "中文"] };
  const other = () => (currentLanguage() === "en" ? "zh" : "en");

  let wish = 0;

  /** Of two wishes the later one counts, whichever is answered first. */
  async function change(language) {
    const own = ++wish;
    try {
      const response = await fetch(`api/boot?lang=${encodeURIComponent(language)}`);
      if (!response.ok) throw new Error(String(response.status));
      const boot = await response.json();
      if (own === wish) use(boot);
    } catch {
      toast(t("page.language_failed"), "fault");
    }
  }
  function use(boot) {
    store.emit("leaving");
    setLanguage(boot.lang, boot.strings);
    store.boot = boot;
    document.title = t("page.title");
    const [short, name] = names[other()];
    button.textContent = short;
    button.lang = other() === "zh" ? "zh-CN" : other();
    button.setAttribute("aria-label", name);
    button.title = name;
    store.emit("boot");
  }
  return {
    use,
    /** What the address or an earlier visit asks for, when the server could not know. */
    wanted(lang) {
      return new URLSearchParams(location.search).get("lang") ?? recall("language") ?? lang;
    },
    change,
    async toggle() {
      const language = other();
      remember("language", language);
      const address = new URL(location.href);
      if (address.searchParams.has("lang")) {
        address.searchParams.set("lang", language);
        history.replaceState(null, "", address);
      }
      clearToasts();
      await change(language);
    },
  };
}

/** Below a certain width the columns are popovers, opened from the transport. */
export function createSheets(store) {
  const sheets = ["data", "settings"].map((name) => document.getElementById(name));
  function arrange() {
    for (const sheet of sheets) {
      const lesson = document.body.classList.contains("with-lesson"); // stands where the data did
      const floats = sheet.id === "data" ? NARROW.matches || lesson : PHONE.matches || (NARROW.matches && lesson);
      if (floats) sheet.setAttribute("popover", "");
      else sheet.removeAttribute("popover");
    }
  }
  arrange();
  store.on("layout", arrange);
  NARROW.addEventListener("change", arrange);
  PHONE.addEventListener("change", arrange);
  for (const button of document.querySelectorAll("[data-sheet]")) {
    button.setAttribute("popovertarget", button.dataset.sheet);
  }
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => {
      document.getElementById(button.dataset.close).hidePopover();
      document.querySelector(`[data-sheet=${button.dataset.close}]`)?.focus();
    });
  }
}

/** Out of the way of what is drawn in the middle. */
export function closeSheets() {
  for (const sheet of document.querySelectorAll(".column:popover-open")) sheet.hidePopover();
}
