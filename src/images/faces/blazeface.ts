import { GraphBuilder } from '../../graph/builder.js';
import { importTfGraph, type TfGraphModel } from '../../graph/import-tf-graph.js';
import { encodeModel } from '../../graph/onnx.js';
import { resizeTo, toLevels } from '../../graph/preprocessing.js';
import { fieldSize } from './window.js';

/**
 * BlazeFace for faces at any distance (the "back camera" model of MediaPipe, 256 × 256) as an ONNX model that reads
 * pictures of any size.
 *
 * Inputs: `pixels` uint8 (N, H, W, 3), RGB, and `placement` int64 (4), where in the 256 × 256 field the picture is
 * to be put: top, left, height and width. It is resized with antialiasing; the rest of the field is black.
 *
 * Outputs, for each of the 896 anchors: `boxes` float32 (N, 896, 16), in pixels of the field and counted from the
 * anchor: centre x and y, width, height, then x and y of the keypoints; `scores` float32 (N, 896), 0 to 1.
 *
 * Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs",
 * https://arxiv.org/abs/1907.05047.
 *
 * @param model `blazeface.json` of the npm package `@vladmandic/human`, with its weights
 * @returns an ONNX file
 */
export function faceDetectorModel(model: TfGraphModel): Uint8Array {
  const g = new GraphBuilder('blazeface');
  const pixels = g.input('pixels', 'uint8', ['N', 'H', 'W', 3]);
  const placement = g.input('placement', 'int64', [4]);

  const [start, size] = g.ops('Split', [placement, g.ints(2, 2)], 2) as [string, string];
  const resized = resizeTo(g, pixels, size);
  const levels = toLevels(g, resized);
  const scaled = g.op('Sub', [g.op('Div', [levels, g.scalar(127.5)]), g.scalar(1)]);
  const end = g.op('Sub', [g.op('Sub', [g.ints(fieldSize, fieldSize), start]), size]);
  const pads = g.op('Concat', [start, end], { axis: 0 });
  const field = g.op('Pad', [scaled, pads, g.scalar(-1), g.ints(2, 3)]);

  // The finer of the two grids comes first, 16 × 16 × 2 anchors and 8 × 8 × 6.
  const [scores16, scores8, boxes16, boxes8] = importTfGraph(g, model, {
    inputs: { input: field },
    outputs: ['Identity', 'Identity_1', 'Identity_2', 'Identity_3'],
  }) as [string, string, string, string];
  const logits = g.op('Concat', [scores16, scores8], { axis: 1 });
  const scores = g.op('Sigmoid', [g.op('Squeeze', [logits, g.ints(2)])]);
  g.output('boxes', g.op('Concat', [boxes16, boxes8], { axis: 1 }), 'float32', ['N', 896, 16]);
  g.output('scores', scores, 'float32', ['N', 896]);
  return encodeModel({ graph: g.build(), opset: 18 });
}
