import { ValueError } from '../../errors.js';

/** A JSON object as it was read: nothing is known of its values. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Python's `json` refuses deeper nesting, and no model needs a tenth of it. */
const mostDepth = 500;

/**
 * Parses JSON from a file that nobody vouches for.
 *
 * @param what names the text in messages: `'config.json'`
 * @throws ValueError when it is no JSON, or nested so deeply that it can only be meant to do harm
 */
export function parseJson(text: string, what: string): unknown {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inText) {
      if (code === backslash) i++;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === openBracket || code === openBrace) {
      if (++depth > mostDepth)
        throw new ValueError(`Expected ${what} to be nested up to ${mostDepth} deep. Received: deeper.`);
    } else if (code === closeBracket || code === closeBrace) depth--;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValueError(`Expected JSON in ${what}. Received: ${(cause as Error).message}.`, { cause });
  }
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [34, 92, 91, 93, 123, 125];

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param where the place, as messages name it: `"the config of layer 'dense'"` */
export function asObject(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value;
  throw new ValueError(`Expected an object for ${where}. Received: ${excerpt(value)}.`);
}

export function asList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ValueError(`Expected a list for ${where}. Received: ${excerpt(value)}.`);
}

export function asText(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new ValueError(`Expected text for ${where}. Received: ${excerpt(value)}.`);
}

/** A value as messages show it. */
export function excerpt(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** `use_bias` → `useBias`, `beta_1` → `beta1`. */
export const toCamelCase = (key: string): string =>
  key.replaceAll(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The keys of a class's configuration whose numbers are floats. */
export type FloatsOf = (className: string) => ReadonlySet<string> | undefined;

/**
 * JSON in which Python finds the types that it insists on: floats have a decimal point.
 *
 * @param floatsOf tells of each `config` beside a `class_name` which of its numbers are floats. Default: none
 */
export function pythonJson(value: unknown, floatsOf: FloatsOf = () => undefined): string {
  /** @param floats the keys of this object whose numbers are floats */
  const write = (item: unknown, isFloat: boolean, floats?: ReadonlySet<string>): string => {
    if (typeof item === 'number') return numberText(item, isFloat);
    if (Array.isArray(item)) return `[${item.map((element) => write(element, isFloat)).join(', ')}]`;
    if (!isObject(item)) return JSON.stringify(item ?? null);
    const ofConfig = typeof item.class_name === 'string' ? floatsOf(item.class_name) : undefined;
    const texts = Object.entries(item)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => {
        const text = write(inner, floats?.has(key) ?? false, key === 'config' ? ofConfig : undefined);
        return `${JSON.stringify(key)}: ${text}`;
      });
    return `{${texts.join(', ')}}`;
  };
  return write(value, false);
}

function numberText(value: number, isFloat: boolean): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const text = String(value);
  return isFloat && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
