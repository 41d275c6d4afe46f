// A form for the parameters of a method, made from their schemas.

import { el, field, option, uid } from "./dom.js";
import { typeOf } from "./contract.js";
import { inputError } from "./inputs.js";

/**
 * @param {Array} params The parameters in OpenRPC.
 * @param {(schema: Object) => Object} resolve Resolves references.
 * @param {Object} remarks More hints by the parameter's name.
 * @returns `{elements, read}`; `read` returns the values by name, without optional ones that are
 *   empty. For an invalid value it throws an error with the input as `field`.
 */
export function parameterForm(params, resolve, remarks) {
  const parts = params.map((param) => {
    const hints = [param.description, remarks[param.name]];
    return { name: param.name, ...part(param, param.required, resolve, hints) };
  });
  return { elements: parts.map(({ element }) => element), read: () => collect(parts) };
}

function collect(parts) {
  const values = parts.map(({ name, read }) => [name, read()]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function part(param, required, resolve, hints) {
  const schema = resolve(param.schema);
  const type = typeOf(schema);
  if (type === "object") return record(param, schema, resolve, hints);
  if (schema.default !== undefined) hints.push(`Default: ${JSON.stringify(schema.default)}.`);
  const label = [
    el("span", { class: "name" }, param.name),
    el("span", { class: "type" }, `${type}${required ? "" : ", optional"}`),
  ];
  const { control, read } = (controls[type] ?? controls.any)(param, required);
  control.setAttribute("name", param.name);
  if (required) control.setAttribute("aria-required", "true");
  return { element: field(label, control, hints.filter(Boolean).join(" ")), read };
}

function record(param, schema, resolve, hints) {
  const requiredNames = new Set(schema.required);
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const described = { name, schema: member, inRecord: true };
    return { name, ...part(described, requiredNames.has(name), resolve, [member.description]) };
  });
  const hint = el("p", { class: "hint", id: uid() }, hints.filter(Boolean).join(" "));
  const legend = el(
    "legend",
    {},
    el("span", { class: "name" }, param.name),
    el("span", { class: "type" }, "object"),
  );
  const grid = el(
    "div",
    { class: "fields" },
    members.map(({ element }) => element),
  );
  return {
    element: el("fieldset", { "aria-describedby": hint.id }, legend, hint, grid),
    read: () => collect(members),
  };
}

const controls = {
  boolean(param, required) {
    const first = required ? [] : [option("", "not set")];
    const control = el("select", {}, first, option("false", "false"), option("true", "true"));
    return { control, read: () => (control.value ? control.value === "true" : undefined) };
  },
  integer: (param, required) => text(required, number, { inputmode: "numeric" }),
  number: (param, required) => text(required, number, { inputmode: "decimal" }),
  string(param, required) {
    // Strings in a record may have several lines.
    if (param.inRecord) return text(required, unchanged, { rows: "1" }, "textarea");
    const secret = /password|key/i.test(param.name);
    return text(required, unchanged, secret ? { type: "password" } : {});
  },
  // Arrays and values without a type are entered as JSON.
  any(param, required) {
    const control = el("textarea", { rows: "3", spellcheck: "false" });
    return {
      control,
      read() {
        if (!control.value.trim()) return required ? null : undefined;
        try {
          return JSON.parse(control.value);
        } catch {
          throw inputError(control, `${param.name} isn’t JSON.`);
        }
      },
    };
  },
};

const unchanged = (value) => value;

function text(required, convert, attributes, tag = "input") {
  const control = el(tag, { autocomplete: "off", spellcheck: "false", ...attributes });
  return {
    control,
    read: () => (control.value || required ? convert(control.value) : undefined),
  };
}

/** A number if JSON can represent it exactly, or else the string, for the service to validate. */
function number(value) {
  const trimmed = value.trim();
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(trimmed) ? Number(trimmed) : value;
}
