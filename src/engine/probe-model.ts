import { GraphBuilder } from '../graph/builder.js';
import { encodeModel } from '../graph/onnx.js';

/** The smallest graph worth running on a GPU, to see whether one runs it: x·x. */
export function probeModel(): Uint8Array {
  const g = new GraphBuilder('probe');
  const x = g.input('x', 'float32', ['N', 'N']);
  g.output('y', g.op('MatMul', [x, x]), 'float32', ['N', 'N']);
  return encodeModel({ graph: g.build(), opset: 13 });
}
