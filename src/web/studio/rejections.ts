/** Files that cannot be used, told together. */

import { describePicture } from '../element/error-words.js';

/** A file that was left out. */
export interface Rejected {
  readonly name: string;
  readonly error: unknown;
}

/** A file, and the message of the error that it gave. */
interface Reason {
  readonly name: string;
  readonly message: string;
}

/** Files that are named one by one. */
const mostNamed = 3;

/**
 * One note about files that are no pictures: a sentence, and the reasons with the files of each, the most frequent
 * first.
 *
 * @param total how many files came together
 */
export function describeRejected(
  rejected: readonly Reason[],
  total: number,
): { readonly text: string; readonly reasons: readonly string[] } {
  const [first, second] = rejected;
  if (first && !second) {
    const text = `“${first.name}” cannot be read as a picture, so it was left out. ${describePicture(first.message)}`;
    return { text, reasons: [] };
  }
  const groups = new Map<string, string[]>();
  for (const { name, message } of rejected) {
    const reason = describePicture(message);
    groups.set(reason, [...(groups.get(reason) ?? []), name]);
  }
  const reasons = [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([reason, names]) => `${listNames(names)}: ${reason}`);
  const all = rejected.length === total ? `None of the ${total}` : `${rejected.length} of ${total}`;
  const verb = rejected.length === total ? 'can be read as a picture' : 'cannot be read as pictures';
  return { text: `${all} files ${verb}, so they were left out.`, reasons };
}

function listNames(names: readonly string[]): string {
  const named = names.slice(0, mostNamed).map((name) => `“${name}”`);
  const more = names.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}
