/** ONNX models to damage, ways of doing so that keep to the format, and models that nobody would make by accident. */
import proto from 'onnx-proto';
import { buildClassifier } from '../../src/classifier/build.js';
import { explain } from '../../src/classifier/explain.js';
import { storeWeights } from '../../src/classifier/precision.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Value } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { tfScaling } from '../../src/graph/preprocessing.js';
import { float32, int64, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { newestOpset } from '../../src/graph/versions.js';
import { damage, type Mutant, oneOf, poison, type Random } from './damage.js';

const { AttributeProto, ModelProto, TensorProto } = proto.onnx;

/** A weight of some values or others. */
const weight = (...dims: number[]): Tensor =>
  float32(
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(i * 1.7) / 2),
    dims,
  );

/** A small network: images (N, 3, 16, 16) → map (N, 8, 8, 8). */
function network(g: GraphBuilder, images: Value): Value {
  const x = g.op('Conv', [images, g.initializer('kernel', weight(8, 3, 3, 3))], {
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  });
  const statistics = ['gamma', 'beta', 'mean'].map((name) => g.initializer(name, weight(8)));
  const variance = g.initializer('variance', float32(new Float32Array(8).fill(0.5)));
  return g.op('Relu', [g.op('BatchNormalization', [x, ...statistics, variance])]);
}

const dense = (g: GraphBuilder, x: Value, rows: number, columns: number): Value =>
  g.op('Gemm', [x, g.initializer('dense', weight(rows, columns)), g.initializer('bias', weight(columns))]);

/** Somebody's network, of one picture at a time, with an `If` in it. */
function foreign(): Uint8Array {
  const g = new GraphBuilder('net');
  const map = network(g, g.input('images', 'float32', ['N', 3, 16, 16]));
  const [then, otherwise] = ['then', 'else'].map((name) => {
    const branch = g.subgraph(name);
    branch.output(`${name}_map`, branch.op('Abs', [map]), 'float32', ['N', 8, 8, 8]);
    return { graph: branch.build() };
  });
  const isSo = g.op('Greater', [g.op('Size', [map]), g.op('Squeeze', [g.ints(0)])]);
  const chosen = g.op('If', [isSo], { then_branch: then!, else_branch: otherwise! });
  const shape = g.initializer('shape', int64([-1, 8]));
  const pooled = g.op('Reshape', [g.op('GlobalAveragePool', [chosen]), shape]);
  g.output('scores', g.op('Softmax', [dense(g, pooled, 8, 5)]), 'float32', ['N', 5]);
  return encodeModel({ graph: g.build(), opset: 17 });
}

/** A network without classes, as `convert` writes it. */
function converted(): Uint8Array {
  const g = new GraphBuilder('features');
  const pictures = g.input('pictures', 'float32', ['N', 16, 16, 3]);
  const map = network(g, g.op('Transpose', [pictures], { perm: [0, 3, 1, 2] }));
  g.output('output', g.op('Transpose', [map], { perm: [0, 2, 3, 1] }), 'float32', ['N', 8, 8, 8]);
  return encodeModel({ graph: g.build(), opset: 13 });
}

const classifier = buildClassifier({
  metadata: {
    labels: ['apple', 'pear', 'fig'],
    preprocessing: { size: [16, 16], crop: 'none', exif: true, ...tfScaling },
  },
  backbone: (g, images) => ({
    embedding: g.op('Flatten', [g.op('GlobalAveragePool', [network(g, images)])]),
  }),
  head: (g, x) => g.op('Softmax', [dense(g, g.op('Relu', [dense(g, x, 8, 160)]), 160, 3)], { axis: 1 }),
});

/** Models that are sound, one of each kind. */
export const onnxModels = (): Mutant[] =>
  Object.entries({
    foreign: foreign(),
    converted: converted(),
    classifier: encodeModel(classifier),
    explained: encodeModel(explain(classifier)),
    int8: encodeModel({ ...classifier, graph: storeWeights(classifier.graph, 'int8') }),
  }).map(([name, bytes]) => ({ name: `${name}.onnx`, bytes }));

/** A model as plain objects, which may hold values that the format does not allow. */
// biome-ignore lint/suspicious/noExplicitAny: of any shape, once it is damaged
type Loose = any;

const toObject = (bytes: Uint8Array): Loose =>
  ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, enums: Number, bytes: String });

const toBytes = (model: Loose): Uint8Array => ModelProto.encode(ModelProto.fromObject(model)).finish();

const locations = ['../../etc/passwd', '/etc/passwd', 'weights.bin', 'nothing.bin', '', '.', 'C:\\x', '\0'];
const operations = [
  'constructor',
  '__proto__',
  'toString',
  'Loop',
  'If',
  'Transpose',
  'Softmax',
  'Reshape',
  '',
];
const sizes = [-1, 0, 1, 3, 7, 2 ** 16, 2 ** 31, 2 ** 40, 2 ** 53];

/** Changes that leave a message of the format, which says something else. */
const changes: ((model: Loose, random: Random) => void)[] = [
  (model, random) => poison(model, random),
  ({ graph: { node } }, random) => {
    const [a, b] = [random(node.length), random(node.length)];
    [node[a], node[b]] = [node[b], node[a]];
  },
  ({ graph: { node } }, random) => {
    // A value from anywhere: a cycle, or another type or shape.
    const [reader, maker] = [oneOf(random, node) as Loose, oneOf(random, node) as Loose];
    if (reader.input?.length) reader.input[random(reader.input.length)] = maker.output[0];
  },
  ({ graph: { node } }, random) => {
    (oneOf(random, node) as Loose).opType = oneOf(random, operations);
  },
  ({ graph: { input, output, initializer } }, random) => {
    const infos = [...input, ...output];
    const dims: Loose[] = infos.flatMap(({ type }) => type.tensorType.shape.dim);
    const tensor = oneOf(random, initializer) as Loose;
    if (random(2) === 0) Object.assign(oneOf(random, dims), { dimValue: oneOf(random, sizes), dimParam: '' });
    else if (tensor.dims) tensor.dims[random(tensor.dims.length)] = oneOf(random, sizes);
  },
  ({ graph: { initializer } }, random) => {
    const tensor = oneOf(random, initializer) as Loose;
    const [location, offset, length] = [oneOf(random, locations), oneOf(random, sizes), oneOf(random, sizes)];
    tensor.dataLocation = TensorProto.DataLocation.EXTERNAL;
    tensor.externalData = Object.entries({ location, offset, length })
      .slice(0, 1 + random(3))
      .map(([key, value]) => ({ key, value: String(value) }));
    if (random(2) === 0) delete tensor.rawData;
  },
  ({ graph: { initializer } }, random) => {
    (oneOf(random, initializer) as Loose).dataType = random(24);
  },
  (model, random) => {
    model.opsetImport[0].version = random(newestOpset + 6);
  },
  ({ graph: { node } }, random) => {
    const attributes: Loose[] = node.flatMap(({ attribute = [] }) => attribute);
    Object.assign(oneOf(random, attributes), {
      type: 1 + random(14),
      i: oneOf(random, sizes),
      ints: Array.from({ length: random(5) }, () => oneOf(random, sizes)),
    });
  },
];

/** Damages a model: half of them blindly, half of them within the format. */
export function mutateOnnx(bytes: Uint8Array, random: Random): Uint8Array {
  if (random(2) === 0) return damage(bytes, random);
  for (;;)
    try {
      const model = toObject(bytes);
      for (let n = 1 + random(2); n > 0; n--) oneOf(random, changes)(model, random);
      return toBytes(model);
    } catch {
      // Changed twice, or poisoned, it may be no message any more: make another one.
    }
}

/** The sound network with a change of its own. */
function changed(change: (model: Loose) => void): Uint8Array {
  const model = toObject(foreign());
  change(model);
  return toBytes(model);
}

/** A graph within a graph within a graph. */
function nested(depth: number): Loose {
  let graph: Loose = { name: 'innermost' };
  for (let i = 0; i < depth; i++)
    graph = {
      name: 'level',
      node: [
        {
          opType: 'If',
          attribute: [{ name: 'then_branch', type: AttributeProto.AttributeType.GRAPH, g: graph }],
        },
      ],
    };
  return graph;
}

/** Models that somebody made to do harm. */
export function hostileModels(): Mutant[] {
  const external = (location: string) =>
    changed(({ graph: { initializer } }) => {
      for (const tensor of initializer) {
        tensor.dataLocation = TensorProto.DataLocation.EXTERNAL;
        tensor.externalData = [{ key: 'location', value: location }];
      }
    });
  const files: Record<string, Uint8Array> = {
    cycle: changed(({ graph: { node } }) => {
      node[0].input[0] = node.at(-1).output[0];
    }),
    'cycle that ends in classes': changed(({ graph: { node, output } }) => {
      node.push(
        { opType: 'Softmax', input: ['b'], output: ['a'] },
        { opType: 'Identity', input: ['a'], output: ['b'] },
      );
      output[0].name = 'a';
    }),
    'value made twice': changed(({ graph: { node } }) => node.push(node[0])),
    'huge input': changed(({ graph: { input } }) => {
      for (const dim of input[0].type.tensorType.shape.dim.slice(2)) dim.dimValue = 2 ** 40;
    }),
    'huge weight': changed(({ graph: { initializer } }) => {
      initializer[0].dims = [2 ** 31, 2 ** 31, 2 ** 31];
    }),
    'huge weight without data': changed(({ graph: { initializer } }) => {
      initializer[0].dims = [2 ** 40];
      delete initializer[0].rawData;
    }),
    'many dimensions': changed(({ graph: { initializer } }) => {
      initializer[0].dims = new Array(100_000).fill(1);
    }),
    'deep graphs': toBytes({ irVersion: 8, opsetImport: [{ version: 18 }], graph: nested(500) }),
    'local function that calls itself': changed((model) => {
      model.functions = [
        {
          name: 'f',
          domain: 'f',
          input: ['x'],
          output: ['y'],
          node: [{ opType: 'f', domain: 'f', input: ['x'], output: ['y'] }],
        },
      ];
      model.graph.node[0] = { ...model.graph.node[0], opType: 'f', domain: 'f' };
    }),
    'names that lead elsewhere': changed(({ graph }) => {
      for (const node of graph.node) node.name = '__proto__';
      graph.name = '../../../etc/cron.d/x';
      graph.output[0].name = graph.node.at(-1).output[0] = '../../escaped';
    }),
    'a name as long as a file': changed(({ graph: { node } }) => {
      node[0].name = 'x/'.repeat(500_000);
    }),
    'as many nodes as fit': changed(({ graph: { node } }) => {
      for (let i = 0; i < 20_000; i++)
        node.push({ opType: 'Identity', input: [i === 0 ? 'images' : `v${i - 1}`], output: [`v${i}`] });
    }),
    ...Object.fromEntries(
      locations.map((location) => [`weights in ${JSON.stringify(location)}`, external(location)]),
    ),
  };
  return Object.entries(files).map(([name, bytes]) => ({
    name: `${name.replaceAll(/[^\w]+/g, '-')}.onnx`,
    bytes,
  }));
}
