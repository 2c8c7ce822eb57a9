import test from 'ava';
import { caffeScaling, tfScaling, torchScaling } from '../../src/graph/preprocessing.js';
import { float32 } from '../../src/graph/tensor.js';
import {
  describeScaling,
  type ImageArray,
  ImageDataGenerator,
  scalingWarning,
} from '../../src/keras/preprocessing/index.js';
import { preprocessInputOf } from '../../src/keras/preprocessing/preprocess-input.js';

const toTf = (x: ImageArray) =>
  float32(
    x.data.map((level) => level / 127.5 - 1),
    x.dims,
  );
const toCaffe = (x: ImageArray) =>
  float32(
    x.data.map((_, i) => x.data[i - (i % 3) + 2 - (i % 3)]! - caffeScaling.mean[i % 3]!),
    x.dims,
  );
const near = (value: number) => Number(value.toPrecision(7));

test('a generator’s scaling is found from what it does', (t) => {
  const scalingOf = (options: ConstructorParameters<typeof ImageDataGenerator>[0]) => {
    const scaling = describeScaling(new ImageDataGenerator({ ...options, warn: () => {} }));
    if (!scaling) return null;
    const { scale } = scaling;
    return { ...scaling, scale: typeof scale === 'number' ? near(scale) : scale.map(near) };
  };
  t.deepEqual(scalingOf({}), { channels: 'RGB', mean: [0, 0, 0], scale: 1 });
  t.deepEqual(scalingOf({ rescale: 1 / 255 }), { channels: 'RGB', mean: [0, 0, 0], scale: near(1 / 255) });
  t.deepEqual(scalingOf({ preprocessingFunction: toTf }), { ...tfScaling, scale: near(1 / 127.5) });
  t.deepEqual(scalingOf({ preprocessingFunction: toCaffe }), caffeScaling);
  const { mean, scale } = torchScaling;
  t.deepEqual(scalingOf({ preprocessingFunction: preprocessInputOf(torchScaling) }), {
    ...torchScaling,
    mean: mean.map((level) => Number(level.toFixed(3))),
    scale: scale.map(near),
  });
  t.is(scalingOf({ samplewiseCenter: true }), null);
  t.is(scalingOf({ preprocessingFunction: (x) => float32(x.data.map(Math.sqrt), x.dims) }), null);
  t.is(
    scalingOf({
      preprocessingFunction: () => {
        throw new Error('too small');
      },
    }),
    null,
  );
});

test('a scaling that the weights were not trained with is warned of', (t) => {
  const warningFor = (options: ConstructorParameters<typeof ImageDataGenerator>[0], expected = tfScaling) =>
    scalingWarning(new ImageDataGenerator(options), expected as typeof tfScaling);
  t.is(
    warningFor({ rescale: 1 / 255 }),
    'Expected pictures scaled as the pretrained weights were trained with: RGB in [-1.0, 1.0]. Received: RGB in [0.0, 1.0] from the ImageDataGenerator. Hint: pass `preprocessingFunction: preprocessInput` in place of `rescale`, or train on knowingly.',
  );
  t.is(
    warningFor({}, caffeScaling as never),
    'Expected pictures scaled as the pretrained weights were trained with: BGR minus (103.939, 116.779, 123.68). Received: RGB in [0.0, 255.0] from the ImageDataGenerator. Hint: pass `preprocessingFunction: preprocessInput` in place of `rescale`, or train on knowingly.',
  );
  t.is(warningFor({ preprocessingFunction: toTf }), null);
  t.is(warningFor({ preprocessingFunction: toCaffe }, caffeScaling as never), null);
  const toTorch = preprocessInputOf(torchScaling);
  t.is(warningFor({ preprocessingFunction: toTorch }, torchScaling as never), null);
  t.is(
    warningFor({ preprocessingFunction: toTf }, torchScaling as never),
    'Expected pictures scaled as the pretrained weights were trained with: RGB minus (123.675, 116.28, 103.53) times (0.017, 0.018, 0.017). Received: RGB in [-1.0, 1.0] from the ImageDataGenerator. Hint: pass `preprocessingFunction: preprocessInput` in place of `rescale`, or train on knowingly.',
  );
});
