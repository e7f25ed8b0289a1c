// What the page remembers of a visitor: language, theme and whether shortcuts are wanted.
// In an iframe of another site the storage throws, so every access is wrapped and the page
// then simply forgets.

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
