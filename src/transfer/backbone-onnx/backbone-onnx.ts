/** Somebody else's ONNX model as a feature extractor. */

import { basename } from 'node:path';
import { readOnnx } from '#platform';
import { type BackboneWriter, backboneModel, type FeatureExtractor } from '../../classifier/backbone.js';
import { classifierInput } from '../../classifier/classifier-input.js';
import type { Engine } from '../../engine/engine.js';
import { ValueError } from '../../errors.js';
import { GraphBuilder } from '../../graph/builder.js';
import type { Model, Value } from '../../graph/graph.js';
import { inline } from '../../graph/inline.js';
import { toChannelsFirst, toChannelsLast } from '../../graph/layout.js';
import { encodeModel } from '../../graph/onnx.js';
import { normalisePixels } from '../../graph/preprocessing.js';
import { modernOpset } from '../../graph/versions.js';
import type { Reporter } from '../reporter.js';
import { type OnnxInput, type OnnxInputOptions, readInput } from './onnx-input.js';

export interface OnnxBackboneOptions extends OnnxInputOptions {
  /** Runs the model once, to learn the shape of its output. */
  readonly engine: Engine;
  /** The value to take as features. Default: the only output, or the one that is called features or embedding. */
  readonly outputName?: string;
}

/**
 * Opens an ONNX model that turns pictures into features (N, D) or maps of them, which are averaged. A classifier gives
 * the input of its last layer.
 *
 * @throws OnnxFormatError or OpsetError for files that cannot be used, ValueError where more must be said
 */
export async function openOnnxBackbone(
  path: string,
  options: OnnxBackboneOptions,
  reporter: Pick<Reporter, 'info'>,
): Promise<FeatureExtractor> {
  const { model, sha256 } = await readOnnx(path);
  const input = readInput(model, path, options);
  const output = chooseOutput(model, path, options.outputName);
  const source = { model, input, output };

  const run = (pictures: readonly number[]) => probe(source, path, { pictures, engine: options.engine });
  const one = await run([0]);
  const [, a = 0, b = 0, c = 0] = one.dims;
  const isMap = one.dims.length === 4;
  if (one.dims[0] !== 1 || !(isMap || one.dims.length === 2))
    throw new ValueError(
      `Expected features (N, D), or a map of them. Received: '${output}' (${one.dims.join(', ')}) in ${path}. Hint: choose another value with \`outputName\`.`,
    );
  const isLast = isMap && (a === b && b !== c ? true : b === c && a !== b ? false : input.layout === 'nhwc');
  const features = isLast ? c : a;
  const map = isMap ? { isLast, isPooled: (isLast ? a * b : b * c) === 1 } : undefined;
  const batched = await takesBatches(run, one);
  const written = { ...source, map };
  const write: BackboneWriter = (g, images) => (batched ? writeBatch : writeOneByOne)(g, images, written);
  const opset = Math.max(modernOpset, model.opset);
  if (!batched) {
    const alone = backboneModel({ ...input, features, write, opset });
    const session = await options.engine.load(encodeModel(alone)).catch((cause) => cannotRun(path, cause));
    await session.release();
  }
  reporter.info(
    `${path}: '${output}' (N, ${one.dims.slice(1).join(', ')}) as ${features} features, of pictures of ${input.size.join(' × ')} pixels`,
  );
  return {
    size: input.size,
    features,
    scaling: input.scaling,
    info: {
      name: 'onnx',
      weights: basename(path),
      output,
      sha256,
    },
    licences: [],
    opset,
    write,
  };
}

interface Source {
  readonly model: Model;
  readonly input: OnnxInput;
  readonly output: Value;
}

/** Which value is taken as features. */
function chooseOutput({ graph }: Model, path: string, wanted: string | undefined): Value {
  const outputs = graph.outputs.map(({ name }) => name);
  if (wanted !== undefined) {
    if (outputs.includes(wanted) || graph.nodes.some((node) => node.outputs.includes(wanted))) return wanted;
    throw new ValueError(
      `Expected \`outputName\` as ${path} has it: ${outputs.map((name) => `'${name}'`).join(', ')}, or any value inside, which Netron shows. Received: '${wanted}'.`,
    );
  }
  const named = outputs.filter((name) => /feature|embed|pool/i.test(name));
  const [only] = outputs.length === 1 ? outputs : named.length === 1 ? named : [];
  if (only !== undefined) return classifierInput(graph, only) ?? only;
  throw new ValueError(
    `Expected one output. Received: ${graph.outputs.map(({ name, dims }) => `'${name}' (${dims.join(', ')})`).join(', ') || 'none'} in ${path}. Hint: choose one with \`outputName\`.`,
  );
}

/** The graph as it is, on images as it wants them. */
function writeSource(
  g: GraphBuilder,
  images: Value,
  { model, input, output }: Source,
  weights?: GraphBuilder,
): Value {
  const laidOut = input.layout === 'nhwc' ? toChannelsLast(g, images) : images;
  const typed = input.type === 'float32' ? laidOut : g.cast(laidOut, input.type);
  const value = inline(g, model, { inputs: { [input.name]: typed }, output, weights });
  // Of a value inside, the type is not known.
  const isFloat32 = model.graph.outputs.some(({ name, type }) => name === output && type === 'float32');
  return isFloat32 ? value : g.cast(value, 'float32');
}

interface Written extends Source {
  /** How the map lies, if it is one. */
  readonly map?: { readonly isLast: boolean; readonly isPooled: boolean };
}

/** @returns the embedding (N, D), and the map (N, D, h, w) if it was one */
function writeBatch(g: GraphBuilder, images: Value, { map, ...source }: Written, weights?: GraphBuilder) {
  const value = writeSource(g, images, source, weights);
  if (!map) return { embedding: value };
  const channelsFirst = map.isLast ? toChannelsFirst(g, value) : value;
  const pooled = map.isPooled ? channelsFirst : g.op('GlobalAveragePool', [channelsFirst]);
  return { map: channelsFirst, embedding: g.op('Flatten', [pooled], { axis: 1 }) };
}

/** A graph that takes one picture, once for each. */
function writeOneByOne(g: GraphBuilder, images: Value, source: Written) {
  const count = g.op('Squeeze', [g.op('Slice', [g.op('Shape', [images]), g.ints(0), g.ints(1)])]);
  const body = g.subgraph('picture');
  const index = body.input('index', 'int64', []);
  const condition = body.input('go_on', 'bool', []);
  const one = body.op('Gather', [images, body.op('Unsqueeze', [index, body.ints(0)])]);
  const { embedding } = writeBatch(body, one, source, g);
  body.output('go_on.out', condition, 'bool', []);
  body.output('picture_embedding', embedding, 'float32', [1, 'D']);
  const each = g.op('Loop', [count, ''], { body: { graph: body.build() } });
  return { embedding: g.op('Squeeze', [each, g.ints(1)]) };
}

interface Probed {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Runs the graph on pictures of noise, by their numbers. */
async function probe(
  source: Source,
  path: string,
  { pictures, engine }: { pictures: readonly number[]; engine: Engine },
): Promise<Probed> {
  const { size, scaling } = source.input;
  const g = new GraphBuilder('probe');
  const pixels = g.input('pixels', 'uint8', ['N', ...size, 3]);
  const images = normalisePixels(g, pixels, scaling);
  const value = g.scope('backbone', () => writeSource(g, images, source));
  // Nothing is known of its shape yet.
  g.output('shape', g.op('Shape', [value]), 'int64', ['rank']);
  g.output('values', g.op('Reshape', [value, g.ints(-1)]), 'float32', ['n']);
  const opset = Math.max(modernOpset, source.model.opset);
  const length = size[0] * size[1] * 3;
  const data = new Uint8Array(pictures.length * length);
  for (const [at, picture] of pictures.entries())
    for (let i = 0; i < length; i++) data[at * length + i] = i * (37 + picture) + (i >> 7) * 11;
  try {
    const session = await engine.load(encodeModel({ graph: g.build(), opset }));
    try {
      const { shape, values } = await session.run({
        pixels: { type: 'uint8', dims: [pictures.length, ...size, 3], data },
      });
      return { dims: Array.from(shape?.data as BigInt64Array, Number), data: values?.data as Float32Array };
    } finally {
      await session.release();
    }
  } catch (cause) {
    return cannotRun(path, cause as Error);
  }
}

/** @throws ValueError with the engine's reason */
function cannotRun(path: string, cause: Error): never {
  throw Object.assign(
    new ValueError(
      `Expected a model that runs on pictures. Received: ${path}: ${cause.message.split('\n')[0]}`,
    ),
    { cause },
  );
}

/** Whether two pictures at once give the same as each alone. Graphs for one picture often do, some have its shape inside. */
async function takesBatches(
  run: (pictures: readonly number[]) => Promise<Probed>,
  one: Probed,
): Promise<boolean> {
  const other = await run([1]);
  const alone = [...one.data, ...other.data];
  const largest = alone.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  try {
    const both = await run([0, 1]);
    return (
      both.dims.join() === [2, ...one.dims.slice(1)].join() &&
      both.data.every((value, i) => Math.abs(value - (alone[i] ?? Number.NaN)) <= 1e-4 * largest)
    );
  } catch {
    return false;
  }
}
