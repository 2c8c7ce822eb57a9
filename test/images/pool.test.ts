import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { ImageError } from '../../src/images/image.js';
import { createPool, type Outcome, type PoolOptions } from '../../src/platform/node/pool/pool.js';
import { ResourceError } from '../../src/platform/node/system-error.js';
import { type Item, type Shared, shared } from './fixtures/worker.js';

const entry = new URL('./fixtures/worker.js', import.meta.url);
const open = (options: Partial<PoolOptions> = {}) =>
  createPool<Item, unknown>({ entry, setup: { factor: 2 }, workers: 2, ...options });
const squares = (count: number): Item[] =>
  Array.from({ length: count }, (_, number) => ({ do: 'square', number }));
const summary = (outcome: Outcome<Item, unknown>) =>
  outcome.ok ? outcome.value : `${outcome.error.name}: ${outcome.error.message}`;

/** Lets other things happen until the number is reached. */
async function until(number: Shared, value: number): Promise<void> {
  while (Atomics.load(number, 0) < value) await new Promise((resolve) => setImmediate(resolve));
}

async function collect<T>(outcomes: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

test('outcomes come in the order of the items, each with its index', async (t) => {
  await using pool = await open();
  const items = squares(50);
  const outcomes = await collect(pool.map(items));
  t.deepEqual(
    outcomes,
    items.map((item, index) => ({ item, index, ok: true, value: 2 * index ** 2 })),
  );
});

test('without order, quick items overtake slow ones', async (t) => {
  await using pool = await open();
  const gate = shared();
  const items: Item[] = [{ do: 'wait', gate }, ...squares(3)];
  const order: number[] = [];
  for await (const { index } of pool.map(items, { ordered: false })) {
    order.push(index);
    // The third item waits behind the slow one, in the same worker.
    if (order.length < 2) continue;
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  }
  t.deepEqual(order, [1, 3, 0, 2]);
});

test('no more items are taken from the source than the pool can hold', async (t) => {
  await using pool = await open();
  let taken = 0;
  let collected = 0;
  let most = 0;
  function* source(): Generator<Item> {
    for (const item of squares(100)) {
      taken++;
      most = Math.max(most, taken - collected);
      yield item;
    }
  }
  for await (const _ of pool.map(source())) {
    collected++;
    if (collected % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  t.is(collected, 100);
  t.true(most <= pool.capacity + 1, `${most} items at once`);
});

test('a source may be asynchronous and slower than the workers', async (t) => {
  await using pool = await open();
  let goOn = () => {};
  async function* source(): AsyncGenerator<Item> {
    for (const item of squares(5)) {
      const collected = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      yield item;
      await collected;
    }
  }
  const values: unknown[] = [];
  for await (const outcome of pool.map(source())) {
    values.push(summary(outcome));
    goOn();
  }
  t.deepEqual(values, [0, 2, 8, 18, 32]);
});

test('an item whose handler throws fails alone, with name, message and properties of its error', async (t) => {
  await using pool = await open();
  const outcomes = await collect(pool.map([...squares(2), { do: 'throw' }, ...squares(2)]));
  t.deepEqual(outcomes.map(summary), [0, 2, 'RangeError: no such thing', 0, 2]);
  const failed = outcomes[2]!;
  t.is(failed.ok || (failed.error as Error & { fault: string }).fault, 'missing');
});

for (const [way, message] of [
  ['exit', 'Expected an answer from a worker. Received: its exit with code 3.'],
  ['crash', 'Expected an answer from a worker. Received: its death (out of the blue).'],
] as const)
  test(`a worker that dies (${way}) is replaced, and its item alone reported`, async (t) => {
    await using pool = await open();
    const items: Item[] = [
      ...squares(4),
      { do: way },
      ...squares(4),
      { do: way },
      { do: way },
      ...squares(4),
    ];
    const outcomes = await collect(pool.map(items));
    const death = `WorkerDiedError: ${message}`;
    t.deepEqual(outcomes.map(summary), [0, 2, 8, 18, death, 0, 2, 8, 18, death, death, 0, 2, 8, 18]);
  });

test('an item that takes too long fails, and the others go on', async (t) => {
  const clocks: { ring(): void; isStopped: boolean }[] = [];
  const timer = (_: number, ring: () => void) => {
    const clock = { ring, isStopped: false };
    clocks.push(clock);
    return () => {
      clock.isStopped = true;
    };
  };
  await using pool = await open({ workers: 1, timeout: 3000, timer });
  const tries = shared();
  const outcomes = collect(pool.map([...squares(2), { do: 'hang', tries }, ...squares(3)]));
  for (const [round, items] of [
    [1, 3],
    [2, 5],
  ] as const) {
    await until(tries, round);
    // The answers before it were sent already, and are heard within a few turns.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    t.is(clocks.length, items);
    const running = clocks.filter(({ isStopped }) => !isStopped);
    t.deepEqual(running, clocks.slice(-1), 'the clock is that of the item in hand');
    running[0]?.ring();
  }
  t.deepEqual((await outcomes).map(summary), [
    0,
    2,
    'WorkerDiedError: Expected an answer from a worker. Received: none within 3000 ms.',
    0,
    2,
    8,
  ]);
});

test('what failed for want of memory is tried again, alone in a fresh thread', async (t) => {
  await using pool = await open();
  const [tries, active] = [shared(), shared()];
  const others = (count: number) => Array.from({ length: count }, (): Item => ({ do: 'count', active }));
  const items: Item[] = [...others(9), { do: 'need memory', tries, failures: 1, active }, ...others(9)];
  for (const ordered of [true, false]) {
    Atomics.store(tries, 0, 0);
    const outcomes = await collect(pool.map(items, { ordered }));
    const second = outcomes.find(({ item }) => item.do === 'need memory');
    t.deepEqual(second?.ok && second.value, { before: 0, others: 0, bytes: undefined });
    t.is(outcomes.filter(({ ok }) => ok).length, 19);
  }
});

test('memory that does not suffice for one item alone stops everything, and is named', async (t) => {
  await using pool = await open();
  const needs = { do: 'need memory', tries: shared(), failures: 2, active: shared() } as const;
  await t.throwsAsync(collect(pool.map([...squares(4), needs, ...squares(4)])), {
    instanceOf: ResourceError,
    message:
      'Expected enough memory. Received: no more (Array buffer allocation failed). Hint: end other programs, or allow this one more with ulimit -d and ulimit -v.',
  });
});

test('a fault of the item itself is told at once, in the class of its error', async (t) => {
  await using pool = await open();
  const tries = shared();
  const [first, second] = await collect(pool.map([{ do: 'refuse', tries }, { do: 'throw' }]));
  t.is(Atomics.load(tries, 0), 1);
  const error = first?.ok === false ? first.error : null;
  t.true(error instanceof ImageError);
  t.like(error, {
    fault: 'too large',
    received: '9×9 pixels in thread true',
    message: 'Expected a picture within the limit. Received: 9×9 pixels in thread true. Hint: shrink it.',
  });
  t.true(second?.ok === false && second.error instanceof RangeError);
});

test('a worker that dies takes no handed-over memory with it but that of the item in its hands', async (t) => {
  await using pool = await open();
  const tries = shared();
  const filled = (value: number) => new Uint8Array(8).fill(value);
  const items = (): Item[] => [
    { do: 'exit once', tries, bytes: filled(1) },
    ...Array.from({ length: 6 }, (_, i): Item => ({ do: 'fill', bytes: filled(0), value: i })),
  ];
  const expected = [0, 1, 2, 3, 4, 5].map((value) => ({ bytes: filled(value) }));
  const lost = await collect(pool.map(items(), { transfer: true }));
  t.deepEqual(lost.map(summary), [
    'WorkerDiedError: Expected an answer from a worker. Received: its exit with code 3.',
    ...expected,
  ]);
  Atomics.store(tries, 0, 0);
  const renewed: Item[] = [];
  const again = await collect(
    pool.map(items(), {
      transfer: true,
      renew: async (item) => {
        renewed.push(item);
        return { do: 'exit once', tries, bytes: filled(9) };
      },
    }),
  );
  t.deepEqual(again.map(summary), [{ bytes: filled(9) }, ...expected]);
  t.deepEqual(
    renewed.map((item) => item.do),
    ['exit once'],
  );
});

test('typed arrays come back without a copy, and go there without one when asked', async (t) => {
  await using pool = await open();
  const bytes = new Uint8Array(1000);
  const [copied] = await collect(pool.map([{ do: 'fill', bytes, value: 7 } as Item]));
  t.is(bytes.length, 1000);
  t.deepEqual(copied!.ok && copied!.value, { bytes: new Uint8Array(1000).fill(7) });
  const [moved] = await collect(pool.map([{ do: 'fill', bytes, value: 8 } as Item], { transfer: true }));
  t.is(bytes.length, 0);
  t.deepEqual(moved!.ok && moved!.value, { bytes: new Uint8Array(1000).fill(8) });
});

test('an entry that cannot start fails the pool with its own error', async (t) => {
  await t.throwsAsync(open({ setup: { factor: 0 } }), {
    name: 'RangeError',
    message: 'Expected a factor. Received: 0.',
  });
  await t.throwsAsync(open({ entry: new URL('./nowhere.js', import.meta.url) }), { message: /nowhere\.js/ });
});

test('leaving the loop early stops the source', async (t) => {
  await using pool = await open();
  let ended = false;
  function* source(): Generator<Item> {
    try {
      for (;;) yield { do: 'square', number: 1 };
    } finally {
      ended = true;
    }
  }
  for await (const _ of pool.map(source())) break;
  t.true(ended);
});

test('a process with an open pool ends when its work is done', async (t) => {
  const script = `
    import { createPool } from ${JSON.stringify(new URL('../../src/platform/node/pool/pool.js', import.meta.url).href)};
    const pool = await createPool({ entry: new URL(${JSON.stringify(entry.href)}), setup: { factor: 1 }, workers: 2 });
    for await (const { value } of pool.map([{ do: 'square', number: 3 }])) console.log(value);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 20_000,
  });
  t.is(stdout, '9\n');
});

test('workers take the flags of the process, those of V8, too', async (t) => {
  const script = `
    import(${JSON.stringify(new URL('../../src/platform/node/pool/pool.js', import.meta.url).href)}).then(async ({ createPool }) => {
      const pool = await createPool({ entry: new URL(${JSON.stringify(entry.href)}), setup: { factor: 1 }, workers: 1 });
      for await (const { value } of pool.map([{ do: 'square', number: 3 }])) console.log(value);
    });
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--stack-size=900', '-e', script], {
    timeout: 20_000,
  });
  t.is(stdout, '9\n');
});

test('closing waits for workers that are in the middle of native code, which would take the process with them', async (t) => {
  const pool = await createPool<number, number>({
    entry: new URL('./fixtures/ort-worker.js', import.meta.url),
    workers: 2,
  });
  for await (const outcome of pool.map([1, 300, 300, 300, 300, 300])) {
    t.true(outcome.ok);
    break;
  }
  await t.notThrowsAsync(pool.close());
});

test('an item by itself that ends its thread, or wants more memory than there is, fails alone', async (t) => {
  await using pool = await open();
  const [dead, hungry, ...others] = await Promise.allSettled([
    pool.run({ do: 'exit' }),
    pool.run({ do: 'need memory', tries: shared(), failures: 9, active: shared() }),
    ...squares(20).map((item) => pool.run(item)),
  ]);
  t.is(dead.status === 'rejected' && dead.reason.name, 'WorkerDiedError');
  t.true(hungry.status === 'rejected' && hungry.reason instanceof ResourceError);
  t.deepEqual(
    others.map((outcome) => outcome.status === 'fulfilled' && outcome.value),
    squares(20).map((_, number) => 2 * number ** 2),
  );
  t.is(await pool.run({ do: 'square', number: 5 }), 50);
});

test('an item by itself that is given up while it waits is never begun', async (t) => {
  await using pool = await open({ workers: 1, perWorker: 1 });
  const gate = shared();
  const tries = shared();
  const controller = new AbortController();
  const first = pool.run({ do: 'wait', gate });
  const second = pool.run({ do: 'refuse', tries }, { signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(second), reason);
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  t.is(await first, 'waited');
  t.is(await pool.run({ do: 'square', number: 1 }), 2);
  t.is(Atomics.load(tries, 0), 0);
});
