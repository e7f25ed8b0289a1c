// Points out of a table of the user's: the file goes to the server, which says what is in it; a
// dialog shows the first rows and lets two columns of numbers and one of classes be chosen. All
// that is wrong with the file is said there, by row and column, as soon as columns are chosen, and
// the run goes on meanwhile.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { toast, wording } from "./notices.js";
import { post } from "./api.js";
import { MOST_CLASSES } from "./pointlist.js";

const LIMIT = 2 ** 20;
const ROLES = ["x", "y", "label"];
const NAMES = { ",": "file.comma", ";": "file.semicolon", "\t": "file.tab", "|": "file.bar", " ": "file.blank" };

/** @param {{use: (points: number[][]) => void}} editor */
export function createUpload(editor) {
  const dialog = document.getElementById("upload");

  /** @param {File} file */
  async function open(file) {
    if (file.size > LIMIT) {
      toast(wording({ code: "csv_too_large", params: { size: file.size, limit: LIMIT } }, "error"), "fault");
      return;
    }
    const bytes = await file.arrayBuffer();
    const answer = await post("api/csv", bytes);
    if (answer.failed) toast(t("connection.lost"), "fault");
    else show(file, bytes, answer);
  }

  function show(file, bytes, { result, errors }) {
    const problems = h("div", { role: "alert" });
    const complain = (found) => {
      problems.replaceChildren(...(found.length ? [h("ul", { class: "error-list" }, found.map((text) => h("li", {}, text)))] : []));
    };
    const cancel = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t(result ? "vary.cancel" : "page.close"));
    if (!result) {
      complain(errors.map((error) => wording(error, "error")));
      dialog.replaceChildren(h("h2", { id: "upload-heading" }, t("upload.heading")), h("p", { class: "muted" }, file.name), problems,
        h("div", { class: "dialog-actions" }, cancel));
      if (!dialog.open) dialog.showModal();
      return;
    }
    const selects = ROLES.map((role) => h("select", { id: `upload-${role}` },
      h("option", { value: "" }, t("upload.choose")),
      result.columns.map((column, index) => h("option", { value: String(index) }, optionText(role, column)))));
    selects.forEach((select, index) => (select.value = String(result.suggested[ROLES[index]] ?? "")));
    const use = h("button", { type: "submit", class: "button strong" }, t("upload.use"));
    const cells = result.columns.map((_, column) => [
      h("th", { scope: "col", class: result.columns[column].numeric ? "figure" : null }, result.columns[column].name), ...result.rows.map((row) => h("td", { class: result.columns[column].numeric ? "figure" : null }, row[column] ?? ""))]);

    function mark() {
      const chosen = selects.map((select) => select.value);
      cells.forEach((column, index) => column.forEach((cell) => cell.classList.toggle("chosen-column", chosen.includes(String(index)))));
      use.disabled = chosen.includes("");
    }
    /** The points of the chosen columns, or what is wrong with them: asked for as soon as all three are chosen. */
    let asked = null;
    async function ask() {
      const [x, y, label] = selects.map((select) => select.value);
      const mine = (asked = post(`api/csv?${new URLSearchParams({ x, y, label })}`, bytes));
      const answer = await mine;
      if (asked !== mine) return null;
      if (answer.failed) {
        asked = null;
        toast(t("connection.lost"), "fault");
      } else complain(answer.errors ? answer.errors.map((error) => wording(error, "error")) : []);
      return answer;
    }
    function check() {
      mark();
      asked = null;
      if (use.disabled) complain(unclear(result, selects.map((select) => select.value)));
      else ask();
    }
    for (const select of selects) select.addEventListener("change", check);

    const form = h("form", { class: "stack" },
      h("h2", { id: "upload-heading" }, t("upload.heading")),
      h("p", { class: "muted" }, `${file.name} · ${t(result.count === 1 ? "upload.row" : "upload.rows", { count: result.count })} · ${t(NAMES[result.delimiter] ?? "file.blank")} · ${result.encoding} · ${t(result.header ? "upload.header" : "upload.no_header")}`),
      h("div", { class: "upload-columns" }, ROLES.map((role, index) => h("div", {}, h("label", { class: "label", for: `upload-${role}` }, t(`upload.${role}`)), selects[index]))),
      problems,
      h("div", { class: "upload-table", tabindex: "0", role: "region", "aria-label": t("upload.preview") }, h("table", {},
        h("thead", {}, h("tr", {}, cells.map(([head]) => head))),
        h("tbody", {}, result.rows.map((_, row) => h("tr", {}, cells.map((column) => column[row + 1])))))),
      result.count > result.rows.length ? h("p", { class: "muted" }, t("upload.more", { count: result.count - result.rows.length })) : null,
      h("div", { class: "dialog-actions" }, cancel, use));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = asked ? await asked : await ask();
      if (!answer?.result) return;
      dialog.close();
      editor.use(answer.result.points);
      tell(answer.result);
    });
    check();
    dialog.replaceChildren(form);
    if (!dialog.open) dialog.showModal();
  }

  /** A column's name, and why it cannot have this role. */
  function optionText(role, { name, numeric, classes }) {
    if (role !== "label") return numeric ? name : t("upload.not_numbers", { name });
    if (classes > MOST_CLASSES) return t("upload.many_values", { name });
    return classes < 2 ? t("upload.one_value", { name }) : name;
  }

  /** Why a role has no column yet: there is none for it, or it is not clear which. */
  function unclear({ columns }, chosen) {
    const texts = [];
    if (chosen.slice(0, 2).includes("") && columns.filter(({ numeric }) => numeric).length < 2) texts.push(t("upload.few_numbers"));
    if (!chosen[2] && !columns.some(({ classes }) => classes > 1 && classes <= MOST_CLASSES)) texts.push(t("upload.no_classes", { limit: MOST_CLASSES }));
    if (texts.length) return texts;
    return ROLES.filter((_, index) => !chosen[index]).map((role) => t("upload.cannot_guess", { role: t(`upload.${role}`) }));
  }

  /** What became of the file: classes by number, and whether the axes were changed. */
  function tell({ points, classes, scaled, ranges }) {
    const named = classes.map((name, index) => t("upload.class", { number: index + 1, name })).join(t("upload.and"));
    const range = ([low, high]) => `${Number(low.toPrecision(4))} – ${Number(high.toPrecision(4))}`.replaceAll("-", "−");
    toast([t("upload.done", { count: points.length, classes: named }), ...(scaled ? [t("upload.scaled", { x: range(ranges.x), y: range(ranges.y) })] : [])], "note", 12_000);
  }

  return { open };
}
