import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { readFaceDetectorModel } from '../../src/classifier/face-detector.js';
import { readMetadata } from '../../src/classifier/metadata.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { createFaceDetector, cropImage } from '../../src/images/faces.js';
import type { Image } from '../../src/images/image.js';
import { resize } from '../../src/images/resample/resample.js';
import { decodeImage } from '../../src/platform/node/decode.js';
import { listImages } from '../../src/platform/node/folder.js';
import type { Row } from './median.js';

/**
 * The accuracy that the graph's own `Resize` costs: the trained model on test pictures as they are, and on the same
 * pictures resized to its size with Pillow's bytes before, which its `Resize` then leaves alone.
 */
export async function benchResizing({ sample, model }: { sample: string; model: string }): Promise<Row[]> {
  if (!existsSync(model))
    return [['graph Resize against Pillow-exact resize', `not measured: ${model} is missing, make train`]];
  const bytes = await readFile(model);
  const { labels, preprocessing } = readMetadata(bytes);
  const { size, crop, noFace, exif } = preprocessing;
  const engine = await ortNode({ provider: 'cpu' });
  const session = await engine.load(bytes);
  const detector =
    crop === 'face' ? await createFaceDetector(engine, await readFaceDetectorModel()) : undefined;
  const classify = async ({ width, height, data }: Image) => {
    const { probabilities } = await session.run({
      pixels: { type: 'uint8', dims: [1, height, width, 3], data },
    });
    return [...(probabilities!.data as Float32Array)];
  };
  const { classes, images } = await listImages(`${sample}/test`);
  let [count, byGraph, byPillow, same, furthest] = [0, 0, 0, 0, 0];
  for (const { path, label } of images) {
    const decoded = await decodeImage(await readFile(path), { exif });
    const { image } = await cropImage(decoded, { crop, noFace, detector });
    if (!image) continue;
    const graph = await classify(image);
    const exact = await classify(resize(image, { size, interpolation: 'bilinear' }));
    const truth = labels.indexOf(classes[label]!);
    count++;
    if (best(graph) === truth) byGraph++;
    if (best(exact) === truth) byPillow++;
    if (best(graph) === best(exact)) same++;
    furthest = Math.max(furthest, ...graph.map((probability, i) => Math.abs(probability - exact[i]!)));
  }
  await session.release();
  await detector?.release();
  const percent = (number: number) => `${((100 * number) / count).toFixed(1)}%`;
  return [
    ["sample: trained model, the graph's Resize", percent(byGraph)],
    [
      '  Pillow-exact resize',
      `${percent(byPillow)}, the same class for ${same} of ${count}, probabilities within ${furthest.toFixed(3)}`,
    ],
  ];
}

const best = (probabilities: readonly number[]): number => probabilities.indexOf(Math.max(...probabilities));
