// What the page remembers of a visitor: language, theme and whether shortcuts are wanted, and in
// this tab the experiment that its link cannot hold. In an iframe of another site the storage
// throws, so every access is wrapped and the page then simply forgets.

/** @param {string} key @param {string|null} fallback */
export function recall(key, fallback = null) {
  try {
    return localStorage.getItem(key) ?? fallback;
  } catch {
    return fallback;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing depends on it.
  }
}

/** What is remembered in this tab only. @param {string} key */
export function recallHere(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function rememberHere(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Nothing depends on it.
  }
}

const EXPERIMENT = "experiment";
/** Also kept here, for a connection that breaks where there is no storage. */
let inHand = null;

/** Keeps what the link leaves out, or nothing. @param {{link: string, experiment: any}|null} kept */
export function keepExperiment(kept) {
  if (!kept && !inHand) return;
  inHand = kept;
  try {
    if (kept) sessionStorage.setItem(EXPERIMENT, JSON.stringify(kept));
    else sessionStorage.removeItem(EXPERIMENT);
  } catch {
    // Nothing depends on it.
  }
}

/** The experiment that was kept for a link, or null. @param {string} link */
export function keptExperiment(link) {
  try {
    inHand ??= JSON.parse(sessionStorage.getItem(EXPERIMENT) ?? "null");
  } catch {
    // As if there were none.
  }
  return inHand?.link === link ? inHand.experiment : null;
}
