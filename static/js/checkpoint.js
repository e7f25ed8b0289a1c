// The newest checkpoint, with which any server can go on. On a slow line it comes in parts, between
// the frames; until the last of them is there, the one before is the newest.

/** @param {(whole: ArrayBuffer) => void} [came] is told of each that is whole */
export function createCheckpoint(came) {
  /** @type {ArrayBuffer|null} */
  let newest = null;
  /** @type {Uint8Array|null} */
  let growing = null;
  let length = 0;

  return {
    newest: () => newest,
    /** @param {ArrayBuffer|null} whole — null where none fits the page any more */
    keep(whole) {
      newest = whole;
      growing = null;
      if (whole) came?.(whole);
    },
    /** @param {import("./frames.js").Message} message */
    add({ about, tensors }) {
      const at = Number(about.at);
      if (at === 0) {
        growing = new Uint8Array(Number(about.of));
        length = 0;
      }
      if (!growing || at !== length) return; // the beginning was for nobody
      growing.set(tensors.bytes.data, at);
      length += tensors.bytes.data.length;
      if (length === growing.length) this.keep(growing.buffer);
    },
  };
}
