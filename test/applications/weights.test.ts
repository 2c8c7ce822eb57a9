import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadBackbone } from '../../src/classifier/backbone.js';
import { tfScaling } from '../../src/graph/preprocessing.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/mobilenet.js';
import { MobileNetV2 } from '../../src/keras/applications/mobilenet-v2.js';
import { type Hdf5Writer, writeHdf5 } from '../../src/keras/saving/hdf5.js';
import { DownloadError, type DownloadProgress } from '../../src/platform/download.js';
import { readKerasFile } from '../../src/platform/node.js';
import { seedWeights } from './seeded.js';

const { KERAS_HOME, HOME } = process.env;
let home: string;

test.beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'keras-'));
  process.env.KERAS_HOME = join(home, 'keras');
  process.env.HOME = home;
});
test.afterEach.always(async () => {
  Object.assign(process.env, { KERAS_HOME, HOME });
  if (KERAS_HOME === undefined) delete process.env.KERAS_HOME;
  await rm(home, { recursive: true });
});

/** Serves on a free port until the test ends. */
async function serve(t: { teardown(end: () => void): void }, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/w.h5`;
}

const content = Buffer.alloc(200_000, 'weights');
const sha256 = createHash('sha256').update(content).digest('hex');

test.serial('downloads once, into the cache that Python shares', async (t) => {
  let requests = 0;
  const url = await serve(t, (_, response) => {
    requests++;
    response.writeHead(200, { 'content-length': content.length }).end(content);
  });
  const steps: DownloadProgress[] = [];
  const remote = { file: 'w.h5', url, sha256, onProgress: (step: DownloadProgress) => steps.push(step) };
  t.deepEqual(Buffer.from(await readKerasFile(remote)), content);
  t.deepEqual(Buffer.from(await readKerasFile(remote)), content);
  t.is(requests, 1);
  t.deepEqual(steps.at(-1), { file: 'w.h5', received: content.length, total: content.length });
  t.deepEqual(await readdir(join(home, 'keras/models')), ['w.h5']);
  t.deepEqual(await readFile(join(home, 'keras/models/w.h5')), content);
});

test.serial(
  'fetches the rest where the connection breaks, and all of it where the file is another one',
  async (t) => {
    const ranges: (string | undefined)[] = [];
    let etag = '"one"';
    const half = content.length / 2;
    const listener: RequestListener = (request, response) => {
      const { range } = request.headers;
      ranges.push(range);
      const same = request.headers['if-range'] === etag;
      const from = range && same ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
      response.writeHead(from > 0 ? 206 : 200, {
        ...{ 'content-length': content.length - from, 'accept-ranges': 'bytes', etag },
      });
      if (ranges.length > 1) response.end(content.subarray(from));
      else response.write(content.subarray(0, half), () => setImmediate(() => response.destroy()));
    };
    const url = await serve(t, (request, response) => listener(request, response));
    const steps: number[] = [];
    const fetchInto = (file: string) =>
      readKerasFile({ file, url, sha256, onProgress: ({ received }) => steps.push(received) });
    t.deepEqual(Buffer.from(await fetchInto('a.h5')), content);
    t.is(ranges[0], undefined);
    t.regex(ranges[1] ?? '', /^bytes=[1-9]\d*-$/);
    t.is(ranges.length, 2);
    t.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
    t.is(steps.at(-1), content.length);

    ranges.length = 0;
    const changing = await serve(t, (request, response) => {
      if (ranges.length === 1) etag = '"two"';
      listener(request, response);
    });
    t.deepEqual(Buffer.from(await readKerasFile({ file: 'b.h5', url: changing, sha256 })), content);
    t.is(ranges.length, 2);
  },
);

test.serial('a published MD5 is checked', async (t) => {
  const url = await serve(t, (_, response) => response.end('other'));
  const md5 = createHash('md5').update('other').digest('hex');
  t.is(String(Buffer.from(await readKerasFile({ file: 'right.h5', url, md5 }))), 'other');
  await t.throwsAsync(readKerasFile({ file: 'w.h5', url, md5: md5.replace(/./, 'x') }), {
    instanceOf: DownloadError,
    message: new RegExp(`^Expected w\\.h5 with the MD5 x${md5.slice(1)}\\. Received: ${md5} from `),
  });
  t.deepEqual(await readdir(join(home, 'keras/models')), ['right.h5']);
});

test.serial('finds what lies in ~/.keras/models, after $KERAS_HOME', async (t) => {
  const url = 'http://127.0.0.1:1/w.h5';
  await mkdir(join(home, '.keras/models'), { recursive: true });
  await writeFile(join(home, '.keras/models/w.h5'), 'mine');
  t.is(String(Buffer.from(await readKerasFile({ file: 'w.h5', url }))), 'mine');
  await mkdir(join(home, 'keras/models'), { recursive: true });
  await writeFile(join(home, 'keras/models/w.h5'), 'first');
  t.is(String(Buffer.from(await readKerasFile({ file: 'w.h5', url }))), 'first');
});

test.serial('weights that are cut short in the cache name the file to delete', async (t) => {
  const folder = join(home, '.keras/models');
  await mkdir(folder, { recursive: true });
  delete process.env.KERAS_HOME;
  const whole = await writeHdf5((root) => root.strings('layer_names', ['conv1']));
  for (const [file, load] of [
    [
      'mobilenet_2_5_224_tf_no_top.h5',
      () => MobileNet({ alpha: 0.25, includeTop: false, inputShape: [224, 224, 3] }),
    ],
    [
      'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5',
      () => loadBackbone({ weights: 'imagenet-v2', alpha: 0.35 }),
    ],
  ] as const) {
    const path = join(folder, file);
    for (const [bytes, received] of [
      [whole.subarray(0, -100), `Expected ${whole.length} bytes of HDF5. Received: ${whole.length - 100}.`],
      [new Uint8Array(0), 'Expected an HDF5 file. Received: 0 bytes of something else.'],
    ] as const) {
      await writeFile(path, bytes);
      await t.throwsAsync(load(), {
        name: 'DownloadError',
        message: `${received} Hint: delete ${path}, so that it is fetched again.`,
      });
    }
  }
});

test.serial('says where to put a file that cannot be downloaded, and leaves nothing behind', async (t) => {
  const path = join(home, 'keras/models/w.h5');
  const fails = async (url: string, received: string) => {
    await t.throwsAsync(readKerasFile({ file: 'w.h5', url, sha256 }), {
      instanceOf: DownloadError,
      message: `${received} Hint: download it from ${url} and save it as ${path}`,
    });
    t.deepEqual(await readdir(home), []);
  };
  const nobody = 'http://127.0.0.1:1/w.h5';
  await fails(nobody, `Expected w.h5 at ${nobody}. Received: bad port.`);
  const missing = await serve(t, (_, response) => response.writeHead(404).end());
  await fails(missing, `Expected w.h5 at ${missing}. Received: HTTP status 404.`);
  const broken = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 9 }).write('half', () => response.destroy());
  });
  await fails(broken, `Expected w.h5 at ${broken}. Received: UND_ERR_SOCKET.`);
  const other = await serve(t, (_, response) => response.end('other'));
  const hash = createHash('sha256').update('other').digest('hex');
  await fails(other, `Expected w.h5 with the SHA-256 ${sha256}. Received: ${hash} from ${other}.`);
});

test.serial('loads ImageNet weights from the cache, by Keras’s file names', async (t) => {
  const bytes = await keras2File(0.25);
  await mkdir(join(home, '.keras/models'), { recursive: true });
  await writeFile(join(home, '.keras/models/mobilenet_2_5_160_tf_no_top.h5'), bytes);
  const backbone = await loadBackbone({ weights: 'imagenet', alpha: 0.25, size: 160 });
  t.like(backbone, {
    size: [160, 160],
    features: 256,
    scaling: { channels: 'RGB', mean: [127.5, 127.5, 127.5], scale: 1 / 127.5 },
    info: { alpha: 0.25, weights: 'imagenet', sha256: createHash('sha256').update(bytes).digest('hex') },
  });
  const expected = await MobileNet({ alpha: 0.25, weights: null, includeTop: false });
  seedWeights(expected);
  t.deepEqual(backbone.model.getWeights(), expected.getWeights());
});

test.serial(
  "loads MobileNetV2's ImageNet weights, and says for which widths and sizes there are none",
  async (t) => {
    const model = await MobileNetV2({
      alpha: 0.35,
      weights: null,
      includeTop: false,
      inputShape: [96, 96, 3],
    });
    const models = join(home, '.keras/models');
    await mkdir(models, { recursive: true });
    await model.saveWeights(
      join(models, 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5'),
    );
    const backbone = await loadBackbone({ weights: 'imagenet-v2', alpha: 0.35, size: 96 });
    t.like(backbone, {
      size: [96, 96],
      features: 1280,
      scaling: tfScaling,
      info: { name: 'mobilenet_v2', alpha: 0.35, weights: 'imagenet-v2', licence: 'Apache-2.0' },
    });
    t.deepEqual(backbone.model.getWeights(), model.getWeights());
    for (const [weights, options, message] of [
      [
        'imagenet-v2',
        { alpha: 0.25 },
        'Expected `alpha` of 0.35, 0.5, 0.75, 1, 1.3, 1.4 with imagenet-v2. Received: 0.25.',
      ],
      ['imagenet', { size: 96 }, 'Expected `size` of 128, 160, 192, 224 with imagenet. Received: 96.'],
    ] as const)
      await t.throwsAsync(loadBackbone({ weights, ...options }), { name: 'ValueError', message });

    const path = join(home, 'whole.keras');
    await model.save(path);
    await t.throwsAsync(loadBackbone({ weights: path }), {
      message: `Expected weights in one of Keras's .h5 files. Received: ${path}, a .keras file. Hint: make an .onnx file of it with 'ort-transfer convert', and take that.`,
    });
  },
);

test.serial('reads width and size of pictures off a file', async (t) => {
  const path = join(home, 'mine_192_.h5');
  await writeFile(path, await keras2File(0.5));
  t.like(await loadBackbone({ weights: path }), {
    size: [192, 192],
    features: 512,
    info: { name: 'mobilenet', alpha: 0.5, weights: 'mine_192_.h5' },
    licences: [],
  });
  t.deepEqual((await loadBackbone({ weights: path, size: 128 })).size, [128, 128]);
});

test.serial('names the layer that a file does not fit', async (t) => {
  const load = async (edit: (name: string, tensor: Tensor) => Tensor | undefined) =>
    MobileNet({ alpha: 0.25, weights: await keras2File(0.25, edit), includeTop: false });
  await t.throwsAsync(
    load((name, tensor) => (name === 'conv_dw_2/kernel:0' ? { ...tensor, dims: [3, 16, 3, 1] } : tensor)),
    {
      name: 'ValueError',
      message:
        'Shape mismatch in layer #6 (named conv_dw_2) for weight conv_dw_2/kernel. Weight expects shape (3, 3, 16, 1). Received saved weight with shape (3, 16, 3, 1)',
    },
  );
  await t.throwsAsync(
    load((name, tensor) => (name === 'conv1_bn/beta:0' ? undefined : tensor)),
    {
      message:
        'Weight count mismatch for layer #1 (named conv1_bn in the current model, conv1_bn in the save file). Layer expects 4 weight(s). Received 3 saved weight(s)',
    },
  );
  await t.throwsAsync(
    load((name, tensor) => (name.startsWith('conv_pw_13/') ? undefined : tensor)),
    {
      message:
        'Layer count mismatch when loading weights from file. Model expected 54 layers, found 53 saved layers.',
    },
  );
  await t.throwsAsync(MobileNet({ weights: new Uint8Array(99), includeTop: false }), {
    message: 'Expected an HDF5 file. Received: 99 bytes of something else.',
  });
  for (const [group, message] of [
    [
      'layers',
      "Layer 'conv1' expected 1 variables, but received 0 variables during loading. Expected: ['kernel'] at 'layers/conv2d/vars'.",
    ],
    [
      'images',
      "Expected the weights of a Keras model, with 'layer_names'. Received: an HDF5 file of images.",
    ],
  ] as const)
    await t.throwsAsync(
      writeHdf5((root) => void root.group(group)).then((weights) =>
        MobileNet({ weights, includeTop: false }),
      ),
      { message },
    );
});

/** MobileNet's weights as Keras 2 wrote them, each passed through `edit`. */
async function keras2File(
  alpha: number,
  edit: (name: string, tensor: Tensor) => Tensor | undefined = (_, tensor) => tensor,
): Promise<Uint8Array> {
  const model = await MobileNet({ alpha, weights: null, includeTop: false });
  seedWeights(model);
  return writeHdf5((root: Hdf5Writer) => {
    root.strings(
      'layer_names',
      model.layers.map(({ name }) => name),
    );
    for (const layer of model.layers) {
      const group = root.group(layer.name);
      const tensors = layer.weights.flatMap(({ name, shape, value }) => {
        const tensor = edit(`${layer.name}/${name}:0`, { type: 'float32', dims: shape, data: value });
        return tensor ? [[`${layer.name}/${name}:0`, tensor] as const] : [];
      });
      group.strings(
        'weight_names',
        tensors.map(([name]) => name),
      );
      for (const [name, tensor] of tensors) group.tensor(name, tensor);
    }
  });
}

test.serial("recognises MobileNetV2's files, and their width", async (t) => {
  for (const [alpha, features] of [
    [0.35, 1280],
    [0.5, 1280],
  ] as const) {
    const model = await MobileNetV2({ alpha, weights: null, includeTop: false, inputShape: [96, 96, 3] });
    const path = join(home, 'mine_96_no_top.h5');
    await model.saveWeights(path);
    const backbone = await loadBackbone({ weights: path });
    t.like(backbone, {
      size: [96, 96],
      features,
      scaling: tfScaling,
      info: { name: 'mobilenet_v2', alpha, weights: 'mine_96_no_top.h5' },
    });
    t.deepEqual(backbone.model.getWeights(), model.getWeights());
  }
});
