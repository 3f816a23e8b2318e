/**
 * Configuration and manifests from the shapes under clusters/. A scalar that is exactly `$name` is replaced by a
 * value, in the parsed document: nothing is ever spliced into text.
 */
import { parse } from 'yaml';

export type ConfigValue = string | number | boolean | null | readonly ConfigValue[] | { readonly [key: string]: ConfigValue };

/** @throws Error when the shape names a value that is not given, which is a bug of ours. */
export function fillShape(yamlText: string, values: Readonly<Record<string, ConfigValue>>): ConfigValue {
  return fill(parse(yamlText) as ConfigValue, values);
}

function fill(node: ConfigValue, values: Readonly<Record<string, ConfigValue>>): ConfigValue {
  if (typeof node === 'string') {
    if (!/^\$[a-zA-Z]+$/.test(node)) return node;
    const value = values[node.slice(1)];
    if (value === undefined) throw new Error(`the shape names ${node}, which has no value`);
    return value;
  }
  if (Array.isArray(node)) return node.map((item: ConfigValue) => fill(item, values)).filter((item) => item !== null);
  if (node !== null && typeof node === 'object') {
    return Object.fromEntries(
      Object.entries(node).flatMap(([key, value]) => {
        const filled = fill(value, values);
        return filled === null ? [] : [[key, filled]]; // null drops an optional part
      }),
    );
  }
  return node;
}
