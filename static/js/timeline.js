// The moments of a run that can be gone back to, and what was changed on the way. A moment is a
// checkpoint of the server's. They are bounded in number and bytes: when there are too many, the one
// goes that stands closest between its neighbours, over epochs and over their logarithm alike, so the
// whole run stays in reach, its beginning most finely; the newest stay, so that single steps can be
// taken back. What is changed at an earlier moment counts only when training goes on from there.

const MOST = 64;
const MOST_BYTES = 16 * 1024 * 1024;
/** So many of the newest are not thinned. */
const FRESH = 16;
const MOST_FLAGS = 60;
/** Changes of one thing within so many ms, as when a slider is dragged, are one. */
const TOGETHER = 1500;

/**
 * @typedef {{epoch: number, buffer: ArrayBuffer, flags: number}} Moment flags: how many changes there had been
 * @typedef {{panel: number, before: any, after: any}} Change
 * @typedef {{epoch: number, what: string, place: any, changes: Change[], at: number}} Flag
 */
export class Timeline {
  constructor() {
    this.clear();
  }

  clear() {
    /** In the order of time. @type {Moment[]} */
    this.moments = [];
    /** @type {Flag[]} */
    this.flags = [];
    /** The earlier moment that the session stands at, or null for now. @type {Moment|null} */
    this.here = null;
    /** What was changed there, and the session as it is since. @type {Flag[]} */
    this.tentative = [];
    /** @type {Moment|null} */
    this.changed = null;
    /** A moment was too large to be kept. */
    this.tooLarge = false;
  }

  /** The epoch of the newest moment. */
  get end() {
    return this.moments.at(-1)?.epoch ?? -Infinity;
  }

  /** What is shown lies before what the run has come to; it stays so until training goes on. */
  get past() {
    return this.here !== null;
  }

  /** The place of where the session stands. */
  get index() {
    return this.here ? this.moments.indexOf(this.here) : this.moments.length - 1;
  }

  /** The flags of the line that leads to where the session stands. */
  get raised() {
    return this.here ? [...this.flags.slice(0, this.here.flags), ...this.tentative] : this.flags;
  }

  /** @param {number} epoch @param {ArrayBuffer} buffer @param {boolean} standing it is of where the session stands, not of now, which it was sent away from */
  keep(epoch, buffer, standing = true) {
    const moment = { epoch, buffer, flags: this.flags.length };
    // The newest moment may be of the same epoch: one before a change and one after it.
    if (this.here && standing) {
      if (epoch === this.here.epoch) this.changed = moment;
      return;
    }
    if (epoch < this.end) return;
    const last = this.moments.at(-1);
    if (last && last.epoch === epoch && last.flags === moment.flags) this.moments[this.moments.length - 1] = moment;
    else this.moments.push(moment);
    this.thin();
  }

  thin() {
    let bytes = this.moments.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    while (this.moments.length > 2 && (this.moments.length > MOST || bytes > MOST_BYTES)) {
      const { moments, end } = this;
      const at = ({ epoch }) => epoch / (end || 1) + Math.log1p(epoch) / Math.log1p(end || 1);
      const last = moments.length - Math.min(FRESH, Math.floor(moments.length / 4)) - 1;
      let least = 1;
      let room = Infinity;
      for (let index = 1; index < last; index++) {
        const own = moments[index] === this.here ? Infinity : at(moments[index + 1]) - at(moments[index - 1]);
        if (own < room) [least, room] = [index, own];
      }
      bytes -= moments[least].buffer.byteLength;
      moments.splice(least, 1);
    }
  }

  /** @param {Flag} flag */
  flag(flag) {
    const list = this.here ? this.tentative : this.flags;
    const last = list.at(-1);
    const about = ({ what, place, changes }) => JSON.stringify([what, place, changes.map(({ panel }) => panel)]);
    if (last && about(last) === about(flag) && (last.epoch === flag.epoch || flag.at - last.at < TOGETHER)) {
      last.changes.forEach((change, index) => (change.after = flag.changes[index].after));
      last.at = flag.at;
      if (last.changes.every(({ before, after }) => JSON.stringify(before) === JSON.stringify(after))) list.pop();
      return;
    }
    list.push(flag);
    if (list.length <= MOST_FLAGS) return;
    list.shift();
    if (list === this.flags) for (const moment of this.moments) moment.flags = Math.max(0, moment.flags - 1);
  }

  /** The session stands at a moment. @param {Moment|null} moment */
  stand(moment) {
    this.here = moment && moment !== this.moments.at(-1) ? moment : null;
    this.tentative = [];
    this.changed = null;
  }

  /** The first frame after a jump is of an epoch: after a break the session may stand elsewhere than it was sent to. */
  land(epoch) {
    if (epoch !== (this.here?.epoch ?? this.end)) this.stand(this.moments.findLast((moment) => moment.epoch <= epoch) ?? null);
  }

  /** Training goes on from where the session stands, at an epoch: what came after it is no more. */
  goOn(epoch) {
    const { here, changed, tentative } = this;
    this.flags = here ? this.raised : this.flags.filter((flag) => flag.epoch <= epoch);
    this.moments = here ? this.moments.slice(0, this.moments.indexOf(here) + 1) : this.moments.filter((moment) => moment.epoch <= epoch);
    if (changed && tentative.length) this.moments.push({ ...changed, flags: this.flags.length });
    this.stand(null);
  }
}
