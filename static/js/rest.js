// When an embedded network rests: while its slide is not on, while it is out of sight, and in a
// hidden tab. What was playing before goes on afterwards. It is not even connected before it was in
// sight once, so a page with ten of them does not take ten places in the class.

/**
 * @param {any} store @param {{play: (until?: number|null) => void, pause: () => void}} commands @param {() => void} begin called once, when it is first in sight
 */
export function createRest(store, commands, begin) {
  /** @type {Set<string>} */
  const reasons = new Set(["unseen"]);
  let goesOn = false;
  /** The epoch that what goes on was to stop at. */
  let until = null;
  let begun = false;

  function settle() {
    if (!reasons.size && !begun) {
      begun = true;
      begin();
      return;
    }
    if (reasons.size && store.playing) {
      goesOn = true;
      until = store.until;
      commands.pause();
    } else if (!reasons.size && goesOn) {
      goesOn = false;
      commands.play(until);
    }
  }
  /** @param {string} reason @param {boolean} yes whether there is this reason to rest */
  function because(reason, yes) {
    if (yes) reasons.add(reason);
    else reasons.delete(reason);
    settle();
  }

  new IntersectionObserver((entries) => because("unseen", !entries.at(-1).isIntersecting)).observe(document.getElementById("main"));
  document.addEventListener("visibilitychange", () => because("hidden", document.hidden));
  if (document.hidden) reasons.add("hidden");
  addEventListener("message", ({ source, data }) => {
    if (source !== parent || parent === window) return;
    if (data === "slide:stop") because("slide", true);
    else if (data === "slide:start") because("slide", false);
  });
  // Also what begins to play while there is a reason to rest: by itself, or because the page around asks for it.
  store.on("state", settle);

  return {
    /** Somebody has paused it: it does not go on by itself. */
    stay() {
      goesOn = false;
    },
    get resting() {
      return reasons.size > 0;
    },
  };
}
