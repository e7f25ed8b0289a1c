// The steps of one point through a network and back, and what each of them says in equations: in
// general, then with the numbers of the chosen unit, then, where the layer is small, of all units.
// Wide layers: the first terms of a sum, and how many more there are with what they add up to.

import { number } from "./anatomy.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import * as x from "./mathml.js";

/** Terms of a sum that are written out, and rows and columns of a layer that is shown whole. */
const TERMS = 6;
const WHOLE = 4;
/** Pixels that a product in a sum takes, at most. */
const TERM = 150;
/** From which width on equations stand side by side, and layers are shown whole. */
const ROOM = 480;
/** … and a number in a list. */
const LISTED = 62;

/**
 * `layer` is the weight layer, from 0; `column` the layer of units, inputs being 0, that the step is about.
 * @typedef {{kind: "inputs"|"forward"|"loss"|"error"|"back"|"change", layer: number, column: number, back: boolean}} Step
 * @param {import("./walk.js").Walk} body @returns {Step[]}
 */
export function stepsOf({ count }) {
  const step = (kind, layer, back = true) => ({ kind, layer, column: layer + 1, back });
  const layers = [...Array(count).keys()];
  const last = count - 1;
  return [
    { kind: "inputs", layer: 0, column: 0, back: false },
    ...layers.map((layer) => step("forward", layer, false)),
    { kind: "loss", layer: last, column: count, back: false },
    step("error", last), step("change", last),
    ...layers.slice(0, -1).reverse().flatMap((layer) => [step("back", layer), step("change", layer)]),
  ];
}

/** The four equations, each with the kinds of steps that use it. */
export function fourEquations() {
  const L = x.name("L");
  const l = x.name("l");
  const before = x.row(x.name("l"), x.op("−"), x.figure("1"));
  const copy = (element) => element.cloneNode(true);
  return [
    { kinds: ["error"], element: x.inline(x.of(x.d("z"), L), x.op("="), x.math("mfrac", x.row(x.op("∂"), x.name("L")), x.row(x.op("∂"), x.of("z", copy(L))))) },
    { kinds: ["back"], element: x.inline(x.of(x.d("a"), before), x.op("="), x.transposed("W", l), x.of(x.d("z"), copy(l))) },
    { kinds: ["back"], element: x.inline(x.of(x.d("z"), copy(l)), x.op("="), x.of(x.d("a"), copy(l)), x.op("∘"), x.slope(), x.bracketed(x.of("z", copy(l)))) },
    { kinds: ["change"], element: x.inline(x.of(x.d("W"), copy(l)), x.op("="), x.of(x.d("z"), copy(l)), x.transposed("a", copy(before)), x.gap(), x.of(x.d("b"), copy(l)), x.op("="), x.of(x.d("z"), copy(l))) },
  ];
}

/** What a step is called on its button. @param {Step} step */
export function stepMark({ kind, layer }) {
  const l = layer + 1;
  if (kind === "inputs") return x.inline(x.of("a", 0));
  if (kind === "forward") return x.inline(x.of("z", l));
  if (kind === "loss") return x.inline(x.name("L"));
  return x.inline(x.of(x.d(kind === "change" ? "W" : "z"), l));
}

/**
 * What a step is called in words.
 * @param {Step} step @param {{body: import("./walk.js").Walk, activation: (layer: number) => any}} about
 */
export function stepName({ kind, layer }, { body, activation }) {
  const last = layer === body.count - 1;
  const others = kind === "change" && !last && (body.normalized || activation(layer).learned);
  return t(`point.step_${kind}${others ? "_all" : ""}`, { layer: last ? t("inside.outputs") : t("charts.layer", { number: layer + 1 }) });
}

/**
 * The equations of a step.
 * @param {Step} step @param {number} unit of the layer that the step is about
 * @param {{body: () => import("./walk.js").Walk, names: string[], activation: (layer: number) => any, lossEntry: any, width: number}} about
 * — `width`: pixels there are for an equation
 * @returns {{elements: Element[], figures: x.Figures}}
 */
export function explainStep(step, unit, { body, names, activation, lossEntry, width }) {
  const figures = new x.Figures(number);
  const first = body();
  const { layer } = step;
  const l = layer + 1;
  const last = layer === first.count - 1;
  const enters = first.plain ? "a" : "h";
  const bent = first.normalized ? "u" : "z";
  const num = (read, slot) => figures.number(() => read(body()), { slot });
  const inner = (read, slot) => figures.inner(() => read(body()), slot);
  const elements = [];
  const say = (text) => elements.push(h("p", { class: "point-say" }, text));
  const general = (...parts) => elements.push(h("div", { class: "point-equation general" }, x.equation(...parts)));
  /** Equations in general, in one line where there is room. */
  const generals = (...several) => {
    const there = several.filter(Boolean);
    if (width < ROOM) for (const parts of there) general(...parts);
    else general(...there.map((parts, at) => [at ? x.gap() : null, parts]));
  };
  const filled = (...parts) => elements.push(h("div", { class: "point-equation" }, x.equation(...parts)));
  const eq = () => x.op("=");
  const times = () => x.op("·");
  const times1 = (one, other) => x.row(one, times(), other);

  /** Terms of which only the first are written, then the sum of the others. @param {(at: number) => Element} write @param {(body: any, at: number) => number} read */
  function many(length, write, read) {
    const shown = length <= TERMS + 1 ? length : TERMS;
    const terms = Array.from({ length: shown }, (_, at) => write(at));
    if (shown < length) {
      const rest = (now) => {
        let total = 0;
        for (let at = shown; at < length; at++) total += read(now, at);
        return total;
      };
      terms.push(x.math("munder", inner(rest, "rest"), x.words(t("point.more", { count: length - shown }))));
    }
    return terms;
  }

  /** An equation with a sum, in as many lines as it needs: what it is of, the terms, what they add up to; `around` puts something about the sum. */
  function summed(left, terms, value, around = (parts) => parts) {
    const each = Math.max(1, Math.floor((width - 90) / TERM));
    if (terms.length <= each) {
      filled(left, eq(), around(x.sum(terms)), eq(), value);
      return;
    }
    const lines = [];
    for (let at = 0; at < terms.length; at += each) lines.push([at ? x.op("+") : null, ...x.sum(terms.slice(at, at + each))]);
    const rows = around([]).length ? [[left, [eq(), around(x.math("mtable", lines.map((line) => x.math("mtr", x.math("mtd", line)))))]]] : lines.map((line, at) => [at ? "" : left, [at ? x.hidden(eq()) : eq(), line]]);
    filled(lined([...rows, ["", [eq(), value]]]));
  }

  /** Lines below each other, aligned at the equals sign. */
  function lined(lines) {
    const table = x.math("mtable", lines.map((cells) => x.math("mtr", cells.map((cell) => x.math("mtd", cell)))));
    table.setAttribute("class", "lined");
    return table;
  }
  const small = (rows, columns) => width > ROOM && rows <= WHOLE && columns <= WHOLE && rows * columns > 1;
  const places = (length) => Array.from({ length }, (_, at) => at);
  const column = (length, read) => x.matrix(Array.from({ length }, (_, at) => [num((now) => read(now, at))]));
  const whole = (heading, ...parts) => elements.push(h("p", { class: "point-whole muted" }, heading), h("div", { class: "point-equation" }, x.equation(...parts)));
  const index = (row) => {
    const { sizes } = first;
    const units = sizes[layer + 1];
    const pieces = first.rows(layer) / units;
    return pieces > 1 ? `${(row % units) + 1},${Math.floor(row / units) + 1}` : String(row + 1);
  };

  if (step.kind === "inputs") {
    say(t("point.say_inputs"));
    filled(x.of("a", 0), eq(), x.math("mtable", names.map((name, at) => x.math("mtr", x.math("mtd", x.words(name)), x.math("mtd", eq()), x.math("mtd", num((now) => now.inputs[at], `a ${at}`))))));
  }

  if (step.kind === "forward") {
    const columns = first.columns(layer);
    const rows = first.rowsOf(layer, unit);
    const bias = last || !first.normalized;
    const entry = activation(layer);
    say(last ? t("point.say_outputs") : t(first.normalized ? "point.say_forward_normalized" : "point.say_forward", { activation: entry.label, formula: `g(z) = ${entry.formula}` }));
    if (places(first.sizes[layer]).some((at) => first.off(layer, at))) say(t("point.say_off_enters"));
    if (enters === "h") general(...entering(layer));
    generals(
      [x.of("z", l), eq(), x.of("W", l), x.of(enters, layer), bias && [x.op("+"), x.of("b", l)]],
      !last && !first.normalized && [x.of("a", l), eq(), x.name("g"), x.bracketed(x.of("z", l))],
    );
    if (!bias) {
      generals([x.of(x.hat("z"), l), eq(), x.math("mfrac", x.row(x.of("z", l), x.op("−"), x.name("μ")), x.root(x.name("v"), x.op("+"), x.name("ε")))],
        [x.of("u", l), eq(), x.of("γ", l), x.op("∘"), x.of(x.hat("z"), l), x.op("+"), x.of("β", l)], [x.of("a", l), eq(), x.name("g"), x.bracketed(x.of("u", l))]);
    }
    for (const row of rows) {
      const terms = many(columns, (at) => times1(at ? inner((now) => now.w(layer, row, at), `w ${row} ${at}`) : num((now) => now.w(layer, row, at), `w ${row} ${at}`), inner((now) => now.enter(layer, at))), (now, at) => now.w(layer, row, at) * now.enter(layer, at));
      summed(x.of("z", l, index(row)), bias ? [...terms, inner((now) => now.b(layer, row), `b ${row}`)] : terms, num((now) => now.z(layer, row), `z ${row}`));
      if (!bias) {
        const norm = (write, name, slot = name) => write((now) => now.norm(layer, row)[name], `${slot} ${row}`);
        filled(x.of(x.hat("z"), l, index(row)), eq(), x.math("mfrac", x.row(num((now) => now.z(layer, row)), x.op("−"), norm(inner, "mean")), norm(num, "deviation")), eq(), norm(num, "normalized"));
        filled(x.of("u", l, index(row)), eq(), norm(num, "gamma"), times(), norm(inner, "normalized"), x.op("+"), inner((now) => now.b(layer, row), `beta ${row}`), eq(), norm(num, "u"));
      }
    }
    if (!last) {
      if (entry.learned) filled(x.of(entry.learned.symbol, l, String(unit + 1)), eq(), num((now) => now.learned(layer, unit), `learned ${unit}`));
      const inside = rows.flatMap((row, at) => [at ? x.op(",") : null, num((now) => given(now, row))]);
      filled(x.of("a", l, String(unit + 1)), eq(), x.name("g"), x.bracketed(inside), eq(), num((now) => now.a(layer, unit), `a ${unit}`));
    }
    if (small(first.rows(layer), columns)) {
      const all = first.rows(layer);
      whole(t("point.whole"), x.of("z", l), eq(), x.matrix(Array.from({ length: all }, (_, row) => Array.from({ length: columns }, (__, at) => num((now) => now.w(layer, row, at))))),
        column(columns, (now, at) => now.enter(layer, at)), bias && [x.op("+"), column(all, (now, row) => now.b(layer, row))], eq(), column(all, (now, row) => now.z(layer, row)));
    }
  }

  if (step.kind === "loss") {
    say(t("point.say_loss", { loss: lossEntry.label }));
    elements.push(h("p", { class: "formula" }, lossEntry.formula));
    if (first.classes > 1) {
      filled(x.name("p"), eq(), x.bracketed(Array.from({ length: first.classes }, (_, at) => [at ? x.op(",") : null, num((now) => now.probability(at), `p ${at}`)])));
    } else filled(x.name("ŷ"), eq(), num((now) => now.a(layer, 0), "p 0"), x.gap(), x.name("y"), eq(), num((now) => now.target(0), "y"));
    filled(x.name("L"), eq(), num((now) => now.loss, "loss"));
  }

  if (step.kind === "error") {
    const { formula, terms } = lossEntry.gradient;
    say(t("point.say_error", { loss: lossEntry.label }));
    general(x.of(x.d("z"), l), eq(), x.math("mfrac", x.row(x.op("∂"), x.name("L")), x.row(x.op("∂"), x.of("z", l))), eq(), x.formula(formula));
    elements.push(h("p", { class: "muted" }, terms));
    for (let output = 0; output < first.outputs; output++) {
      filled(x.of(x.d("z"), l, String(output + 1)), eq(),
        x.formula(formula, (name, bare) => (first.terms.includes(name) ? (bare ? num : inner)((now) => now.term(name, output), `${name} ${output}`) : null)), eq(), num((now) => now.dz(layer, output), `dz ${output}`));
    }
  }

  if (step.kind === "change") {
    const columns = first.columns(layer);
    const bias = last || !first.normalized;
    const all = first.rows(layer);
    const still = places(all).some((row) => first.stillBias(layer, row) || places(columns).some((at) => first.still(layer, row, at)));
    const norm = (write, name, row) => write((now) => now.norm(layer, row)[name], `${name} ${row}`);
    const learned = !last && activation(layer).learned;
    say(t("point.say_change"));
    if (!bias) say(t("point.say_change_normalized"));
    if (learned) say(t("point.say_change_learned", { symbol: learned.symbol }));
    if (still) say(t("point.say_off_change"));
    generals([x.of(x.d("W"), l), eq(), x.of(x.d("z"), l), x.transposed(enters, layer)], bias && [x.of(x.d("b"), l), eq(), x.of(x.d("z"), l)]);
    if (!bias) {
      generals([x.of(x.d("u"), l), eq(), x.of(x.d("a"), l), x.op("∘"), x.slope(), x.bracketed(x.of("u", l))],
        [x.of(x.d("γ"), l), eq(), x.of(x.d("u"), l), x.op("∘"), x.of(x.hat("z"), l)], [x.of(x.d("β"), l), eq(), x.of(x.d("u"), l)]);
    }
    if (learned) general(x.of(x.d(learned.symbol), l), eq(), x.formula(learned.gradient.replaceAll("·", "∘"), (name) => ({ da: x.of(x.d("a"), l), z: x.of(bent, l) })[name] ?? null));
    for (const row of first.rowsOf(layer, unit)) {
      const there = places(columns).filter((at) => !first.still(layer, row, at));
      const shown = there.length <= TERMS + 1 ? there.length : TERMS;
      const more = there.length > shown && [x.op(","), x.words(t("point.more", { count: there.length - shown }))];
      const list = (read, slot) => x.bracketed(there.slice(0, shown).map((at, place) => [place ? x.op(",") : null, num((now) => read(now, at), slot && `${slot} ${at}`)]), more);
      const product = [num((now) => now.dz(layer, row)), times(), list((now, at) => now.enter(layer, at))];
      const result = list((now, at) => now.dz(layer, row) * now.enter(layer, at), `dw ${row}`);
      if (shown) filled(...(2 * shown * LISTED + 160 < width ? [x.of(x.d("w"), l, index(row)), eq(), product, eq(), result] : [lined([[x.of(x.d("w"), l, index(row)), [eq(), product]], ["", [eq(), result]]])]));
      if (bias && !first.stillBias(layer, row)) filled(x.of(x.d("b"), l, index(row)), eq(), num((now) => now.dz(layer, row), `db ${row}`));
      if (!bias && !first.off(l, unit)) {
        filled(x.of(x.d("u"), l, index(row)), eq(), num((now) => now.da(layer, unit)), times(), inner((now) => now.slope(layer, row), `slope ${row}`), eq(), norm(num, "du", row));
        filled(x.of(x.d("γ"), l, index(row)), eq(), norm(num, "du", row), times(), norm(inner, "normalized", row), eq(), norm(num, "d_gamma", row));
        if (!first.stillBias(layer, row)) filled(x.of(x.d("β"), l, index(row)), eq(), norm(num, "d_beta", row));
      }
    }
    if (learned && !first.off(l, unit)) {
      const values = { da: (now) => now.da(layer, unit), z: (now) => given(now, unit) };
      filled(x.of(x.d(learned.symbol), l, String(unit + 1)), eq(), x.formula(learned.gradient, (name, bare) => (values[name] ? (bare ? num : inner)(values[name]) : null)), eq(), num((now) => now.dLearned(layer, unit), `d_learned ${unit}`));
    }
    if (small(all, columns) && !still) {
      whole(t("point.whole"), x.of(x.d("W"), l), eq(), column(all, (now, row) => now.dz(layer, row)), x.matrix([Array.from({ length: columns }, (_, at) => num((now) => now.enter(layer, at)))]), eq(),
        x.matrix(Array.from({ length: all }, (_, row) => Array.from({ length: columns }, (__, at) => num((now) => now.dz(layer, row) * now.enter(layer, at))))));
    }
    if (!layer) say(t(first.normalized ? "point.say_batch_normalized" : "point.say_batch"));
  }

  if (step.kind === "back") {
    const behind = layer + 1;
    const all = first.rows(behind);
    const scaled = first.factor(behind) !== 1;
    const around = first.shortcut(behind);
    const off = first.off(l, unit);
    say(t(first.normalized ? "point.say_back_normalized" : "point.say_back"));
    if (off) say(t("point.say_off_back"));
    const returned = [x.transposed("W", l + 1), x.of(x.d("z"), l + 1), around && [x.op("+"), x.of(x.d("a"), l + 1)]];
    generals([x.of(x.d("a"), l), eq(), scaled && [x.figure(number(first.factor(behind))), times()], scaled && around ? x.bracketed(returned) : returned],
      [x.of(x.d("z"), l), eq(), x.of(x.d("a"), l), x.op("∘"), x.slope(), x.bracketed(x.of(bent, l)), first.normalized && [x.op("∘"), x.math("mfrac", x.of("γ", l), x.root(x.name("v"), x.op("+"), x.name("ε")))]]);
    const terms = many(all, (row) => times1(row ? inner((now) => now.w(behind, row, unit), `w ${row} ${unit}`) : num((now) => now.w(behind, row, unit), `w ${row} ${unit}`), inner((now) => now.dz(behind, row))), (now, row) => now.w(behind, row, unit) * now.dz(behind, row));
    summed(x.of(x.d("a"), l, String(unit + 1)), around && !off ? [...terms, inner((now) => now.da(behind, unit))] : terms, num((now) => now.da(layer, unit), `da ${unit}`),
      scaled ? (parts) => [num((now) => now.factor(behind)), times(), x.bracketed(parts)] : undefined);
    for (const row of first.rowsOf(layer, unit)) {
      filled(x.of(x.d("z"), l, index(row)), eq(), num((now) => now.da(layer, unit)), times(), inner((now) => now.slope(layer, row), `slope ${row}`), first.normalized && [times(), x.math("mfrac", num((now) => now.norm(layer, row).gamma), num((now) => now.norm(layer, row).deviation))], eq(), num((now) => now.dz(layer, row), `dz ${row}`));
    }
    const units = first.sizes[layer + 1];
    if (small(all, units) && !scaled && !around) {
      whole(t("point.whole"), x.of(x.d("a"), l), eq(), x.turned(x.matrix(Array.from({ length: all }, (_, row) => Array.from({ length: units }, (__, at) => num((now) => now.w(behind, row, at)))))), column(all, (now, row) => now.dz(behind, row)), eq(), column(units, (now, at) => now.da(layer, at)));
    }
  }

  /** What goes into the activation. */
  function given(now, row) {
    return now.normalized ? now.norm(layer, row).u : now.z(layer, row);
  }

  /** What enters a layer, where it is not just what the one before puts out. */
  function entering(place) {
    const factor = first.factor(place);
    const around = place > 0 && first.shortcut(place - 1);
    const terms = [x.of("a", place), around && [x.op("+"), x.of("h", place - 1)]];
    return [x.of("h", place), eq(), factor !== 1 ? [x.figure(number(factor)), times(), around ? x.bracketed(terms) : terms] : terms];
  }

  figures.fill();
  return { elements, figures };
}
