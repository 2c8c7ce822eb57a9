/** What the README and the pages of `docs` show works as it stands. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { encodeModel } from '../../src/graph/onnx.js';
import { run } from '../cli/command.js';
import { redOrBlue, redPicture } from '../export/red-or-blue.js';
import { writePictures } from '../transfer/bright-or-dark.js';

interface Block {
  readonly document: string;
  readonly language: string;
  readonly code: string;
}

const documents = [
  'README.md',
  ...(await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
];
const blocks: Block[] = [];
for (const document of documents)
  for (const [, language = '', code = ''] of (await readFile(document, 'utf8')).matchAll(
    /^```(\w*)\n([\s\S]*?)^```$/gm,
  ))
    blocks.push({ document, language, code });

const programs = blocks.filter(({ language }) => language === 'js');
test('there are programs to run', (t) => {
  t.true(programs.length >= 7, `${programs.length}`);
});

for (const [i, { document, code }] of programs.entries())
  test(`program ${i + 1}, of ${document}, runs as it stands`, async (t) => {
    // Within the package, so that its own name leads to it.
    const folder = await mkdtemp(join('dist', 'docs-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await writePictures(join(folder, 'photos'));
    await mkdir(join(folder, 'onnx'));
    for (const path of ['model.onnx', 'onnx/model.onnx'])
      await writeFile(join(folder, path), encodeModel(redOrBlue()));
    await writeFile(join(folder, 'photo.jpg'), await redPicture());
    await writeFile(join(folder, 'program.mjs'), code);
    const env = { ...process.env, ORT_TRANSFER_CACHE: 'cache' };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['program.mjs'], {
      cwd: folder,
      env,
    });
    t.is(stderr, '');
    // What a comment says is printed is what is printed.
    for (const [, said] of code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm))
      t.true(stdout.split('\n').includes(said ?? ''), stdout);
    t.is(/console\.log/.test(code), stdout !== '');
  });

/** Commands of this package with their options, as `ort-transfer train photos --weights imagenet`. */
const commands = blocks
  .filter(({ language }) => ['', 'sh'].includes(language))
  .flatMap(({ document, code }) =>
    code
      .replaceAll(/\n {4,}/g, ' ')
      .split('\n')
      .flatMap((line) => {
        const [, name, rest = ''] = /(?:^|npx |\$ |\| )(ort-transfer|ort-predict) ([^#|]*)/.exec(line) ?? [];
        if (!name) return [];
        const command = name === 'ort-predict' ? 'predict' : (/^[a-z]+/.exec(rest)?.[0] ?? '');
        return [
          { document, command, options: [...rest.matchAll(/--([a-z-]+)/g)].map(([, option = '']) => option) },
        ];
      }),
  );

test('commands that are shown exist, with every option that is shown', async (t) => {
  t.true(commands.length > 12, `${commands.length}`);
  const { stdout: all } = await run('ort-transfer', ['--help']);
  const known = new Map<string, string>();
  for (const command of new Set(commands.map((shown) => shown.command))) {
    t.regex(all, new RegExp(`^ {2}ort-transfer ${command}\\b`, 'm'), command);
    known.set(command, (await run('ort-transfer', [command, '--help'])).stdout);
  }
  const unknown = commands.flatMap(({ document, command, options }) =>
    options
      .filter((option) => !new RegExp(`--${option}\\b`).test(known.get(command) ?? ''))
      .map((option) => `${document}: ${command} --${option}`),
  );
  t.deepEqual(unknown, []);
});

test('every page is listed', async (t) => {
  const lists = { 'README.md': 'docs/', 'docs/README.md': '' };
  for (const [list, prefix] of Object.entries(lists)) {
    const text = await readFile(list, 'utf8');
    const pages = documents.filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
    t.deepEqual(
      pages.filter((path) => !text.includes(`](${path.replace('docs/', prefix)})`)),
      [],
      list,
    );
  }
});
