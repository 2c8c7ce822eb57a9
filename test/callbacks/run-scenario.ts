import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as callbacks from '../../src/keras/callbacks/index.js';
import { Progbar } from '../../src/keras/progbar.js';
import { constructorsOf, namesReadBy } from '../../src/named-options.js';

/** A run of `fit`, told by what the callbacks would be given. Option names are Python's. */
export interface Scenario {
  verbose: callbacks.Verbose;
  steps: number | null;
  learningRate: number;
  callbacks: { type: CallbackName; options: Record<string, unknown> }[];
  epochs: { batches: TextLogs[]; logs: TextLogs }[];
  /** How much later each reading of the clock is than the one before, over and over. */
  ticks: number[];
  /** Files that exist before. */
  files?: Record<string, string>;
  /** Tests, or predicts, the first epoch's batches before; the epochs are left out then. */
  mode?: 'test' | 'predict';
  /** Epochs before which a first, second … attempt ends without its `onTrainEnd`. */
  interruptions?: number[];
}

/** Logs as JSON carries them: what is not finite is text, as Python writes it. */
type TextLogs = Record<string, number | string>;

export type CallbackName =
  | 'BackupAndRestore'
  | 'CSVLogger'
  | 'EarlyStopping'
  | 'LearningRateScheduler'
  | 'ModelCheckpoint'
  | 'ReduceLROnPlateau'
  | 'TerminateOnNaN';

/** What is left of a run: all that Keras's callbacks and these must agree on. */
export interface Outcome {
  out: string;
  warnings: string[];
  error: string | null;
  rates: number[][];
  weights: number | null;
  stopped: boolean | null;
  epoch: number[] | null;
  history: Record<string, (number | string)[]> | null;
  files: Record<string, string>;
}

/** A small model: its one weight is the number of the epoch that trained it. */
class SmallModel implements callbacks.CallbackModel {
  stopTraining = false;
  readonly name = 'small';
  readonly className = 'SmallModel';
  restoredEpoch?: number;
  history?: callbacks.History;
  readonly layers = [];
  readonly metrics = [
    { name: 'accuracy', direction: 'up' },
    { name: 'auc', direction: 'up' },
    { name: 'mse', direction: 'down' },
  ] as const;
  readonly optimizer: callbacks.CallbackOptimizer;
  readonly weights = [];
  values: readonly Float32Array[] = [Float32Array.of(-1)];

  constructor(learningRate: number) {
    let rate = Math.fround(learningRate);
    this.optimizer = {
      iterations: 0,
      get learningRate() {
        return rate;
      },
      set learningRate(value) {
        rate = Math.fround(value);
      },
    };
  }

  getWeights() {
    return this.values.map((weight) => weight.slice());
  }

  setWeights(weights: readonly Float32Array[]) {
    this.values = weights;
  }

  async save(path: string) {
    await writeFile(path, `model ${this.values[0]![0]}`);
  }

  async saveWeights(path: string) {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `weights ${this.values[0]![0]}`);
  }

  async loadWeights(path: string) {
    this.values = [Float32Array.of(Number((await readFile(path, 'utf8')).split(' ')[1]))];
  }
}

/** Runs the scenario in a folder of its own, which is the working directory meanwhile. */
export async function runScenario(scenario: Scenario): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'callbacks-'));
  const before = process.cwd();
  process.chdir(folder);
  try {
    for (const [name, content] of Object.entries(scenario.files ?? {})) await writeFile(name, content);
    return { ...(await attempts(scenario)), files: await filesIn('.') };
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true });
  }
}

async function attempts(scenario: Scenario): Promise<Omit<Outcome, 'files'>> {
  let out = '';
  const warnings: string[] = [];
  const surroundings = {
    print: (text: string) => {
      out += text;
    },
    warn: (message: string) => {
      // Python shows the same warning once a process.
      if (!warnings.includes(message)) warnings.push(message);
    },
    now: clock(scenario.ticks),
  };
  let error: string | null = null;
  const rates: number[][] = [];
  let model: SmallModel | undefined;
  try {
    const { mode, interruptions = [] } = scenario;
    if (mode) await evaluate(new SmallModel(scenario.learningRate), mode, scenario, surroundings);
    const epochs = mode ? [] : scenario.epochs;
    for (const end of [...interruptions, epochs.length]) {
      model = new SmallModel(scenario.learningRate);
      rates.push(await fit(model, { ...scenario, epochs }, end, surroundings));
    }
  } catch (caught) {
    const { name, message } = caught as Error;
    error = `${name}: ${message}`;
  }
  const { history } = model ?? {};
  return {
    out,
    warnings,
    error,
    rates,
    weights: model ? model.values[0]![0]! : null,
    stopped: model?.stopTraining ?? null,
    epoch: history?.epoch ?? null,
    history: history ? mapValues(history.history, (values) => values.map(toText)) : null,
  };
}

async function evaluate(
  model: SmallModel,
  mode: 'test' | 'predict',
  { verbose, steps, epochs }: Scenario,
  surroundings: Surroundings,
): Promise<void> {
  const list = new callbacks.CallbackList({
    addProgbar: verbose !== 0,
    params: { verbose, epochs: 1, steps },
    model,
    ...takenBy(callbacks.CallbackList, surroundings),
  });
  const { batches, logs } = epochs[0]!;
  const isTest = mode === 'test';
  await (isTest ? list.onTestBegin() : list.onPredictBegin());
  for (const [batch, batchLogs] of batches.entries()) {
    await (isTest ? list.onTestBatchBegin(batch) : list.onPredictBatchBegin(batch));
    await (isTest ? list.onTestBatchEnd(batch, toNumbers(batchLogs)) : list.onPredictBatchEnd(batch));
  }
  await (isTest ? list.onTestEnd(toNumbers(logs)) : list.onPredictEnd());
}

/** What a `Progbar` is given: steps, values and whether they are the last. Option names are Python's. */
export interface Drawing {
  options: Record<string, unknown>;
  updates: [current: number, values: Record<string, number>, finalize: boolean | null][];
  ticks: number[];
}

/** All that the progress bar prints. */
export function draw({ options, updates, ticks }: Drawing): string {
  let out = '';
  const bar = new Progbar({
    ...(toCamelCase(options) as { target: number | null }),
    now: clock(ticks),
    print: (text) => {
      out += text;
    },
  });
  for (const [current, values, finalize] of updates)
    bar.update(current, Object.entries(values), finalize ?? undefined);
  return out;
}

interface Surroundings {
  print: callbacks.Print;
  warn: callbacks.Warn;
  now: callbacks.Clock;
}

async function fit(
  model: SmallModel,
  scenario: Scenario,
  epochs: number,
  surroundings: Surroundings,
): Promise<number[]> {
  const list = new callbacks.CallbackList({
    callbacks: scenario.callbacks.map((callback) => make(callback, surroundings)),
    addHistory: true,
    addProgbar: scenario.verbose !== 0,
    params: { verbose: scenario.verbose, epochs: scenario.epochs.length, steps: scenario.steps },
    model,
    ...takenBy(callbacks.CallbackList, surroundings),
  });
  const rates: number[] = [];
  let last: callbacks.Logs | undefined;
  await list.onTrainBegin();
  for (let epoch = model.restoredEpoch ?? 0; epoch < epochs; epoch++) {
    const run = scenario.epochs[epoch]!;
    await list.onEpochBegin(epoch);
    for (const [batch, logs] of run.batches.entries()) {
      await list.onTrainBatchBegin(batch);
      await list.onTrainBatchEnd(batch, toNumbers(logs));
      if (model.stopTraining) break;
    }
    model.values = [Float32Array.of(epoch)];
    last = toNumbers(run.logs);
    await list.onTestBegin();
    await list.onTestBatchBegin(0);
    await list.onTestBatchEnd(0, last);
    await list.onTestEnd(last);
    await list.onEpochEnd(epoch, last);
    rates.push(model.optimizer.learningRate);
    if (model.stopTraining) break;
  }
  if (epochs === scenario.epochs.length) await list.onTrainEnd(last);
  return rates;
}

function make({ type, options }: Scenario['callbacks'][number], surroundings: Surroundings) {
  const { factor, ...rest } = toCamelCase(options);
  const schedule = (_epoch: number, rate: number) => rate * (factor as number);
  const isScheduler = type === 'LearningRateScheduler';
  // biome-ignore lint: the name and the options come from JSON
  const Type = callbacks[type] as new (given: any) => callbacks.Callback;
  return new Type({
    ...rest,
    ...(factor !== undefined && !isScheduler && { factor }),
    ...(isScheduler && { schedule }),
    ...takenBy(Type, surroundings),
  });
}

/** Those of the surroundings that a class takes. */
function takenBy(Type: new (options: never) => unknown, surroundings: Surroundings): Partial<Surroundings> {
  const names = constructorsOf(Type).flatMap(namesReadBy);
  return Object.fromEntries(Object.entries(surroundings).filter(([name]) => names.includes(name)));
}

const toCamelCase = (options: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );

function clock(ticks: readonly number[]): callbacks.Clock {
  let now = 1.7e9;
  let readings = 0;
  return () => {
    now += ticks[readings++ % ticks.length]!;
    return now;
  };
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = paths.sort().map(async (path) => [path, await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(contents));
}

const mapValues = <A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

const toNumbers = (logs: TextLogs): callbacks.Logs =>
  mapValues(logs, (value) =>
    typeof value === 'number' ? value : { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }[value]!,
  );

const toText = (value: number): number | string =>
  Number.isFinite(value) ? value : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
