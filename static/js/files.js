// Things that leave the page as a file or come into it as one: the points as CSV, the whole
// experiment as JSON, and whatever is dropped onto the page. The files are made and read here; what
// is in them is for the server to judge.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "./notices.js";
import { LETTERS } from "./palette.js";

/** No experiment is longer than the longest message the server takes. */
const LONGEST_EXPERIMENT = 60_000;
/** ms in which the errors of one command arrive. */
const GATHER = 60;
/** What a part is called in a file, by its number on the wire. */
const PARTS = ["train", "test", "validation", "train-dev"];

/** Has the browser save a file. @param {string} name @param {BlobPart} data @param {string} type */
export function saveFile(name, data, type) {
  const address = URL.createObjectURL(new Blob([data], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Lets the visitor choose a file. @param {string} accept @param {(file: File) => void} take */
export function choose(accept, take) {
  const input = h("input", { type: "file", accept, class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
  input.addEventListener("change", () => {
    if (input.files[0]) take(input.files[0]);
    input.remove();
  });
  input.addEventListener("cancel", () => input.remove());
  document.body.append(input);
  input.click();
}

/** At most four decimals, and none that say nothing. */
const short = (value) => String(Number(value.toFixed(4)) || 0);

/** The points as a table: x1, x2, class or value, part. */
export function pointsCsv({ points, labels, values, part, count }) {
  const rows = [`x1,x2,${values ? "value" : "class"},part`];
  for (let index = 0; index < count; index++) {
    const known = values ? short(values[index]) : labels[index] + 1;
    rows.push([short(points[2 * index]), short(points[2 * index + 1]), known, PARTS[part[index]]].join(","));
  }
  return `${rows.join("\r\n")}\r\n`;
}

/** A figure of the history with six digits, or nothing. */
const known = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "");

/** The curves of all panels as a table: a row for each panel and recorded epoch. */
export function curvesCsv(store) {
  const histories = store.panels.map(({ id }) => store.history.get(id));
  const { epoch, ...rest } = histories[0].columns;
  const names = Object.keys(rest).filter((name) => histories.some(({ columns }) => columns[name].some(Number.isFinite)));
  const depth = Math.max(...histories.map(({ gradients }) => gradients.length));
  const rows = [["panel", "epoch", ...names, ...[...Array(depth).keys()].map((layer) => `gradient_norm_${layer + 1}`)]];
  histories.forEach(({ columns, gradients }, index) => {
    columns.epoch.forEach((_, at) => rows.push([LETTERS[index], known(columns.epoch[at]), ...names.map((name) => known(columns[name][at])), ...[...Array(depth).keys()].map((layer) => known(gradients[layer]?.[at]))]));
  });
  return `${rows.map((row) => row.join(",")).join("\r\n")}\r\n`;
}

/**
 * @param {any} store @param {{configure: (experiment: any) => boolean}} commands
 * @param {{upload: (file: File) => void}} handlers
 */
export function createFiles(store, commands, { upload }) {
  /** Errors of the experiment that is being opened; they come one by one, and are said together. @type {string[]|null} */
  let errors = null;
  let timer = 0;

  function saveExperiment() {
    if (store.experiment) saveFile("experiment.json", `${JSON.stringify(store.experiment, null, 1)}\n`, "application/json");
  }

  async function open(file) {
    const text = await file.text();
    let experiment = null;
    try {
      experiment = JSON.parse(text.replace(/^\ufeff/, ""));
    } catch {
      toast(t("file.not_json", { name: file.name }), "fault");
      return;
    }
    if (typeof experiment !== "object" || experiment === null || Array.isArray(experiment)) toast(t("file.not_experiment", { name: file.name }), "fault");
    else if (JSON.stringify(experiment).length > LONGEST_EXPERIMENT) toast(t("file.too_long", { name: file.name }), "fault");
    else {
      errors = [];
      if (!commands.configure(experiment)) errors = null;
    }
  }
  // What was under way is lost with the line.
  store.on("lost", () => {
    errors = null;
  });

  const take = (file) => (/\.json$/i.test(file.name) || file.type === "application/json" ? open(file) : upload(file));

  const hint = h("div", { class: "drop-hint", hidden: true });
  document.body.append(hint);
  const withFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!withFiles(event)) return;
    depth++;
    hint.textContent = t("file.drop");
    hint.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (withFiles(event) && --depth <= 0) hint.hidden = true;
  });
  addEventListener("dragover", (event) => withFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!withFiles(event)) return;
    event.preventDefault();
    depth = 0;
    hint.hidden = true;
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });

  return {
    saveExperiment,
    choosePoints: () => choose(".csv,.tsv,.tab,.txt,text/csv,text/plain", upload),
    chooseExperiment: () => choose(".json,application/json", open),
    /** @returns {boolean} whether the error was about the opened file */
    fail(path, text) {
      if (!errors) return false;
      errors.push(path.length ? `${path.join(".")}: ${text}` : text);
      clearTimeout(timer);
      timer = setTimeout(() => {
        toast([t("file.refused"), ...errors], "fault");
        errors = null;
      }, GATHER);
      return true;
    },
    /** The server has taken it. */
    opened() {
      if (!errors || errors.length) return;
      errors = null;
      toast(t("file.opened"));
    },
  };
}
