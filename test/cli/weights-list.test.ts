/** `--weights list`: what can be had, and what it costs. */
import test from 'ava';
import { applications } from '../../src/keras/applications/registry.js';
import { run } from './command.js';

test('the list names all weights that go by name, once, with size, features, time and licence', async (t) => {
  const { code, stdout, stderr } = await run('ort-transfer', ['train', '--weights', 'list']);
  t.is(code, 0, stderr);
  const [header, ...lines] = stdout.trimEnd().split('\n');
  t.regex(
    header ?? '',
    /^--weights +network +trained on +weights +pixels +features +a picture +ImageNet +licence +for$/,
  );
  const rows = lines.slice(0, lines.indexOf(''));
  t.deepEqual(
    rows.map((line) => line.split(' ')[0]),
    ['vggface2', 'imagenet', 'imagenet-v2', ...applications.map(({ name }) => name)],
  );
  t.regex(
    rows[1] ?? '',
    /^imagenet +MobileNet +ImageNet +13 MB +224 +1024 +\d+ ms +70\.4% +Apache-2\.0 +anything else$/,
  );
  // Columns stand below each other.
  const at = header?.indexOf('network') ?? 0;
  for (const line of rows) t.regex(line.slice(at - 2, at + 1), /^ {2}\S$/, line);
});

test('no value asks for the list, too, wherever features are computed, and --json gives it to programs', async (t) => {
  const list = (await run('ort-transfer', ['train', '--weights', 'list'])).stdout;
  for (const args of [
    ['train', 'photos', '--weights'],
    ['inspect', 'photos', '--weights', '--views', '2'],
    ['features', 'photos', '--weights=list'],
  ]) {
    const { code, stdout } = await run('ort-transfer', args);
    t.deepEqual([code, stdout], [0, list], args.join(' '));
  }
  const json = await run('ort-transfer', ['train', '--weights', 'list', '--json']);
  const [faces, ...others] = JSON.parse(json.stdout);
  t.deepEqual(faces, {
    ...{ name: 'vggface2', network: 'MobileNet', trainedOn: 'VGGFace2, faces', megabytes: 13, size: 224 },
    ...{ features: 1024, licence: 'MIT', top1: null, milliseconds: faces.milliseconds, use: faces.use },
  });
  t.is(others.length, applications.length + 2);
  for (const { name, milliseconds } of others) t.true(milliseconds === null || milliseconds > 0, name);
});

test('weights that are a file, and commands without weights, are read as before', async (t) => {
  const file = await run('ort-transfer', ['train', 'no-such-folder', '--weights', 'some.h5']);
  t.not(file.code, 0);
  t.notRegex(file.stdout, /--weights/);
  const other = await run('ort-transfer', ['doctor', '--weights']);
  t.not(other.code, 0);
  t.notRegex(other.stdout, /VGGFace2/);
});
