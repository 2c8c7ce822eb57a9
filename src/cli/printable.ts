/**
 * Text with its control characters written out, as `ls` does it: a file's name may hold line breaks, which would look
 * like another line of output, or sequences that a terminal obeys.
 *
 * @example
 * printable('a\nb'); // 'a\\nb'
 */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (c) => escapes[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The same for a text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
