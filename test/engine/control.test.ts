import test, { type ExecutionContext } from 'ava';
import type { Tensors } from '../../src/engine/engine.js';
import { jsEngine } from '../../src/engine/js.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32, int64, scalar, tensor } from '../../src/graph/tensor.js';
import { assertClose } from '../compare.js';
import { noise, ort } from './node.js';

/** Runs a model on both engines and compares all outputs. */
async function assertSame(t: ExecutionContext, model: Uint8Array, feeds: Tensors): Promise<Tensors> {
  const expected = await (await (await ort()).load(model)).run(feeds);
  const actual = await (await jsEngine().load(model)).run(feeds);
  t.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const name of Object.keys(expected))
    assertClose(t, actual[name]!, expected[name]!, { label: name, relative: 1e-5, absolute: 1e-6 });
  return actual;
}

/**
 * Gradient descent in a loop: w ← w − rate · xᵀ(x w − y), with x, y and the rate from the graph around, the losses as
 * a scan, and a condition that stops it once the loss is small.
 */
function descent(): Uint8Array {
  const g = new GraphBuilder('descent');
  const x = g.input('x', 'float32', ['N', 3]);
  const y = g.input('y', 'float32', ['N', 1]);
  const steps = g.input('steps', 'int64', []);
  const start = g.input('w', 'float32', [3, 1]);
  const rate = g.input('rate', 'float32', []);
  const bound = g.scalar(0.05);

  const body = g.subgraph('step');
  body.input('index', 'int64', []);
  body.input('go_on', 'bool', []);
  const w = body.input('w_in', 'float32', [3, 1]);
  const error = body.op('Sub', [body.op('MatMul', [x, w]), y]);
  const gradient = body.op('Gemm', [x, error], { transA: 1 });
  const loss = body.op('ReduceSumSquare', [error], { keepdims: 0 });
  body.output('go_on_out', body.op('Greater', [loss, bound]), 'bool', []);
  body.output('w_out', body.op('Sub', [w, body.op('Mul', [gradient, rate])]), 'float32', [3, 1]);
  body.output('loss', loss, 'float32', []);
  body.output('w_seen', w, 'float32', [3, 1]);

  const results = g.ops('Loop', [steps, '', start], 3, { body: { graph: body.build() } });
  g.output('w_last', results[0]!, 'float32', [3, 1]);
  g.output('losses', results[1]!, 'float32', ['T']);
  g.output('trail', results[2]!, 'float32', ['T', 3, 1]);
  return encodeModel({ graph: g.build(), opset: 13 });
}

test('Loop carries state, stacks scans, reads outer values and stops by its condition', async (t) => {
  const model = descent();
  const feeds = { x: noise([8, 3]), y: noise([8, 1]), w: noise([3, 1]), rate: scalar(0.01) };
  const { losses } = await assertSame(t, model, { ...feeds, steps: int64([20], []) });
  t.is(losses!.data.length, 20);

  const solvable = { ...feeds, y: float32(new Float32Array(8), [8, 1]), steps: int64([500], []) };
  const stopped = await assertSame(t, model, solvable);
  t.true(stopped.losses!.data.length < 500);
});

test('Loop of no trips returns its initial state and empty scans', async (t) => {
  const feeds = { x: noise([8, 3]), y: noise([8, 1]), w: noise([3, 1]), rate: scalar(0.01) };
  const { w_last, losses } = await assertSame(t, descent(), { ...feeds, steps: int64([0], []) });
  t.deepEqual(w_last, feeds.w);
  t.deepEqual(losses!.dims, [0]);
});

test('a loop within a loop sees the values of both graphs around it', async (t) => {
  const g = new GraphBuilder('nested');
  const x = g.input('x', 'float32', [2]);
  const outer = g.subgraph('outer');
  const i = outer.input('i', 'int64', []);
  const on = outer.input('on', 'bool', []);
  const sum = outer.input('sum', 'float32', [2]);
  const inner = outer.subgraph('inner');
  const j = inner.input('j', 'int64', []);
  const innerOn = inner.input('inner_on', 'bool', []);
  const part = inner.input('part', 'float32', [2]);
  const product = inner.op('Cast', [inner.op('Mul', [i, j])], { to: 1 });
  inner.output('inner_on_out', innerOn, 'bool', []);
  inner.output(
    'part_out',
    inner.op('Add', [part, inner.op('Add', [inner.op('Mul', [x, product]), sum])]),
    'float32',
    [2],
  );
  const three = g.initializer('three', int64([3], []));
  const total = outer.op('Loop', [three, '', sum], { body: { graph: inner.build() } });
  outer.output('on_out', on, 'bool', []);
  outer.output('sum_out', total, 'float32', [2]);
  g.output('y', g.op('Loop', [three, '', x], { body: { graph: outer.build() } }), 'float32', [2]);
  await assertSame(t, encodeModel({ graph: g.build(), opset: 13 }), { x: noise([2]) });
});

test('If runs the branch that its condition chooses', async (t) => {
  const g = new GraphBuilder('choice');
  const condition = g.input('condition', 'bool', []);
  const x = g.input('x', 'float32', [3]);
  const branch = (op: string) => {
    const b = g.subgraph(op);
    b.output(`${op}_out`, b.op(op, [x, x]), 'float32', [3]);
    return { graph: b.build() };
  };
  g.output(
    'y',
    g.op('If', [condition], { then_branch: branch('Add'), else_branch: branch('Mul') }),
    'float32',
    [3],
  );
  const model = encodeModel({ graph: g.build(), opset: 13 });
  for (const flag of [0, 1])
    await assertSame(t, model, { condition: tensor('bool', Uint8Array.of(flag), []), x: noise([3]) });
});
