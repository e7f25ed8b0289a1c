// How the panels of an embedded page share the frame they are given: as many columns as make the
// boundaries largest. The height that the page would like to have depends on the width alone, so a
// frame that follows it comes to rest at once.

const GAP = 8;
/** Pixels below which a boundary shows nothing; rather than that, the page scrolls. */
const LEAST = 120;
/** Side of a boundary where nobody sets the height: at least, if there is a choice, and at most. */
const COMFORTABLE = 180;
const MOST = 400;
/** Pixels of height that are not worth another wish. */
const SLACK = 24;

/**
 * @param {number} count of panels @param {number} width for all of them @param {number} height for all of them
 * @param {number} chrome what a panel needs besides its boundary @returns {{columns: number, side: number}} side 0: they do not fit
 */
function fitting(count, width, height, chrome) {
  let best = { columns: 1, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const side = Math.floor(Math.min(sideFor(columns, width), (height - GAP * (rows - 1)) / rows - chrome) - 1);
    if (side > best.side && side >= LEAST) best = { columns, side };
  }
  return best;
}

/** Where they do not fit: as little to scroll as can be, and one whole panel in sight. @param {number} height of the window below the bar */
function scrolling(count, width, height, chrome) {
  let columns = 1;
  while (columns < count && sideFor(columns + 1, width) >= LEAST) columns++;
  return { columns, side: Math.floor(Math.max(LEAST, Math.min(sideFor(columns, width), height - chrome))) };
}

/** Where the height does not matter. */
function wished(count, width) {
  let columns = 1;
  while (columns < count && sideFor(columns + 1, width) >= COMFORTABLE) columns++;
  columns = Math.ceil(count / Math.ceil(count / columns)); // not three above one, but two above two
  return { columns, side: Math.floor(Math.min(MOST, sideFor(columns, width))) };
}

/** Two pixels are the card's border. */
const sideFor = (columns, width) => (width - GAP * (columns - 1)) / columns - 2;

/** @param {any} store @param {(height: number) => void} wish says which height would be right, whenever that changes
 *  @returns {() => void} does it now */
export function createArrangement(store, wish) {
  const page = document.getElementById("main");
  const workspace = document.getElementById("workspace");
  const panels = document.getElementById("panels");
  /** The last wish, and for what. */
  let told = { height: 0, key: "" };

  function arrange() {
    const stage = panels.querySelector(".panel:not([hidden]) .stage");
    const count = panels.querySelectorAll(".panel:not([hidden])").length;
    if (!stage || !page.clientWidth) return;
    const chrome = stage.closest(".panel").offsetHeight - stage.offsetHeight;
    const around = workspace.getBoundingClientRect();
    const padding = parseFloat(getComputedStyle(page).paddingBottom);
    const below = around.height - panels.offsetHeight;
    const top = around.top + scrollY;
    const room = innerHeight - top - padding;
    const fit = fitting(count, around.width, room - below, chrome);
    const { columns, side } = fit.side ? fit : scrolling(count, around.width, room, chrome);
    panels.style.setProperty("--columns", String(columns));
    panels.style.setProperty("--side", `${side}px`);
    const wanted = wished(count, around.width);
    const rows = Math.ceil(count / wanted.columns);
    const now = workspace.getBoundingClientRect();
    const more = rows * (wanted.side + chrome + 1) + GAP * (rows - 1) - panels.offsetHeight;
    const bottoms = [...page.querySelectorAll(".column")].map((column) => column.getBoundingClientRect())
      .filter(({ height }) => height).map(({ top, bottom }) => (top >= now.bottom - 1 ? bottom + more : bottom));
    const height = Math.ceil(Math.max(now.bottom + more, ...bottoms) + scrollY + padding);
    if (!store.frame) return; // the numbers are missing
    // A card that is a little narrower has smaller numbers, and then wants a little less height, and is wider again.
    const key = `${innerWidth} ${count}`;
    if (key === told.key && height <= told.height && told.height - height < SLACK) return;
    told = { height, key };
    wish(height);
  }

  const sizes = new ResizeObserver(arrange);
  // The panels too: their numbers come with the first frame, and some rows later.
  for (const element of [document.documentElement, page, workspace, panels]) sizes.observe(element);
  addEventListener("resize", arrange);
  store.on("state", arrange);
  store.on("boot", arrange);
  return arrange;
}
