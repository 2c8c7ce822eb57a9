/** Whoever calls a function of the package can name the types of what goes in and comes out. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const compiled = fileURLToPath(new URL('../../src/', import.meta.url));
const entry = join(compiled, 'index.d.ts');

/** A name of a module: the file that it is from, and what it is called there. */
type Source = readonly [file: string, name: string];

const textOf = (file: string): string => readFileSync(file, 'utf8');
const fileOf = (specifier: string, from: string): string | null => {
  const path =
    specifier === '#platform' ? join(compiled, 'platform/node.d.ts') : resolve(dirname(from), specifier);
  const file = path.replace(/\.js$/, '.d.ts');
  return existsSync(file) ? file : null;
};
const namesIn = (list: string): [own: string, outer: string][] =>
  list
    .split(',')
    .map((part) =>
      part
        .replace(/\btype /, '')
        .trim()
        .split(' as '),
    )
    .flatMap(([own = '', outer = own]) => (own ? [[own, outer] as [string, string]] : []));
const declaration = (name: string) =>
  new RegExp(
    `^export (?:declare )?(?:abstract )?(?:class|interface|type|function\\*?|const) ${name}\\b`,
    'm',
  );

/** What a module passes on by name. */
function passedOn(file: string): Map<string, Source> {
  const found = new Map<string, Source>();
  for (const [, list = '', from = ''] of textOf(file).matchAll(
    /export (?:type )?\{([^}]*)\} from '([^']+)'/gs,
  )) {
    const source = fileOf(from, file);
    for (const [own, outer] of namesIn(list)) if (source) found.set(outer, [source, own]);
  }
  return found;
}

/** Where a name is declared. */
function findDeclaration([file, name]: Source): Source | null {
  const text = textOf(file);
  if (declaration(name).test(text)) return [file, name];
  const named = passedOn(file).get(name);
  if (named) return findDeclaration(named);
  for (const [, from = ''] of text.matchAll(/export \* from '([^']+)'/g)) {
    const all = fileOf(from, file);
    const found = all && findDeclaration([all, name]);
    if (found) return found;
  }
  return null;
}

/** Every name that a module has, those of `export *` included. */
function allNames(file: string): string[] {
  const text = textOf(file);
  const own = [
    ...text.matchAll(/^export (?:declare )?(?:abstract )?(?:class|interface|type|function\*?|const) (\w+)/gm),
  ];
  const all = [...text.matchAll(/export \* from '([^']+)'/g)].flatMap(([, from = '']) => {
    const source = fileOf(from, file);
    return source ? allNames(source) : [];
  });
  return [...own.map(([, name = '']) => name), ...passedOn(file).keys(), ...all];
}

/** The types of this package that a declaration mentions: those it imports, and those its own module exports. */
function mentionedBy([file, name]: Source): string[] {
  const text = textOf(file);
  const start = text.search(declaration(name));
  const end = text.indexOf('\nexport ', start + 1);
  const code = text.slice(start, end < 0 ? undefined : end).replaceAll(/\/\*\*[\s\S]*?\*\//g, '');
  const imported = [...text.matchAll(/import (?:type )?(?:\w+, )?\{([^}]*)\} from '([.#][^']+)'/gs)].flatMap(
    ([, list = '']) => namesIn(list).map(([, outer]) => outer),
  );
  const own = [...text.matchAll(/^export (?:declare )?(?:abstract )?(?:class|interface|type) (\w+)/gm)];
  return [...imported, ...own.map(([, type = '']) => type)].filter(
    (other) => other !== name && new RegExp(`\\b${other}\\b`).test(code),
  );
}

test('every type that a signature mentions is exported, by the package or one of its modules', (t) => {
  const modules = [...textOf(entry).matchAll(/export \* as \w+ from '([^']+)'/g)].map(([, from = '']) =>
    fileOf(from, entry),
  );
  const public_ = new Set([
    ...passedOn(entry).keys(),
    ...modules.flatMap((file) => (file ? allNames(file) : [])),
  ]);
  t.true(public_.size > 250, `${public_.size} names`);
  const missing: string[] = [];
  for (const [name, source] of passedOn(entry)) {
    const found = findDeclaration(source);
    if (!found) {
      missing.push(`${name}: no declaration`);
      continue;
    }
    for (const type of mentionedBy(found)) if (!public_.has(type)) missing.push(`${name}: ${type}`);
  }
  t.deepEqual(missing, []);
});
