import { readdir } from 'node:fs/promises';
import test from 'ava';
import { seeded } from '../../tools/fuzz/damage.js';
import { type Command, Killing } from '../../tools/fuzz/kill.js';
import { withFolder } from '../saving/folder.js';

/** Words upon which runs are killed: while they read pictures, before they train, and after the first epoch. */
const moments: readonly (readonly [Command, RegExp])[] = [
  ['features', /pictures of 2 classes/],
  ['train', /Training on/],
  ['train', /Epoch 2\/2/],
];

test('runs that are killed leave the outputs of before, whole, and the next leaves nothing behind', async (t) => {
  await withFolder(async (room) => {
    const killing = await Killing.prepare(room, seeded(1));
    for (const [command, seed] of [
      ['features', 1],
      ['features', 0],
      ['train', 1],
      ['train', 0],
    ] as const)
      await killing.learn(command, seed);
    // A run may be at its end before the kill reaches it: then its outputs are whole, and those to look for.
    const latest = { features: 0, train: 0 };
    const killed = [];
    for (const [command, moment] of moments) {
      const seed = 1 - latest[command];
      const { code } = await killing.run(command, seed, moment);
      const names = await readdir(killing.out(command));
      t.is(names.includes('.unfinished'), code === null, `${command} ${moment}`);
      if (code === null) killed.push(moment);
      else latest[command] = seed;
      t.is(await killing.seedOf(command, [0, 1]), latest[command], `${command} ${moment}`);
    }
    t.true(killed.length > 0);
    for (const command of ['features', 'train'] as const) {
      t.is((await killing.run(command, 1)).code, 0);
      t.is(await killing.seedOf(command, [0, 1]), 1);
      t.deepEqual(await killing.remains(command), []);
    }
  });
});
