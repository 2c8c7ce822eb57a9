import { jsEngine } from '../../src/engine/js.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Value } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, type Tensor } from '../../src/graph/tensor.js';
import { RandomState } from '../../src/keras/random/random-state.js';

/** A function of tensors as graph nodes, with its backward pass. */
export interface Differentiable {
  /** What it reads, by name. */
  readonly inputs: Readonly<Record<string, Tensor<'float32'>>>;
  /** Writes y = f(inputs), and dInputs for a given dy of the shape of y. */
  write(
    g: GraphBuilder,
    inputs: Readonly<Record<string, Value>>,
  ): { y: Value; gradients(dy: Value): Readonly<Record<string, Value>> };
}

/** How the gradient and the differences compare, one entry for each input and direction. */
export interface Comparison {
  readonly label: string;
  /** The derivative in a random direction, by the backward pass. */
  readonly gradient: number;
  /** The same by central differences. */
  readonly difference: number;
  /** What float32 may make of rounding: the size of the terms that cancel. */
  readonly scale: number;
}

const directions = 3;

/**
 * Differentiates Σ r ⊙ f(inputs), r random, in random directions of each input: once with the backward pass, once as
 * (L(x + εd) − L(x − εd)) / 2ε, with L summed in double precision.
 */
export async function compareWithDifferences(
  { inputs, write }: Differentiable,
  { seed = 1, epsilon = 5e-3 } = {},
): Promise<Comparison[]> {
  const random = new RandomState(seed);
  const g = new GraphBuilder('gradient');
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, { dims }]) => [name, g.input(name, 'float32', dims)]),
  );
  const { y, gradients } = write(g, values);
  const shape = await shapeOf({ inputs, write });
  const dy = g.input('dy', 'float32', shape);
  const written = gradients(dy);
  g.output('value', y, 'float32', shape);
  for (const [name, gradient] of Object.entries(written))
    g.output(`d_${name}`, gradient, 'float32', inputs[name]!.dims);
  const session = await jsEngine().load(encodeModel({ graph: g.build(), opset: 13 }));

  const normal = (dims: readonly number[]) =>
    float32(
      Float32Array.from(
        random.normal(
          0,
          1,
          dims.reduce((a, b) => a * b, 1),
        ),
      ),
      dims,
    );
  const weights = normal(shape);
  const loss = async (feeds: Record<string, Tensor>) =>
    dot((await session.run({ ...feeds, dy: weights })).value!, weights);
  const results = await session.run({ ...inputs, dy: weights });

  const comparisons: Comparison[] = [];
  for (const name of Object.keys(written))
    for (let i = 0; i < directions; i++) {
      const direction = normal(inputs[name]!.dims);
      const moved = (step: number) => ({
        ...inputs,
        [name]: float32(
          inputs[name]!.data.map((x, k) => x + step * direction.data[k]!),
          inputs[name]!.dims,
        ),
      });
      const difference = ((await loss(moved(epsilon))) - (await loss(moved(-epsilon)))) / (2 * epsilon);
      const gradient = results[`d_${name}`]!;
      comparisons.push({
        label: `d_${name} in direction ${i}`,
        gradient: dot(gradient, direction),
        difference,
        scale: Math.sqrt(dot(gradient, gradient)) * Math.sqrt(dot(direction, direction)),
      });
    }
  return comparisons;
}

async function shapeOf({ inputs, write }: Differentiable): Promise<readonly number[]> {
  const g = new GraphBuilder('value');
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, { dims }]) => [name, g.input(name, 'float32', dims)]),
  );
  g.output('value', write(g, values).y, 'float32', ['?']);
  const session = await jsEngine().load(encodeModel({ graph: g.build(), opset: 13 }));
  return (await session.run(inputs)).value!.dims;
}

function dot(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Number(a.data[i]) * Number(b.data[i]);
  return sum;
}
