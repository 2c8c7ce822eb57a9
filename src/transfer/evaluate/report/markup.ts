/** HTML from templates that escape by default, so that a name from a file stays text. */
import { printable } from '../../../printable.js';

/** Text that is HTML already. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | null | false | undefined | readonly Part[];

/**
 * HTML with escaped values; parts that are `Markup` already stay, lists are joined, `null` and `false` are nothing.
 *
 * @example
 * html`<b>${'<'}</b>`.text; // '<b>&lt;</b>'
 */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  new Markup(strings.map((text, i) => text + (i < parts.length ? textOf(parts[i]) : '')).join(''));

/** Text that this project wrote itself, as it is. */
export const raw = (text: string): Markup => new Markup(text);

function textOf(part: Part): string {
  if (part === null || part === false || part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(part);
  return part.map(textOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => printable(text).replace(/[&<>"']/g, (c) => entities[c] ?? c);

/** Data for a script in a page: JSON without the characters that could end its element. */
export const jsonFor = (value: unknown): Markup => raw(JSON.stringify(value).replaceAll('<', '\\u003c'));

export const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)}%`;

/** `62–78%` */
export const range = (low: number, high: number, digits = 0): string =>
  `${(low * 100).toFixed(digits)}–${percent(high, digits)}`;

/** `1 picture`, `2 pictures` */
export const count = (number: number, noun: string, plural = `${noun}s`): string =>
  `${number.toLocaleString('en')} ${number === 1 ? noun : plural}`;
