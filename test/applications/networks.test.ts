import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import * as exported from '../../src/applications.js';
import { backboneModel, loadBackbone } from '../../src/classifier/backbone.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { scalings } from '../../src/graph/preprocessing.js';
import {
  type Application,
  applicationNamed,
  applicationOfSize,
  applications,
} from '../../src/keras/applications/registry.js';
import type { Model } from '../../src/keras/models/model.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { run } from '../cli/command.js';
import { drawPatterns, patternNames } from '../cli/pictures.js';
import { seedWeights } from './seeded.js';

const { KERAS_HOME, HOME } = process.env;
let home: string;

test.beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'networks-'));
  process.env.KERAS_HOME = home;
  process.env.HOME = home;
  await mkdir(join(home, 'models'));
});
test.afterEach.always(async () => {
  Object.assign(process.env, { KERAS_HOME, HOME });
  if (KERAS_HOME === undefined) delete process.env.KERAS_HOME;
  await rm(home, { recursive: true });
});

/** Every export of `ort-transfer/applications`. */
const functions: ReadonlyMap<string, unknown> = new Map(Object.entries(exported));

/** Draws zeros, which takes no time. */
class Still extends RandomState {
  override uniform(_low?: number, _high?: number, size?: number): never {
    return (size === undefined ? 0 : new Float64Array(size)) as never;
  }
  override normal(_mean?: number, _deviation?: number, size?: number): never {
    return (size === undefined ? 0 : new Float64Array(size)) as never;
  }
}

const bare = async (application: Application, random?: RandomState): Promise<Model> => {
  const make = await application.load();
  return make({ weights: null, includeTop: false, random });
};

for (const application of applications)
  test.serial(`${application.name} is what the registry says`, async (t) => {
    const { className, features, params, scaling, size, minSize } = application;
    const make = await application.load();
    t.is(make.name, className);
    t.true(functions.get(className) === make);
    const model = await bare(application, new Still());
    t.is(model.countParams(), params);
    t.is(model.outputTensor.shape.at(-1), features);
    t.is(applicationOfSize(params), application);
    t.is(applicationNamed(application.name), application);
    t.true(size >= minSize);
    // The largest pictures that are refused.
    const small = [minSize - 1, minSize - 1, 3];
    await t.throwsAsync(make({ weights: null, includeTop: false, inputShape: small }), {
      message: new RegExp(`^Input size must be at least ${minSize}x${minSize}; Received`),
    });
    t.true(Object.hasOwn(scalings, scaling));
  });

/** Keras's names of files in its cache, of networks small enough to be made here. */
const files = {
  'mobilenet-v3-small': 'weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5',
  efficientnetb0: 'efficientnetb0_notop.h5',
  densenet121: 'densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5',
  'nasnet-mobile': 'nasnet_mobile_no_top.h5',
};

for (const [name, file] of Object.entries(files))
  test.serial(
    `${name} is loaded from Keras's cache, and from a file of either layout that tells the network`,
    async (t) => {
      const application = applicationNamed(name)!;
      const model = await bare(application, new Still());
      seedWeights(model);
      const cached = join(home, 'models', file);
      const own = join(home, 'mine.weights.h5');
      await model.saveWeights(cached);
      await model.saveWeights(own);
      const published = await loadBackbone({ weights: name, size: 64 });
      t.like(published, {
        size: [64, 64],
        features: application.features,
        scaling: scalings[application.scaling],
        info: {
          ...{ name, weights: 'imagenet', licence: application.licence },
          sha256: createHash('sha256')
            .update(await readFile(cached))
            .digest('hex'),
        },
      });
      t.is(published.licences.length, 1);
      t.deepEqual(published.model.getWeights(), model.getWeights());
      for (const path of [cached, own]) {
        const found = await loadBackbone({ weights: path });
        t.like(found, { size: [application.size, application.size], info: { name }, licences: [] });
        t.deepEqual(found.model.getWeights(), model.getWeights());
      }

      const session = await (await ortNode({ provider: 'cpu', threads: 1 })).load(
        encodeModel(backboneModel(published, { outputs: ['embedding', 'map'] })),
      );
      const pixels = {
        type: 'uint8' as const,
        dims: [1, 64, 64, 3],
        data: new Uint8Array(64 * 64 * 3).fill(99),
      };
      const { embedding, map } = await session.run({ pixels });
      await session.release();
      t.deepEqual(
        [embedding?.dims, map?.dims],
        [
          [1, application.features],
          [1, 2, 2, application.features],
        ],
      );
      const values = [...((embedding?.data ?? []) as Float32Array)];
      t.true(values.every(Number.isFinite));
      t.true(new Set(values).size > application.features / 4);
    },
  );

test.serial(
  'ResNets halve pictures with the first block of a stage, those of the second version with the last',
  async (t) => {
    for (const [name, sides] of [
      ['resnet50', { conv2_block1_out: 56, conv2_block3_out: 56, conv3_block1_out: 28, conv5_block3_out: 7 }],
      [
        'resnet50v2',
        { conv2_block1_out: 56, conv2_block3_out: 28, conv3_block1_out: 28, conv5_block3_out: 7 },
      ],
    ] as const) {
      const application = applicationNamed(name);
      const make = await application?.load();
      const model = await make?.({
        weights: null,
        includeTop: false,
        inputShape: [224, 224, 3],
        random: new Still(),
      });
      for (const [layer, side] of Object.entries(sides)) {
        const { shape } = model?.getLayer(layer).output ?? {};
        t.deepEqual(shape?.slice(1, 3), [side, side], `${name} ${layer}`);
      }
    }
  },
);

test.serial('what a network does not take is refused', async (t) => {
  for (const [options, message] of [
    [
      { weights: 'resnet50', alpha: 0.5 },
      "Expected `alpha` with MobileNet's weights alone. Received: it with those of ResNet50.",
    ],
    [
      { weights: 'xception', size: 64 },
      'Expected `size` to be a whole number from 71 with xception. Received: 64.',
    ],
    [
      { weights: 'resnet51' },
      "Expected weights 'vggface2', 'imagenet', 'imagenet-v2', or another name of those that 'ort-transfer train --weights list' prints, or the path of one of Keras's .h5 files. Received: resnet51, which is none of these.",
    ],
  ] as const)
    await t.throwsAsync(loadBackbone(options), { name: 'ValueError', message });
});

test.serial(
  'train takes a network by its name, and the classifier answers as it did in training',
  async (t) => {
    const model = await bare(applicationNamed('mobilenet-v3-small')!, new Still());
    seedWeights(model);
    await model.saveWeights(join(home, 'models', files['mobilenet-v3-small']));
    const photos = join(home, 'photos');
    await drawPatterns(photos, 5, 1);
    const { code, stderr } = await run('ort-transfer', [
      ...[
        'train',
        '--train',
        photos,
        '--validation',
        photos,
        '--weights',
        'mobilenet-v3-small',
        '--size',
        '64',
      ],
      ...['--views', '1', '--epochs', '2', '--hidden', '8', '--cache', join(home, 'cache'), '--out', home],
    ]);
    t.is(code, 0, stderr);
    const evaluated = await run('ort-transfer', [
      ...['evaluate', photos, '--model', join(home, 'model.onnx'), '--json'],
    ]);
    const { evaluation, labels } = JSON.parse(await readFile(join(home, 'history.json'), 'utf8'));
    const { loss, confusion } = JSON.parse(evaluated.stdout);
    t.deepEqual(labels, patternNames);
    t.deepEqual(confusion, evaluation.confusion);
    t.true(Math.abs(loss - evaluation.loss) < 1e-4, `${loss} ${evaluation.loss}`);
  },
);
