/**
 * Options by their names. Whoever takes options destructures them, `...others` last, and refuses the others: so the
 * names that are known are those that are read, and no list of them is written anywhere. Where every option has a
 * default, the defaults are the list.
 *
 * @example
 * function resize(image: Image, options: ResizeOptions = {}) {
 *   const { width = 32, height = 32, ...others } = named(options, 'resize');
 *   refuseOthers(others, 'resize', (probe) => resize(image, probe));
 *   …
 */

type Class = abstract new (...given: never) => unknown;

/** Calls the function that destructures the options. */
type Reader = (options: never) => unknown;

/** The type of the rest when all declared options were taken, so that the compiler asks for those forgotten. */
type Nothing = Readonly<Record<string, never>>;

/** Makes the error for names that are not known. */
export type Words = (given: Readonly<Record<string, unknown>>, callee: string) => Error;

/**
 * The options as they are.
 *
 * @throws TypeError where they are no object, as in `RMSprop(0.5)`
 */
export function named<T extends object>(options: T, callee: string | Class): T {
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
  if (isObject && !ArrayBuffer.isView(options)) return options;
  const name = nameOf(callee);
  throw new TypeError(
    `Expected the options of ${name} by name, in one object. Received: ${show(options)}. Hint: write ${name}({ option: value }).`,
  );
}

/**
 * Refuses options that are left over when all known ones were taken. Those of value `undefined` are as good as absent.
 *
 * @param callee a class, or the name of a function
 * @param readers call the callee again: the names that it reads are those it knows
 * @throws TypeError in Python's words, or the error that `words` makes, with the name that was probably meant
 */
export function refuseOthers(
  others: Nothing,
  callee: string | Class,
  readers: Reader | readonly Reader[] = typeof callee === 'string' ? [] : constructorsOf(callee),
  words: Words = unexpected,
): void {
  refuse(others, nameOf(callee), () => [readers].flat().flatMap(namesReadBy), words);
}

/** Refuses options that a pure function of them does not read. @throws TypeError as `refuseOthers` does */
export function refuseUnread(options: object, callee: string, reader: Reader): void {
  const given = Object.entries(options);
  if (given.length === 0) return;
  const known = namesReadBy(reader);
  const others = given.filter(([name]) => !known.includes(name));
  refuse(Object.fromEntries(others), callee, () => known, unexpected);
}

/** The options, those that are left out as the defaults have them. @throws TypeError for names that have no default */
export function withDefaults<T extends object>(
  defaults: T,
  options: { readonly [Name in keyof T]?: T[Name] | undefined },
  callee: string | Class,
): T {
  const given: Readonly<Record<string, unknown>> = named(options, callee);
  const settings = Object.entries(defaults).map(([name, value]) => [
    name,
    given[name] === undefined ? value : given[name],
  ]);
  const others = Object.entries(given).filter(([name]) => !Object.hasOwn(defaults, name));
  refuse(Object.fromEntries(others), nameOf(callee), () => Object.keys(defaults), unexpected);
  return Object.fromEntries(settings);
}

/** Those of the options that readers know, for options that come from files or from a command line. */
export function pickKnown<T extends object>(options: T, readers: Reader | readonly Reader[]): T {
  const known = [readers].flat().flatMap(namesReadBy);
  return Object.fromEntries(Object.entries(options).filter(([name]) => known.includes(name))) as T;
}

function refuse(others: object, callee: string, namesOf: () => readonly string[], words: Words): void {
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  const unknown = Object.keys(given);
  if (unknown.length === 0) return;
  const known = [...new Set(namesOf())];
  const meant = unknown.flatMap((name) => {
    const candidate = nearest(name, known);
    return candidate === null ? [] : [`'${candidate}' for '${name}'`];
  });
  const error = words(given, callee);
  if (meant.length > 0) error.message += `. Hint: write ${meant.join(', ')}.`;
  else if (known.length > 0) error.message += `. Hint: it knows ${known.join(', ')}.`;
  throw error;
}

const nameOf = (callee: string | (Class & { className?: string })): string =>
  typeof callee === 'string' ? callee : (callee.className ?? callee.name);

/** The constructors of a class and of those it extends, which read options in one of their first arguments. */
export const constructorsOf = (type: Class): Reader[] =>
  type === Object.getPrototypeOf(Function)
    ? []
    : [
        (options) => Reflect.construct(type, [options, options, options, options]),
        ...constructorsOf(Object.getPrototypeOf(type)),
      ];

/** Python's words for an option that a function does not take. */
const unexpected: Words = (given, callee) =>
  new TypeError(`${callee}() got an unexpected keyword argument '${Object.keys(given)[0]}'`);

/** A dictionary as Python shows it: `{'lr': 0.1}`. */
export const pythonDict = (values: Readonly<Record<string, unknown>>): string =>
  `{${Object.entries(values)
    .map(([name, value]) => `'${name}': ${show(value)}`)
    .join(', ')}}`;

function show(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value))
    return value.length > 9 ? `a list of ${value.length}` : `[${value.map(show).join(', ')}]`;
  const { name } = value.constructor ?? Object;
  return name === 'Object' ? '{…}' : `<${name}>`;
}

/** The names that are read off a probe, which stops the reader where it asks for the rest. */
export function namesReadBy(reader: Reader): string[] {
  const names: string[] = [];
  const probe = new Proxy(
    {},
    {
      get(_target, name) {
        if (typeof name === 'string') names.push(name);
      },
      ownKeys() {
        throw new Error('That is all.');
      },
    },
  );
  try {
    const running = reader(probe as never);
    if (running instanceof Promise) running.catch(() => {});
  } catch {
    // By now it has read its names.
  }
  return names;
}

/** The known name that another probably means; `null` where none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const wordsOf = (text: string) =>
    text
      .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
      .toLowerCase()
      .split(/[_\W]+/);
  const words = wordsOf(name);
  const plain = words.join('');
  const isShort = (candidate: string) =>
    [plain, ...words].some((short) => short.length > 1 && initials(wordsOf(candidate)) === short);
  const exact = known.find((candidate) => wordsOf(candidate).join('') === plain);
  if (exact !== undefined) return exact;
  const short = known.find(isShort);
  if (short !== undefined) return short;
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(plain, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best && best.distance <= Math.round(0.4 * plain.length)) return best.candidate;
  // `lossWeights` is another option than `loss`, though its name begins like it.
  const isPart = (candidate: string) => candidate.length > 0.6 * plain.length && plain.includes(candidate);
  return known.find((name) => name.toLowerCase().includes(plain) || isPart(name.toLowerCase())) ?? null;
}

const initials = (words: readonly string[]): string => words.map((word) => word[0]).join('');

/** Letters to insert, delete or replace: Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(
        Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
