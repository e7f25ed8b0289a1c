// Points out of a table of the user's: the file goes to the server, which says what is in it; a
// dialog shows the first rows and lets two columns of numbers and one of classes be chosen. All
// that is wrong with the file is said there, by row and column, and the run goes on meanwhile.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { toast, wording } from "./notices.js";
import { post } from "./api.js";

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
      problems.replaceChildren(...(found.length ? [h("ul", { class: "error-list" }, found.map((error) => h("li", {}, wording(error, "error"))))] : []));
    };
    const cancel = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t(result ? "vary.cancel" : "page.close"));
    if (!result) {
      complain(errors);
      dialog.replaceChildren(h("h2", { id: "upload-heading" }, t("upload.heading")), h("p", { class: "muted" }, file.name), problems,
        h("div", { class: "dialog-actions" }, cancel));
      if (!dialog.open) dialog.showModal();
      return;
    }
    const selects = ROLES.map((role) => h("select", { id: `upload-${role}` },
      h("option", { value: "" }, t("upload.choose")),
      result.columns.map(({ name, numeric }, index) => h("option", { value: String(index) }, role !== "label" && !numeric ? t("upload.not_numbers", { name }) : name))));
    selects.forEach((select, index) => (select.value = String(result.suggested[ROLES[index]] ?? "")));
    const use = h("button", { type: "submit", class: "button strong" }, t("upload.use"));
    const cells = result.columns.map((_, column) => [
      h("th", { scope: "col", class: result.columns[column].numeric ? "figure" : null }, result.columns[column].name), ...result.rows.map((row) => h("td", { class: result.columns[column].numeric ? "figure" : null }, row[column] ?? ""))]);

    function mark() {
      const chosen = selects.map((select) => select.value);
      cells.forEach((column, index) => column.forEach((cell) => cell.classList.toggle("chosen-column", chosen.includes(String(index)))));
      use.disabled = chosen.includes("");
    }
    for (const select of selects) select.addEventListener("change", () => {
      complain([]);
      mark();
    });

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
      const [x, y, label] = selects.map((select) => select.value);
      const answer = await post(`api/csv?${new URLSearchParams({ x, y, label })}`, bytes);
      if (answer.failed) toast(t("connection.lost"), "fault");
      else if (answer.errors) complain(answer.errors);
      else {
        dialog.close();
        editor.use(answer.result.points);
        tell(answer.result);
      }
    });
    complain([]);
    mark();
    dialog.replaceChildren(form);
    if (!dialog.open) dialog.showModal();
  }

  /** What became of the file: classes by number, and whether the axes were changed. */
  function tell({ points, classes, scaled, ranges }) {
    const named = classes.map((name, index) => t("upload.class", { number: index + 1, name })).join(t("upload.and"));
    const range = ([low, high]) => `${Number(low.toPrecision(4))} – ${Number(high.toPrecision(4))}`.replaceAll("-", "−");
    toast([t("upload.done", { count: points.length, classes: named }), ...(scaled ? [t("upload.scaled", { x: range(ranges.x), y: range(ranges.y) })] : [])], "note", 12_000);
  }

  return { open };
}
