import test from 'ava';
import { float32, int64 } from '../../src/graph/tensor.js';
import { Hdf5FormatError, type Hdf5Group, readHdf5, writeHdf5 } from '../../src/keras/saving/hdf5.js';

/** Everything in a group, as plain data. */
const dump = (group: Hdf5Group): unknown => ({
  backend: group.attribute('backend'),
  epochs: group.attribute('epochs'),
  names: group.strings('names'),
  children: Object.fromEntries(
    group.names.map((name) => {
      const isGroup = ['dense'].includes(name);
      return [name, isGroup ? dump(group.group(name)) : group.tensor(name)];
    }),
  ),
});

test('reads what it writes: groups, attributes, arrays', async (t) => {
  const bytes = await writeHdf5((root) => {
    root.attribute('backend', 'tensorflow');
    root.attribute('epochs', 2.5);
    root.strings('names', ['dense', 'größe']);
    const dense = root.group('dense');
    dense.strings('names', []);
    dense.tensor('dense/kernel:0', float32([1, 2, 3, 4, 5, 6], [2, 3]));
    dense.tensor('dense/bias:0', float32([7], [1]));
    root.group('dense/dense').attribute('backend', 'x'.repeat(100_000));
    root.tensor('step', int64([9], []));
    root.tensor('none', float32([], [0, 3]));
  });
  const empty = { backend: undefined, epochs: undefined, names: [] as string[] };
  t.deepEqual(await readHdf5(bytes, dump), {
    backend: 'tensorflow',
    epochs: 2.5,
    names: ['dense', 'größe'],
    children: {
      dense: {
        ...empty,
        children: {
          dense: {
            ...empty,
            backend: 'x'.repeat(100_000),
            children: { 'kernel:0': float32([1, 2, 3, 4, 5, 6], [2, 3]), 'bias:0': float32([7], [1]) },
          },
        },
      },
      step: int64([9], []),
      none: float32([], [0, 3]),
    },
  });
});

test('spreads a long list over attributes of at most 64512 bytes, as Keras does', async (t) => {
  const names = Array.from({ length: 5000 }, (_, i) => `layer_${i}`.padEnd(30, '.'));
  const bytes = await writeHdf5((root) => root.strings('layer_names', names));
  await readHdf5(bytes, (root) => {
    t.is(root.attribute('layer_names'), undefined);
    t.deepEqual(
      [0, 1, 2, 3].map((chunk) => (root.attribute(`layer_names${chunk}`) as string[] | undefined)?.length),
      [1667, 1667, 1666, undefined],
    );
    t.deepEqual(root.strings('layer_names'), names);
  });
});

test('says what is missing, and where', async (t) => {
  await t.throwsAsync(
    readHdf5(new Uint8Array(9), () => 0),
    {
      instanceOf: Hdf5FormatError,
      message: 'Expected an HDF5 file. Received: 9 bytes of something else.',
    },
  );
  const bytes = await writeHdf5((root) => root.tensor('dense/kernel', float32([1])));
  await readHdf5(bytes, (root) => {
    t.throws(() => root.group('conv'), { message: "Expected a group at '/conv'. Received: nothing." });
    t.throws(() => root.group('dense').tensor('bias'), {
      message: "Expected a number array at '/dense/bias'. Received: nothing.",
    });
    t.throws(() => root.tensor('dense'), {
      message: "Expected a number array at '/dense'. Received: Group.",
    });
    t.true(root.has('dense/kernel'));
    t.false(root.has('dense/bias'));
  });
  await t.throwsAsync(readHdf5(bytes.subarray(0, 600), dump), {
    message: `Expected ${bytes.length} bytes of HDF5. Received: 600. Hint: the file is cut short; fetch it again.`,
  });
});
