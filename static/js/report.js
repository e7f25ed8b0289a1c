// A report of the run as one HTML file. The server writes the document with the settings in words;
// results, points and boundaries are put in here, since only the page has them, and so is Plotly,
// which the browser has in its cache.

import { post } from "./api.js";
import { slice } from "./frames.js";
import { currentLanguage } from "./i18n.js";

const number = (value) => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null);

function base64(bytes) {
  let text = "";
  for (let from = 0; from < bytes.length; from += 8192) text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  return btoa(text);
}

/** A panel's columns with its newest row at the end. */
function columnsOf({ columns, now }) {
  const fresh = now && now.epoch > (columns.epoch.at(-1) ?? -1);
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, [...values, ...(fresh ? [now[name]] : [])].map(number)]));
}

/** What the report's script reads, see app/report.py. @param {any} store @param {string|null} address where the experiment can be opened */
export function results(store, address) {
  const { data, frame } = store;
  const each = [...Array(data.count).keys()];
  const { boundary, curve } = frame.tensors;
  return {
    date: new Date().toISOString(), address, experiment: store.experiment, plane: store.boot.plane, classes: data.classes, dimensions: data.dimensions,
    x1: each.map((at) => number(data.points[2 * at])), x2: each.map((at) => number(data.points[2 * at + 1])),
    labels: each.map((at) => (data.values ? number(data.values[at]) : data.labels[at])), part: Array.from(data.part),
    panels: store.panels.map(({ id, parameters }, index) => {
      const history = store.history.get(id);
      return {
        epoch: history.now?.epoch ?? 0, parameters, diverged: store.diverged.has(id), side: boundary.shape[1],
        boundary: base64(slice(boundary, index)), curve: curve ? Array.from(slice(curve, index)).map(number) : null, columns: columnsOf(history),
      };
    }),
  };
}

/** The report as a text; rejects if server or Plotly cannot be had. @param {any} store @param {string|null} address */
export async function makeReport(store, address) {
  const held = JSON.stringify(results(store, address)).replaceAll("<", "\\u003c");
  const [{ result }, plotly] = await Promise.all([
    post(`api/report?lang=${currentLanguage()}`, { experiment: store.experiment }),
    fetch(document.body.dataset.plotly).then((response) => response.ok ? response.text() : null, () => null),
  ]);
  if (!result || !plotly) throw new Error("nobody answers");
  return result.document.replace(result.results, () => held).replace(result.plotly, () => plotly.replaceAll("</", "<\\/").replaceAll("<!--", "<\\!--"));
}
