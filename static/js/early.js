// Runs before the first paint, as the only classic script: it puts the saved theme on <html>,
// so that a page in the dark theme does not flash white. Storage may be forbidden (an iframe
// of another site), and then the system's preference decides.
try {
  const saved = localStorage.getItem("theme");
  if (saved === "light" || saved === "dark") document.documentElement.dataset.theme = saved;
} catch {
  document.documentElement.removeAttribute("data-theme");
}
