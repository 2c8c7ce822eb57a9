import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { withFolder } from '../saving/folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('npm packs what was built from clean, not what is left of an older build', async (t) => {
  await withFolder(async (folder) => {
    for (const name of ['package.json', 'tsconfig.json', 'src', 'CHANGELOG.md', 'LICENSE', 'README.md'])
      await cp(join(root, name), join(folder, name), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await mkdir(join(folder, 'dist/src'), { recursive: true });
    await writeFile(join(folder, 'dist/src/renamed-since.js'), 'export {};\n');

    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], {
      cwd: folder,
      env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
    });
    const [{ files }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    t.true(paths.includes('dist/src/index.js'));
    t.true(paths.includes('dist/src/cli/ort-transfer.js'));
    t.false(paths.includes('dist/src/renamed-since.js'));
    t.deepEqual(
      paths.filter((path) => /^(test|tools|src|dist\/(test|tools))\//.test(path)),
      [],
    );
  });
});
