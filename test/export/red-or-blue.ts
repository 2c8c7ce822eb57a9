import sharp from 'sharp';
import { buildClassifier } from '../../src/classifier/build.js';
import type { Model } from '../../src/graph/graph.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { tfScaling } from '../../src/graph/preprocessing.js';
import { Variable } from '../../src/keras/variable.js';

/** Tells red pictures from blue ones, and looks at 8 × 8 places of the middle. */
export const redOrBlue = (): Model =>
  buildClassifier({
    metadata: {
      labels: ['blue', 'red'],
      preprocessing: { size: [64, 64], crop: 'center', exif: true, ...tfScaling },
    },
    backbone: (g, images) => {
      const map = g.op('AveragePool', [images], { kernel_shape: [8, 8], strides: [8, 8] });
      return { embedding: g.op('Flatten', [g.op('GlobalAveragePool', [map])]) };
    },
    head: (g, embedding) => {
      const kernel = new Variable('kernel', [3, 2], Float32Array.of(-5, 5, 0, 0, 5, -5));
      return g.op('Softmax', [g.op('Gemm', [embedding, inferenceContext(g).weight(kernel)])], { axis: 1 });
    },
  });

export const pictureSize = { width: 200, height: 100 };

/** Red in the middle's lower right, and in the far left, which is cut off; grey elsewhere. A PNG file. */
export function redPicture(): Promise<Buffer> {
  const { width, height } = pictureSize;
  const isRed = (x: number, y: number) => x < 40 || (x >= 100 && x < 150 && y >= 50);
  const pixels = Buffer.alloc(width * height * 3, 100);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (isRed(x, y)) pixels.set([255, 0, 0], 3 * (y * width + x));
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
