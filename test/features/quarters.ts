import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { normalisePixels, tfScaling } from '../../src/graph/preprocessing.js';

/** Height and width that the backbone takes. */
export const size = [32, 32] as const;

export const preprocessing = { size, crop: 'none', exif: true, ...tfScaling } as const;

/** A small backbone: the mean of each colour over the quarters of the picture, 12 features. */
export function quarters(): Uint8Array {
  const g = new GraphBuilder('quarters');
  const pixels = g.input('pixels', 'uint8', ['N', ...size, 3]);
  const pooled = g.op('AveragePool', [normalisePixels(g, pixels, tfScaling)], {
    kernel_shape: [16, 16],
    strides: [16, 16],
  });
  g.output('embedding', g.op('Flatten', [pooled], { axis: 1 }), 'float32', ['N', 12]);
  return encodeModel({ graph: g.build(), opset: 13 });
}
