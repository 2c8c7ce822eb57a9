/** Texts from files as they may be shown, on a terminal and in a page. */

/** Control characters, marks that change the direction of writing, and Unicode's own line breaks. */
const hidden = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return (
    short[character] ?? (code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`)
  );
}

/**
 * Text with its hidden characters written out, as `ls` does it. A name from a file may hold line breaks, which would
 * look like another line of output; sequences that a terminal obeys; or marks that reverse the text after them.
 *
 * @example
 * printable('a\nb'); // 'a\\nb'
 */
export const printable = (text: string): string => text.replace(hidden, escaped);

/** The same for a text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** A value as JSON, with hidden characters escaped as JSON allows. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(hidden, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
