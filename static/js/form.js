// A column of controls: makes one per descriptor, in groups, passes values in and errors to
// the control they belong to. Both columns are this form; they differ in what they send.

import { h, same } from "./dom.js";
import { complete, makeControl } from "./controls.js";

/**
 * @param {HTMLElement} root
 * @param {{descriptors: any[], groups: Record<string, string>, context: any, send: (name: string, value: any) => void}} options
 */
export function createForm(root, { descriptors, groups, context, send }) {
  const controls = new Map();
  const sections = new Map();
  for (const descriptor of descriptors) {
    const control = makeControl(descriptor, { ...context, change: (value) => send(descriptor.name, value) });
    controls.set(descriptor.name, { descriptor, control });
    if (!sections.has(descriptor.group)) sections.set(descriptor.group, []);
    sections.get(descriptor.group).push(control.element);
  }
  const order = [...Object.keys(groups), ...sections.keys()];
  const names = [...sections.keys()].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  root.replaceChildren(...names.map((name) =>
    h("fieldset", { class: "group" }, h("legend", { class: groups[name] ? "" : "visually-hidden" }, groups[name] || name), sections.get(name))));

  return {
    /** @param {Record<string, any>} values @param {Record<string, any>[]} [others] what to compare with */
    update(values, others = []) {
      for (const [name, { descriptor, control }] of controls) {
        if (!(name in values)) continue;
        control.set(values[name]);
        const mine = complete(descriptor, values[name], context.catalog);
        control.differ(others.some((other) => !same(complete(descriptor, other[name], context.catalog), mine)));
      }
    },
    /** @returns {boolean} whether a control took it */
    fail([name, ...rest], text) {
      const found = controls.get(name);
      return found ? found.control.fail(rest, text) : false;
    },
    clear() {
      for (const { control } of controls.values()) control.clear();
    },
  };
}
