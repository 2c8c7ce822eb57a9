import { execFileSync } from 'node:child_process';
import test from 'ava';

/** The packages that a thread loads before its work begins. */
function packagesOf(entry: string): string[] {
  const path = new URL(`../../src/${entry}`, import.meta.url).href;
  const script = `import Module from 'node:module';
    await import(${JSON.stringify(path)});
    console.log(JSON.stringify(Object.keys(Module._cache)));`;
  const loaded = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  const names = (JSON.parse(loaded) as string[]).flatMap(
    (file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [],
  );
  return [...new Set(names)].sort();
}

for (const entry of ['transfer/features/features-worker.js', 'keras/models/feature-worker.js'])
  test(`a thread starts without packages that its work may not need: ${entry}`, (t) => {
    t.deepEqual(packagesOf(entry), []);
  });
