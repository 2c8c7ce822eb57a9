/**
 * Packs the element for pages, without dependencies, as `ort-transfer-web`: `node dist/tools/pack-web.js --out DIR`,
 * after `npm run pages`. Its files lie in one folder, which any server, CDN or npm can hand out.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { sha256 } from '#platform';
import { readFaceDetectorModel } from '../src/classifier/face-detector.js';
import { seal } from '../src/graph/seal.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const compiled = join(root, 'dist/src');

/** Declarations that a module needs, itself included. */
async function declarationsOf(entry: string): Promise<Set<string>> {
  const found = new Set([entry]);
  for (const file of found) {
    const text = await readFile(file, 'utf8');
    for (const [, specifier = ''] of text.matchAll(/from '([^']+)'/g)) {
      const path = specifier === '#platform' ? join(compiled, 'platform/web.js') : specifier;
      if (specifier === '#platform' || specifier.startsWith('.'))
        found.add(resolve(dirname(file), path).replace(/\.js$/, '.d.ts'));
    }
  }
  return found;
}

/**
 * Writes the package's folder.
 *
 * @returns the folder
 */
export async function writeWebPackage(out: string): Promise<string> {
  const folder = join(out, 'ort-transfer-web');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'types'), { recursive: true });
  for (const part of ['web', 'runtime'])
    await cp(join(root, 'dist/pages', part), folder, { recursive: true });
  // The page's own; whoever takes the element has a page.
  for (const name of await readdir(folder))
    if (/^(page|index|service-worker)[.-]/.test(name)) await rm(join(folder, name));
  await writeFile(join(folder, 'face-detector.onnx'), await seal(await readFaceDetectorModel(), sha256));
  for (const name of ['LICENSE', 'dist/THIRD-PARTY-NOTICES.md'])
    await cp(join(root, name), join(folder, name.replace('dist/', '')));
  const entry = join(compiled, 'web/index.d.ts');
  for (const file of await declarationsOf(entry)) {
    const text = await readFile(file, 'utf8');
    const path = join(folder, 'types', relative(compiled, file));
    await mkdir(dirname(path), { recursive: true });
    const platform = relative(dirname(file), join(compiled, 'platform/web.js'));
    const local = platform.startsWith('.') ? platform : `./${platform}`;
    await writeFile(
      path,
      text.replaceAll("'#platform'", `'${local}'`).replace(/\n\/\/# sourceMappingURL=.*/, ''),
    );
  }
  const { version, license, description } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const manifest = {
    ...{ name: 'ort-transfer-web', version, license, type: 'module' },
    description: `The element <ort-classifier>, for pages. ${description}`,
    exports: {
      '.': { types: './types/web/index.d.ts', default: './ort-classifier.js' },
      './ort-classifier.js': './ort-classifier.js',
      './face-detector.onnx': './face-detector.onnx',
      './package.json': './package.json',
    },
    sideEffects: ['./ort-classifier.js'],
    keywords: ['onnx', 'image-classification', 'web-component'],
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(folder, 'README.md'), readme);
  return folder;
}

const readme = `# ort-transfer-web

The element \`<ort-classifier>\`, which runs a classifier of [ort-transfer](https://www.npmjs.com/package/ort-transfer) in a page: script, worker, ONNX Runtime's WebAssembly and the face detector, without dependencies. Nothing is uploaded anywhere.

Serve this folder, from your own server or from a CDN that sends npm packages, and write:

\`\`\`html
<script type="module" src="ort-transfer-web/ort-classifier.js"></script>
<ort-classifier model="model.onnx"></ort-classifier>
\`\`\`

With a bundler, copy the folder to what it serves as it is (\`cp -r node_modules/ort-transfer-web public/\`), and keep that \`<script>\`: the script finds its worker and its WebAssembly beside it. For types, \`import type {} from 'ort-transfer-web'\`.
`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'out/pack' } } });
  const folder = await writeWebPackage(values.out);
  execFileSync('npm', ['pack', '--loglevel=error', '--pack-destination', values.out, folder], {
    stdio: 'inherit',
  });
}
