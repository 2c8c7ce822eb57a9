import { copyFileSync, renameSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { inspectFolders } from '../../src/transfer/inspect/inspect.js';
import { silent } from '../../src/transfer/reporter.js';
import { drawPatterns } from '../cli/pictures.js';

test('a picture that is replaced while folders are inspected is named, not shown under the old one', async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-replaced-'));
  t.teardown(() => rm(room, { recursive: true, force: true }));
  const folder = join(room, 'pictures');
  await drawPatterns(folder, 2, 1);
  const replaced = join(folder, 'rings', '1.jpg');
  let isReplaced = false;
  const progress = (step: string) => {
    if (step === 'Extracting features' || isReplaced) return;
    isReplaced = true;
    copyFileSync(join(folder, 'checks', '0.jpg'), join(room, 'other.jpg'));
    renameSync(join(room, 'other.jpg'), replaced);
  };
  const options = {
    ...{ folder, views: 1, weights: 'vggface2', cache: join(room, 'cache') },
    crop: 'none',
    ...{ engine: await ortNode({ provider: 'cpu' }), out: join(room, 'out'), workers: 1 },
  } as const;
  await t.throwsAsync(inspectFolders(options, { ...silent, progress }), {
    name: 'ImageError',
    message: `${replaced}: Expected an undamaged picture. Received: a file that was replaced in the meantime.`,
  });
  t.true(isReplaced);
  t.deepEqual(
    (await readdir(join(room, 'out')).catch(() => [])).filter((name) => name === 'rings.png'),
    [],
  );
});
