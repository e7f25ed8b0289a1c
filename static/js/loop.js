// When things are drawn. Boundaries are drawn with every frame of the network; everything
// dearer (charts, rings, sparklines) is a job that waits its turn, one a screen refresh, the
// most overdue first. So six panels stay fluent and no refresh pays for two charts.

import { prefersStill } from "./dom.js";

/** @param {() => void} draw what every frame needs */
export function createLoop(draw) {
  const jobs = [];
  let fresh = false;
  let requested = false;
  let drawn = -Infinity;

  function request() {
    if (requested) return;
    requested = true;
    requestAnimationFrame(tick);
  }

  function tick(now) {
    requested = false;
    if (fresh && now - drawn >= (prefersStill() ? 500 : 0)) {
      fresh = false;
      drawn = now;
      draw();
    }
    let next = null;
    for (const job of jobs) {
      const late = now - job.last - job.interval();
      if (job.dirty && late >= 0 && (!next || late > next.late)) next = { job, late };
    }
    if (next) {
      next.job.dirty = false;
      next.job.last = now;
      next.job.run();
    }
    if (fresh || jobs.some((job) => job.dirty)) request();
  }

  return {
    /** A frame wants to be drawn. */
    frame() {
      fresh = true;
      request();
    },
    /**
     * Registers a job. `mark()` says it has something to do, `now()` that it should not wait.
     * @param {() => void} run @param {number | (() => number)} every ms between two runs
     */
    job(run, every) {
      const interval = () => Math.max(typeof every === "function" ? every() : every, prefersStill() ? 500 : 0);
      const job = { run, interval, last: -Infinity, dirty: false };
      jobs.push(job);
      return {
        mark() {
          job.dirty = true;
          request();
        },
        now() {
          job.last = -Infinity;
          job.dirty = true;
          request();
        },
        drop() {
          jobs.splice(jobs.indexOf(job), 1);
        },
      };
    },
  };
}
