import { GraphBuilder } from '../graph/builder.js';
import { encodeModel } from '../graph/onnx.js';
import { type Preprocessing, resizePixels } from '../graph/preprocessing.js';

/** The graph that resizes: `pixels` uint8 (1, H, W, 3) → `resized` uint8 (1, height, width, 3). */
export function resizeModel(size: Preprocessing['size']): Uint8Array {
  const g = new GraphBuilder('resize');
  const pixels = g.input('pixels', 'uint8', [1, 'H', 'W', 3]);
  g.output('resized', resizePixels(g, pixels, size), 'uint8', [1, ...size, 3]);
  return encodeModel({ graph: g.build(), opset: 18 });
}
