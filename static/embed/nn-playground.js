// <nn-playground>: the playground as an element of any page, in this one file and without a build.
//
//   <script src="https://…/static/embed/nn-playground.js"></script>
//   <nn-playground link="v=1&hidden=3&b.hidden=20" autoplay></nn-playground>
//
// It is a frame with the embedded page of the server that this file came from. Attributes: link,
// width, height (without it, the frame is as high as its content), theme, lang, autoplay, hide,
// lock, parts, panels, show, goal. Events: ready, state, metrics, solved, error, with what was said
// as their detail. Methods: play, pause, step, epoch, reset, rewind, set. docs/embed.md tells of all.

(() => {
  const APP = "nn-playground";
  const VERSION = 1;
  const SERVER = new URL("../../", document.currentScript?.src ?? location.href);
  /** Attributes that become the page's address, and those that stand in it without a value. */
  const ASKED = ["theme", "lang", "hide", "lock", "parts", "panels", "show", "goal", "autoplay"];
  const SIZE = ["width", "height"];
  const TOLD = ["ready", "state", "metrics", "solved", "error"];

  const pixels = (size) => (/^\d+$/.test(size) ? `${size}px` : size);

  class Playground extends HTMLElement {
    static observedAttributes = ["link", ...ASKED, ...SIZE];
    #frame = null;
    #wished = 480;
    /** Commands wait until the page is there. */
    #waiting = [];
    #ready = false;
    /** Whether the server lets this page steer. */
    #steers = true;
    #said = false; // a link, by a message

    constructor() {
      super();
      this.attachShadow({ mode: "open" });
    }

    connectedCallback() {
      this.style.display ||= "block";
      this.#frame = document.createElement("iframe");
      Object.assign(this.#frame, { title: this.title || "Neural network playground", allow: "fullscreen", loading: "lazy" });
      Object.assign(this.#frame.style, { border: "0", width: "100%", display: "block" });
      this.shadowRoot.replaceChildren(this.#frame);
      addEventListener("message", this);
      this.#load();
    }

    disconnectedCallback() {
      removeEventListener("message", this);
      this.#frame = null;
      this.#ready = false;
    }

    attributeChangedCallback(name, before, now) {
      if (!this.#frame || before === now) return;
      if (SIZE.includes(name)) this.#fit();
      else if (name === "link" && this.#ready) this.#follow(now ?? "");
      else this.#load();
    }

    get #address() {
      const address = new URL("embed", SERVER);
      for (const name of ASKED) if (this.hasAttribute(name)) address.searchParams.set(name, this.getAttribute(name));
      address.hash = this.getAttribute("link") ?? "";
      return address;
    }

    #load() {
      this.#ready = false;
      this.#frame.src = this.#address;
      this.#fit();
    }

    /** Another link: the page stays, and takes it as a message or, where it cannot be steered, from its address. */
    #follow(link) {
      this.#said = true;
      if (this.#steers) this.set({ link });
      else this.#frame.src = this.#address;
    }

    #fit() {
      if (this.hasAttribute("width")) this.style.width = pixels(this.getAttribute("width"));
      this.#frame.style.height = this.hasAttribute("height") ? pixels(this.getAttribute("height")) : `${this.#wished}px`;
    }

    /** A message, if it is one of our frame's. */
    handleEvent({ source, origin, data }) {
      if (source !== this.#frame?.contentWindow || origin !== SERVER.origin || data?.app !== APP) return;
      if (data.type === "height") {
        this.#wished = data.height;
        this.#fit();
      }
      if (data.type === "ready" && !this.#ready) {
        this.#ready = true;
        // Whoever asks for the state is told of every later one.
        for (const message of [{ type: "state", id: APP }, ...this.#waiting.splice(0)]) this.#send(message);
      }
      if (data.type === "error" && data.code === "origin") {
        // A link that came before this was known was said in vain.
        if (this.#steers && this.#said) this.#frame.src = this.#address;
        this.#steers = false;
        if (data.id === APP) return; // nobody has asked for anything yet
      }
      if (TOLD.includes(data.type)) this.dispatchEvent(new CustomEvent(data.type, { detail: data }));
    }

    #send(message) {
      if (!this.#ready) this.#waiting.push(message);
      else this.#frame.contentWindow.postMessage({ app: APP, version: VERSION, ...message }, SERVER.origin);
    }

    /** @param {number} [until] the epoch to stop at */
    play(until) { this.#send({ type: "play", until }); }
    pause() { this.#send({ type: "pause" }); }
    /** One update. */
    step() { this.#send({ type: "step" }); }
    epoch() { this.#send({ type: "epoch" }); }
    reset() { this.#send({ type: "reset" }); }
    rewind() { this.#send({ type: "rewind" }); }
    /** @param {{name: string, value: any, panels?: number[]} | {link: string}} change */
    set(change) { this.#send({ type: "set", ...change }); }
  }

  if (!customElements.get(APP)) customElements.define(APP, Playground);
})();
