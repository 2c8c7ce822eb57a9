/** The article's model and pictures, at a size that suits tests. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { MobileNet } from '../../src/keras/applications/mobilenet.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { GlobalAveragePooling2D } from '../../src/keras/layers/global-pooling2d.js';
import { Input } from '../../src/keras/layers/input.js';
import { Model } from '../../src/keras/models/model.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { RandomState } from '../../src/keras/random/random-state.js';

export interface ArticleOptions {
  alpha: number;
  size: number;
  /** Units of the layers, classes last. */
  units: readonly number[];
  weights?: string | null;
}

/** MobileNet, frozen in a loop, with a head of dense layers. */
export async function articleModel({ alpha, size, units, weights = null }: ArticleOptions): Promise<Model> {
  const base = await MobileNet({ alpha, includeTop: false, weights, inputShape: [size, size, 3] });
  for (const layer of base.layers) layer.trainable = false;
  let x = new GlobalAveragePooling2D().apply(base.output);
  for (const count of units.slice(0, -1)) x = new Dense({ units: count, activation: 'relu' }).apply(x);
  const outputs = new Dense({ units: units.at(-1)!, activation: 'softmax' }).apply(x);
  return new Model({ inputs: base.input, outputs });
}

/** A small model on six numbers, with moving averages and a penalty. */
export function headModel({ units }: { units: readonly number[] }): Sequential {
  const model = new Sequential([Input({ shape: [6] })]);
  for (const [k, count] of units.slice(0, -1).entries()) {
    model.add(new Dense({ units: count, activation: 'relu' }));
    if (k === 0) model.add(new BatchNormalization());
  }
  model.add(new Dense({ units: units.at(-1)!, activation: 'softmax', kernelRegularizer: 'l2' }));
  return model;
}

/** Values one after the other. */
export function flat(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

export interface ClassesOptions {
  classes: number;
  /** Pictures of each. */
  pictures: number;
  seed: number;
  size?: number;
}

/** Fills a folder with one sub-folder a class: discs on noise, the class telling their colour. */
export async function drawClasses(
  folder: string,
  { classes, pictures, seed, size = 96 }: ClassesOptions,
): Promise<void> {
  const random = new RandomState(seed);
  for (let k = 0; k < classes; k++) {
    mkdirSync(join(folder, `class ${k}`), { recursive: true });
    for (let i = 0; i < pictures; i++) {
      const data = new Uint8Array(size * size * 3);
      const [cx, cy] = [random.uniform(0.3, 0.7) * size, random.uniform(0.3, 0.7) * size];
      const radius = random.uniform(0.2, 0.4) * size;
      const noise = random.uniform(0, 1, data.length);
      for (let at = 0; at < data.length; at++) {
        const [pixel, channel] = [Math.floor(at / 3), at % 3];
        const [x, y] = [pixel % size, Math.floor(pixel / size)];
        const isInside = (x - cx) ** 2 + (y - cy) ** 2 < radius ** 2;
        const level = isInside ? (channel === k % 3 ? 200 : 40 + 30 * Math.floor(k / 3)) : 110;
        data[at] = Math.min(255, level + 50 * noise[at]!);
      }
      await sharp(data, { raw: { width: size, height: size, channels: 3 } })
        .png()
        .toFile(join(folder, `class ${k}`, `${i}.png`));
    }
  }
}
