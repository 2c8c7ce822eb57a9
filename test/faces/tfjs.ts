/** The same BlazeFace run by TensorFlow.js, with TensorFlow.js's own resizing and suppression. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { Image } from '../../src/images/image.js';

const models = new URL('../models/', import.meta.resolve('@vladmandic/human'));
const read = (file: string) => readFile(fileURLToPath(new URL(file, models)));

/** A box with its six keypoints, in pixels of the picture: left, top, right, bottom, then x and y of each point. */
export interface ReferenceFace {
  readonly score: number;
  readonly box: readonly number[];
  readonly points: readonly number[];
}

/** Pads pictures at the end to a square, so that nothing of our own letterbox is used. */
export async function loadReference() {
  setWasmPaths(fileURLToPath(new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm'))));
  await tf.setBackend('wasm');
  const { modelTopology, weightsManifest } = JSON.parse(String(await read('blazeface.json')));
  const weightData = Uint8Array.from(await read('blazeface.bin')).buffer;
  const model = await loadGraphModel({
    load: async () => ({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }),
  });

  /** @returns logits (896) and boxes (896, 16), in pixels of the 256 × 256 field, for a square picture */
  function answer({ width, height, data }: Image) {
    const outputs = tf.tidy(() => {
      const pixels = tf.tensor4d(Float32Array.from(data), [1, height, width, 3]);
      const resized = tf.image.resizeBilinear(pixels, [256, 256], false, true);
      return model.execute(tf.sub(tf.div(resized, 127.5), 1), [
        'Identity',
        'Identity_1',
        'Identity_2',
        'Identity_3',
      ]) as tf.Tensor[];
    });
    const [fineScores, coarseScores, fineBoxes, coarseBoxes] = outputs.map((output) => [
      ...output.dataSync(),
    ]);
    tf.dispose(outputs);
    return { logits: [...fineScores!, ...coarseScores!], boxes: [...fineBoxes!, ...coarseBoxes!] };
  }

  function detect(image: Image, minScore: number, maxOverlap: number): ReferenceFace[] {
    const { logits, boxes } = answer(image);
    const scores = logits.map((logit) => 1 / (1 + Math.exp(-logit)));
    const decoded = scores.map((_, i) => {
      // 512 anchors in cells of 16 pixels, two each, then 384 in cells of 32, six each.
      const [cell, size] = i < 512 ? [i >> 1, 16] : [Math.floor((i - 512) / 6), 32];
      const columns = 256 / size;
      const anchor = [((cell % columns) + 0.5) * size, (Math.floor(cell / columns) + 0.5) * size];
      const [x, y, w, h, ...points] = boxes.slice(i * 16, i * 16 + 16) as [number, number, number, number];
      const [cx, cy] = [anchor[0]! + x, anchor[1]! + y];
      return {
        box: [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2],
        points: points.map((value: number, k) => value + anchor[k % 2]!),
      };
    });
    const kept = tf.tidy(() => [
      ...tf.image
        .nonMaxSuppression(
          tf.tensor2d(decoded.map(({ box: [l, t, r, b] }) => [t!, l!, b!, r!])),
          tf.tensor1d(scores),
          896,
          maxOverlap,
          minScore,
        )
        .dataSync(),
    ]);
    const scale = (values: number[]) => values.map((value) => (value * image.width) / 256);
    return kept.map((i) => ({
      score: scores[i]!,
      box: scale(decoded[i]!.box),
      points: scale(decoded[i]!.points),
    }));
  }

  return { answer, detect };
}

/** The boxes that TensorFlow.js keeps, of boxes (left, top, right, bottom) with these scores. */
export async function referenceSuppression(boxes: number[][], scores: number[], maxOverlap: number) {
  await tf.ready();
  return tf.tidy(() => [
    ...tf.image
      .nonMaxSuppression(
        tf.tensor2d(boxes.map(([l, t, r, b]) => [t!, l!, b!, r!])),
        tf.tensor1d(scores),
        boxes.length,
        maxOverlap,
      )
      .dataSync(),
  ]);
}
