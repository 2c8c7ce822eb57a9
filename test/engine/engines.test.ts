import test from 'ava';
import type { Engine } from '../../src/engine/engine.js';
import { jsEngine } from '../../src/engine/js.js';
import { missingLibraries, ortNode, probeProviders } from '../../src/engine/ort-node.js';
import { ortWeb } from '../../src/engine/ort-web.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { type DataType, float32, int64, type Tensor, tensor } from '../../src/graph/tensor.js';
import { assertClose } from '../compare.js';
import { bytes, longs, noise } from './node.js';

const engines: Record<string, () => Promise<Engine>> = {
  'onnxruntime-node': () => ortNode({ provider: 'cpu' }),
  'onnxruntime-web': () => ortWeb(),
  js: async () => jsEngine(),
};

/** x · x + count, for x (N, N) and an integer. */
function squaring(): Uint8Array {
  const g = new GraphBuilder('squaring');
  const x = g.input('x', 'float32', ['N', 'N']);
  const count = g.input('count', 'int64', [1]);
  g.output('y', g.op('Add', [g.op('MatMul', [x, x]), g.op('Cast', [count], { to: 1 })]), 'float32', [
    'N',
    'N',
  ]);
  return encodeModel({ graph: g.build(), opset: 13 });
}

/** Returns its inputs as they are. */
function identity(inputs: readonly Tensor[]): Uint8Array {
  const g = new GraphBuilder('identity');
  inputs.forEach(({ type, dims }, i) => {
    g.output(`y${i}`, g.input(`x${i}`, type, dims), type, dims);
  });
  return encodeModel({ graph: g.build(), opset: 13 });
}

for (const [name, start] of Object.entries(engines)) {
  test(`${name} runs a graph`, async (t) => {
    const session = await (await start()).load(squaring());
    t.deepEqual(session.inputNames, ['x', 'count']);
    t.deepEqual(session.outputNames, ['y']);
    const { y } = await session.run({ x: float32([1, 2, 3, 4], [2, 2]), count: int64([1]) });
    assertClose(t, y!, float32([8, 11, 16, 23], [2, 2]), { label: 'y', relative: 0 });
    await session.release();
  });

  test(`${name} passes every element type through`, async (t) => {
    const count = 6;
    const samples: Record<DataType, Tensor> = {
      float32: noise([2, 3]),
      float16: tensor('float16', Uint16Array.of(0, 1, 0x3c00, 0x7c00, 0x8001, 0xbc00), [2, 3]),
      float64: tensor('float64', Float64Array.of(1, 2, 3, 4, 5, 1e-300), [count]),
      uint8: bytes([2, 3]),
      int8: tensor('int8', Int8Array.of(-128, 127, 0, 1, 2, 3), [count]),
      int32: tensor('int32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, 1, 2, 3), [count]),
      int64: tensor('int64', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n), [2]),
      uint32: tensor('uint32', Uint32Array.of(2 ** 32 - 1, 0), [2]),
      bool: tensor('bool', Uint8Array.of(1, 0), [2]),
    };
    const inputs = Object.values(samples);
    const session = await (await start()).load(identity(inputs));
    const outputs = await session.run(Object.fromEntries(inputs.map((input, i) => [`x${i}`, input])));
    inputs.forEach((input, i) => {
      t.is(outputs[`y${i}`]!.data.constructor, input.data.constructor);
      assertClose(t, outputs[`y${i}`]!, input, { label: input.type, relative: 0 });
    });
  });

  test(`${name} reads a part of a larger buffer`, async (t) => {
    const session = await (await start()).load(identity([noise([2])]));
    const { y0 } = await session.run({ x0: float32(Float32Array.of(1, 2, 3, 4).subarray(1, 3), [2]) });
    t.deepEqual([...y0!.data], [2, 3]);
  });

  test(`${name} says which feed is wrong, and how`, async (t) => {
    const session = await (await start()).load(squaring());
    const [x, count] = [noise([2, 2]), longs([1], 0, 9)];
    const wrong: [feeds: Record<string, Tensor>, message: string][] = [
      [{ x }, "Expected a tensor for each of: x, count. Received: x. Hint: 'count' is missing."],
      [{}, "Expected a tensor for each of: x, count. Received: none. Hint: 'x' is missing."],
      [
        { x, count, z: x },
        "Expected a tensor for each of: x, count. Received: x, count, z. Hint: the graph has no input 'z'.",
      ],
      [{ x: longs([2, 2], 0, 1), count }, "Expected float32 [N, N] for input 'x'. Received: int64 [2, 2]."],
      [
        { x: noise([2, 3]), count },
        "Expected float32 [N, N] for input 'x', N = 2. Received: float32 [2, 3].",
      ],
      [{ x: noise([2]), count }, "Expected float32 [N, N] for input 'x'. Received: float32 [2]."],
      [{ x, count: longs([2], 0, 9) }, "Expected int64 [1] for input 'count'. Received: int64 [2]."],
    ];
    for (const [feeds, message] of wrong)
      await t.throwsAsync(session.run(feeds), { name: 'FeedError', message });
  });

  test(`${name} keeps calls apart that overlap`, async (t) => {
    const engine = await start();
    const inputs = Array.from({ length: 12 }, (_, i) => float32([i, i + 0.5]));
    // Models with different numbers of inputs, so that a call that reads another's arguments fails.
    const sessions = await Promise.all(
      inputs.map((_, i) => engine.load(identity(inputs.slice(0, 1 + (i % 5))))),
    );
    const feeds = sessions.map(({ inputNames }, i) =>
      Object.fromEntries(inputNames.map((name, k) => [name, inputs[(i + k) % 12]!])),
    );
    const results = await Promise.all(sessions.map((session, i) => session.run(feeds[i]!)));
    results.forEach((result, i) => {
      t.deepEqual(
        Object.values(result).map(({ data }) => data),
        Object.values(feeds[i]!).map(({ data }) => data),
      );
    });
    await Promise.all(sessions.map((session) => session.release()));
  });

  test(`${name} refuses what is no model`, async (t) => {
    const engine = await start();
    await t.throwsAsync(async () => engine.load(Uint8Array.of(1, 2, 3)));
  });
}

test('auto takes the first provider that works and tells why the others did not', async (t) => {
  const { provider, attempts } = await ortNode();
  t.is(attempts.at(-1)!.provider, provider);
  t.true(attempts.at(-1)!.ok);
  for (const { ok, reason } of attempts.slice(0, -1)) {
    t.false(ok);
    t.regex(reason!, /\S/);
  }
  t.is(attempts[0]!.provider, 'cuda');
});

test('a provider that was named and does not work is an error with a hint', async (t) => {
  const reports = await probeProviders();
  t.deepEqual(
    reports.map(({ provider }) => provider),
    ['cpu', 'cuda', 'webgpu'],
  );
  t.true(reports[0]!.ok);
  for (const { provider, ok, reason, hint } of reports) {
    t.is(ok, reason === undefined);
    t.is(ok, hint === undefined);
    if (ok) continue;
    const error = await t.throwsAsync(ortNode({ provider }), { name: 'ProviderError' });
    t.true(
      error.message.startsWith(`Expected ONNX Runtime to run on '${provider}'. Received: `),
      error.message,
    );
    t.true(error.message.endsWith(` Hint: ${hint}.`), error.message);
  }
});

test('WebGPU without a browser that has it is an error with a hint', async (t) => {
  await t.throwsAsync(ortWeb({ provider: 'webgpu' }), {
    name: 'ProviderError',
    message:
      "Expected ONNX Runtime to run on 'webgpu'. Received: this browser has no WebGPU. Hint: choose provider 'wasm', which every browser runs.",
  });
});

test('no library is missing of Node itself', async (t) => {
  t.deepEqual(await missingLibraries(process.execPath), []);
});
