import { ValueError } from '../../errors.js';

/** A JSON object as it was read: nothing is known of its values. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Python's `json` refuses deeper nesting, and no model needs a tenth of it. */
const mostDepth = 500;

/**
 * Parses JSON from a file that nobody vouches for.
 *
 * @param what the text's name in messages: `'config.json'`
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

/** @param where what is looked at, as messages name it: `"the config of layer 'dense'"` */
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

/**
 * JSON in which Python finds the types that it insists on: numbers under `floats` have a decimal point.
 */
export function pythonJson(value: unknown, key = ''): string {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
    const text = String(value);
    return floats.has(key) && /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (Array.isArray(value)) return `[${value.map((item) => pythonJson(item, key)).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}: ${pythonJson(item, name)}`).join(', ')}}`;
}

/** Keys of Keras's configurations whose numbers are floats. */
const floats = new Set(
  `alpha beta_1 beta_2 clipnorm clipvalue decay_rate ema_momentum end_learning_rate epsilon global_clipnorm
  initial_learning_rate l1 l2 label_smoothing learning_rate m_mul max_value maxval mean minval momentum
  negative_slope power rate renorm_momentum rho stddev t_mul threshold thresholds value values weight_decay
  warmup_target`.split(/\s+/),
);
