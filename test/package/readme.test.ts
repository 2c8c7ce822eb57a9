import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { drawClasses } from '../models/article.js';

/** The README's script, with random weights, since those of ImageNet are not at hand everywhere, and a smaller network. */
function script(): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))!;
  const changed = code!
    .replace("weights: 'imagenet'", 'weights: null, alpha: 0.25')
    .replace('epochs: 5', 'epochs: 2');
  return `${changed}\nconsole.log(JSON.stringify(history.history));\n`;
}

test("the README's script compiles and runs as it stands", async (t) => {
  // Within the package, so that its own name leads to it.
  const folder = mkdtempSync(join('dist', 'readme-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const part of ['train', 'validation'])
    await drawClasses(join(folder, 'photos', part), { classes: 14, pictures: 1, seed: 1 });
  writeFileSync(join(folder, 'script.ts'), script());
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { rootDir: '.', outDir: '.', incremental: false, tsBuildInfoFile: null },
      ...{ include: ['script.ts'], exclude: [] },
    }),
  );
  execFileSync('node_modules/.bin/tsc', ['-p', folder], { encoding: 'utf8' });
  const printed = execFileSync(process.execPath, ['script.js'], { cwd: folder, encoding: 'utf8' });
  const history = JSON.parse(printed.trim().split('\n').at(-1)!);
  t.deepEqual(Object.keys(history).sort(), ['accuracy', 'loss', 'val_accuracy', 'val_loss']);
  t.regex(printed, /Found 14 images belonging to 14 classes\.[\s\S]*Epoch 2\/2/);
});
