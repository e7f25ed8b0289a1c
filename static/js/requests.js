// Views that are asked for once, because they cost too much to come with the frames. A request is
// about one of the selected panel's networks and stays open until its answer is there, the server
// refuses, the line breaks, or something else is looked into; the same is not asked for twice at a time.

/** ms after which nobody waits any more: of a network whose numbers have overflowed there is nothing to say. */
const PATIENCE = 20_000;

/** @param {any} store @param {(panel: number, view: any) => boolean} ask */
export function createRequests(store, ask) {
  /** By the view's id. @type {Map<string, {about: string, key: string, timer: number}>} */
  const open = new Map();
  const about = () => [store.run, store.selected, store.seed].join(" ");

  function end(id) {
    clearTimeout(open.get(id)?.timer);
    if (open.delete(id)) store.emit("request", id);
  }

  /** Ends what meets a condition. */
  function endAll(condition = (_) => true) {
    for (const [id, request] of [...open]) if (condition(request)) end(id);
  }

  const leave = () => endAll((request) => request.about !== about() || store.diverged.has(store.selected));
  store.on("state", leave);
  store.on("select", leave);
  store.on("diverged", leave);
  store.on("view-message", (id) => {
    const message = store.seen(id);
    if (message && open.get(id)?.about === [message.run, Number(message.about.panel), Number(message.about.seed)].join(" ")) end(id);
  });

  return {
    /** @param {{id: string}} view @param {string} state what the answer depends on besides the network chosen; false: it is not asked for now */
    ask(view, state = "") {
      const key = `${about()} ${JSON.stringify(view)} ${state}`;
      if (store.diverged.has(store.selected) || open.get(view.id)?.key === key) return false;
      end(view.id);
      if (!ask(store.selectedIndex, view)) return false;
      open.set(view.id, { about: about(), key, timer: setTimeout(() => end(view.id), PATIENCE) });
      store.emit("request", view.id);
      return true;
    },
    /** Whether an answer is on its way. @param {string} id */
    waiting: (id) => open.has(id),
    /** There will be no answers: the line broke, or the server refused. */
    forget: () => endAll(),
  };
}
