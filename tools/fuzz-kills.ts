/**
 * Kills `train` and `features` at any moment, and asserts that their outputs are always whole and of one run, and that
 * the next run leaves nothing behind. `make fuzz`
 *
 *     node dist/tools/fuzz-kills.js [--kills 100] [--seed 1]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seeded } from './fuzz/damage.js';
import { type Command, commands, Killing } from './fuzz/kill.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});
const kills = Number(values.kills);
const random = seeded(Number(values.seed));
const names = Object.keys(commands) as Command[];
const seeds = [0, 1, 2];
const count = { inTime: 0, tooLate: 0, torn: 0, remains: 0 };

const room = await mkdtemp(join(tmpdir(), 'fuzz-kills-'));
try {
  const killing = await Killing.prepare(room, random);
  const usual = new Map<Command, number>();
  for (const command of names)
    for (const seed of seeds) usual.set(command, await killing.learn(command, seed));
  for (let trial = 0; trial < kills; trial++) {
    const command = names[trial % names.length] ?? 'train';
    // Most of the time goes by before anything is written, so half of the kills are late ones.
    const share = trial % 4 < 2 ? random(1000) / 1000 : 0.75 + random(350) / 1000;
    const life = Math.round(share * (usual.get(command) ?? 0));
    const { code } = await killing.run(command, seeds[random(seeds.length)] ?? 0, life);
    const left = await killing.seedOf(command, seeds);
    const next = seeds[random(seeds.length)] ?? 0;
    const { took } = await killing.run(command, next);
    // Other work on the machine changes how long a run takes.
    usual.set(command, took);
    const isOwn = (await killing.seedOf(command, seeds)) === next;
    const remains = await killing.remains(command);
    count[code === null ? 'inTime' : 'tooLate']++;
    if (left === undefined || !isOwn) count.torn++;
    if (remains.length > 0) count.remains++;
    const isSound = left !== undefined && isOwn && remains.length === 0;
    const end = code === null ? `killed after ${life} ms` : `ended within ${life} ms`;
    console.log(
      `${isSound ? 'ok  ' : 'FAIL'}  ${command} ${end}${remains.length > 0 ? `, left ${remains}` : ''}`,
    );
  }
  console.log(
    `${kills} kills of ${names.join(' and ')}: ${count.inTime} in time, ${count.tooLate} too late; ${count.torn} outputs torn, ${count.remains} with remains; seed ${values.seed}`,
  );
  if (count.torn + count.remains > 0) process.exitCode = 1;
} finally {
  await rm(room, { recursive: true, force: true });
}
