// Views that are asked for once, because they cost too much to come with the frames. A request is
// about one of a panel's networks, as a rule the selected panel's, and stays open until its answer is
// there, the server refuses, the line breaks, or something else is looked into; the same is not asked
// for twice at a time. Whoever asked is told by the topic "request" that one was opened or has ended.

/** ms after which nobody waits any more: of a network whose numbers have overflowed there is nothing to say. A large
 * program takes half a minute on a slow line. */
const PATIENCE = 60_000;

/** @param {any} store @param {(panel: number, view: any) => boolean} ask */
export function createRequests(store, ask) {
  /** By the view's id; `follows`: it is about the selected panel, and void when another is. @type {Map<string, {panel: number, follows: boolean, about: string, key: string, timer: number}>} */
  const open = new Map();
  const about = (panel) => [store.run, panel, store.seed].join(" ");

  function end(id) {
    clearTimeout(open.get(id)?.timer);
    if (open.delete(id)) store.emit("request", id);
  }

  /** Ends what meets a condition. */
  function endAll(condition = (_) => true) {
    for (const [id, request] of [...open]) if (condition(request)) end(id);
  }

  const gone = ({ panel, follows }) => store.diverged.has(panel) || (follows ? panel !== store.selected : !store.panels.some(({ id }) => id === panel));
  const leave = () => endAll((request) => request.about !== about(request.panel) || gone(request));
  store.on("state", leave);
  store.on("select", leave);
  store.on("diverged", leave);
  store.on("lost", () => endAll());
  store.on("view-message", (id) => {
    const message = store.seenViews.get(id);
    if (message && open.get(id)?.about === [message.run, Number(message.about.panel), Number(message.about.seed)].join(" ")) end(id);
  });

  return {
    /** @param {{id: string}} view @param {string} state what the answer depends on besides the network chosen @param {number|null} place of another panel than the selected one; false: it is not asked for now */
    ask(view, state = "", place = null) {
      const panel = place === null ? store.selected : store.panels[place].id;
      const key = `${about(panel)} ${JSON.stringify(view)} ${state}`;
      if (store.diverged.has(panel) || open.get(view.id)?.key === key) return false;
      if (!ask(place ?? store.selectedIndex, view)) {
        end(view.id);
        return false;
      }
      clearTimeout(open.get(view.id)?.timer);
      open.set(view.id, { panel, follows: place === null, about: about(panel), key, timer: setTimeout(() => end(view.id), PATIENCE) });
      store.emit("request", view.id);
      return true;
    },
    /** Whether an answer is on its way. @param {string} id */
    waiting: (id) => open.has(id),
    /** There will be no answers: the line broke, or the server refused. */
    forget: () => endAll(),
  };
}
