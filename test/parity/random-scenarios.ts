import type { Verbose } from '../../src/keras/callbacks/index.js';
import type { CallbackName, Scenario } from '../callbacks/run-scenario.js';

/** Uniform numbers from [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs with random metrics, options and callbacks, among them what is rare: ties, NaN, steps too small for float32. */
export function randomScenario(seed: number): Scenario {
  const random = seeded(seed);
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const chance = (probability: number) => random() < probability;

  const value = metricSource(random);
  const steps = pick(1, 3, 12);
  const hasValidation = chance(0.8);
  const epoch = () => {
    const batches = Array.from({ length: steps }, () => ({ loss: value(), accuracy: value() }));
    const validation = { val_accuracy: value(), val_loss: value() };
    return { batches, logs: { ...batches.at(-1)!, ...(hasValidation && validation) } };
  };

  const monitor = () =>
    pick('val_loss', 'val_loss', 'val_loss', 'loss', 'loss', 'val_accuracy', 'accuracy', 'val_mse', 'val_f1');
  const watching = () => ({
    monitor: monitor(),
    mode: pick('auto', 'min', 'max'),
    verbose: pick(0, 1, 1),
  });
  const options: Record<CallbackName, () => Record<string, unknown>> = {
    EarlyStopping: () => ({
      ...watching(),
      patience: pick(0, 1, 2, 4),
      min_delta: pick(0, 0, 1e-9, 0.01, -0.1),
      baseline: pick(null, null, 0.5),
      restore_best_weights: chance(0.6),
      start_from_epoch: pick(0, 0, 2),
    }),
    ModelCheckpoint: () => ({
      ...watching(),
      save_best_only: chance(0.7),
      initial_value_threshold: pick(null, null, 0.5),
      ...pick<object>(
        { filepath: 'best.h5' },
        { filepath: '{epoch:02d}-{loss:.2f}.keras' },
        { filepath: 'out/{epoch}-{val_loss:.4f}.weights.h5', save_weights_only: true },
        // Keras fails when it is to save the best within the first epoch: "'NoneType' object is not callable".
        { filepath: 'b{batch:03d}-{accuracy:8.3e}.keras', save_freq: pick(1, 2, 5), save_best_only: false },
      ),
    }),
    ReduceLROnPlateau: () => ({
      ...watching(),
      factor: pick(0.1, 0.5, 0.3),
      patience: pick<number>(1, 2, 3),
      min_delta: pick(0.0001, 0, 0.05),
      cooldown: pick(0, 1, 2),
      min_lr: pick(0, 0.0005),
    }),
    LearningRateScheduler: () => ({ factor: pick(0.9, 1.1, 0.5), verbose: pick<number>(0, 1) }),
    CSVLogger: () => ({ filename: 'log.csv', separator: pick(',', ';', '\t', '.'), append: chance(0.5) }),
    TerminateOnNaN: () => ({ raise_error: chance(0.3) }),
    BackupAndRestore: () => ({
      backup_dir: 'backup',
      save_freq: pick<string | number>('epoch', 'epoch', 2),
      double_checkpoint: chance(0.5),
      delete_checkpoint: chance(0.5),
    }),
  };
  const names = (Object.keys(options) as CallbackName[]).filter(() => chance(0.35));
  const epochs = Array.from({ length: pick(1, 4, 8, 12) }, epoch);
  const mode = chance(0.1) ? { mode: pick<'test' | 'predict'>('test', 'predict') } : {};
  return {
    ...mode,
    verbose: pick<Verbose>(0, 1, 2, 'auto'),
    steps: chance(0.85) ? steps : null,
    learningRate: pick(0.001, 0.01, 0.1),
    callbacks: names.sort(() => random() - 0.5).map((type) => ({ type, options: options[type]() })),
    epochs,
    ticks: Array.from({ length: 7 }, () => pick(1e-4, 0.01, 0.06, 0.5, 3, 80, 5000) * random()),
    files: chance(0.3) ? { 'log.csv': pick('', 'epoch,loss\r\n0,1.0\r\n') } : {},
    interruptions: !mode.mode && epochs.length > 2 && chance(0.2) ? [pick<number>(1, 2)] : [],
  };
}

/** One of several kinds of sequences that metrics may form. */
function metricSource(random: () => number): () => number | string {
  const kind = Math.floor(random() * 5);
  let level = random() * 2;
  return () => {
    if (random() < 0.01) return ['nan', 'inf', '-inf'][Math.floor(random() * 3)]!;
    switch (kind) {
      case 0:
        return random();
      case 1:
        // Coarse, so that values repeat and formatting meets ties.
        return Math.floor(random() * 33) / 32;
      case 2:
        // Steps about the size of float32's.
        level += (random() - 0.5) * 2e-7;
        return level;
      case 3:
        level *= 0.5 + random() * 0.6;
        return level;
      default:
        return Math.fround(10 ** (random() * 40 - 20)) * (random() < 0.1 ? -1 : 1);
    }
  };
}
