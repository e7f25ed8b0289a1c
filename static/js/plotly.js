// Plotly, loaded once by whoever needs it first: it takes a second to start, so nobody asks for it
// before the first boundary is on screen. What the charts and the landscape share about it is here.

import { h } from "./dom.js";

export const CONFIG = { displaylogo: false, showSendToCloud: false, displayModeBar: false, doubleClick: false, responsive: false, showTips: false };
export const CLEAR = "rgba(0,0,0,0)";

let loading = null;

/** @returns {Promise<any>} rejects if it cannot be had */
export function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = h("script", { src: document.body.dataset.plotly, async: true });
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => reject(new Error("Plotly could not be loaded")));
    document.head.append(script);
  });
  return loading;
}
