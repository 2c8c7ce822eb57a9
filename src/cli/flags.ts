/** Phrases of the API that the command line says in other words. */
const phrases: readonly (readonly [api: string, flags: string])[] = [
  ['`publishModel` with `explain`', "'ort-transfer export --explain'"],
  ['`cache`', '--cache or ORT_TRANSFER_CACHE'],
];

/** Options of the API that commands have, too. */
const options: ReadonlySet<string> = new Set([
  ...[
    'activation',
    'alpha',
    'crop',
    'inputLayout',
    'inputScaling',
    'labels',
    'maxPixels',
    'out',
    'outputName',
    'queue',
    'scaling',
  ],
  ...['neighbours', 'report', 'save', 'size', 'strangers', 'train', 'validation', 'weights'],
]);

/**
 * A message of the API in the words of the command line: options in backquotes become flags.
 *
 * @example
 * inFlags('Hint: allow more with `maxPixels`.'); // 'Hint: allow more with --max-pixels.'
 */
export function inFlags(message: string): string {
  const phrased = phrases.reduce((text, [api, flags]) => text.replaceAll(api, flags), message);
  return phrased.replaceAll(/`([a-z]+(?:[A-Z][a-z]+)*)`/g, (quoted, name: string) =>
    options.has(name) ? `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` : quoted,
  );
}
