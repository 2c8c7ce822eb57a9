import { ValueError } from '../../errors.js';
import { constructorsOf, pickKnown } from '../../named-options.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import type { CompiledModel, CompileOptions } from '../models/compilation.js';
import * as optimizers from '../optimizers/index.js';
import { asObject, asText, excerpt, isObject, type JsonObject, toCamelCase } from '../python/json.js';
import { type Config, type Configured, classesIn } from '../serialized.js';

/** The arguments of `compile` as Keras 3 writes them; empty for a model that is not compiled. */
export function serializeCompilation(model: CompiledModel): Config {
  const { compilation } = model;
  if (!compilation) return {};
  const { optimizer, loss, metrics: watched = [], weightedMetrics = [] } = compilation;
  const write = (module: string, value: string | Configured | null): unknown =>
    typeof value === 'string' || value === null
      ? value
      : { module, class_name: value.className, config: value.getConfig(), registered_name: null };
  const list = (all: readonly (metrics.Metric | metrics.MetricName)[]) =>
    all.length === 0
      ? null
      : all.map((metric) => write('keras.metrics', typeof metric === 'string' ? metric : withDtype(metric)));
  return {
    optimizer: write('keras.optimizers', optimizer),
    loss: write('keras.losses', loss),
    loss_weights: null,
    metrics: list(watched),
    weighted_metrics: list(weightedMetrics),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
  };
}

/** Keras's metrics tell the type of their sums. */
export const withDtype = (metric: metrics.Metric): Configured => ({
  className: metric.className,
  getConfig() {
    const { name, ...rest } = metric.getConfig();
    return { name, dtype: metric.dtype, ...rest };
  },
});

/**
 * Reads the arguments of `compile` from a `.keras` file's `compile_config` or a `.h5` file's `training_config`.
 *
 * @throws ValueError for losses, metrics and options that are not supported; `compile: false` avoids it
 */
export function deserializeCompilation(value: unknown): CompileOptions {
  const config = asObject(value, 'what the model was compiled with');
  try {
    const loss = only(config.loss, 'loss');
    if (isGiven(config.loss_weights))
      throw new ValueError(`Expected no loss_weights. Received: ${excerpt(config.loss_weights)}.`);
    return {
      optimizer: readOptimizer(config.optimizer_config ?? config.optimizer ?? 'rmsprop'),
      loss: loss == null ? null : readLoss(loss),
      metrics: flatten(config.metrics ?? []).map(readMetric),
      weightedMetrics: flatten(config.weighted_metrics ?? []).map(readMetric),
    };
  } catch (cause) {
    throw new ValueError(
      `${(cause as Error).message} Hint: load the model with \`compile: false\`, and compile it yourself.`,
      { cause },
    );
  }
}

const isGiven = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(isGiven)
    : isObject(value)
      ? Object.values(value).some(isGiven)
      : value != null;

/** Models with several outputs have a loss for each; those with one may have it in a list, or under its name. */
function only(value: unknown, what: string): unknown {
  const values = Array.isArray(value)
    ? value
    : isObject(value) && value.class_name === undefined
      ? Object.values(value)
      : [value];
  if (values.length === 1) return values[0];
  throw new ValueError(`Expected one ${what}. Received: ${values.length}.`);
}

const flatten = (value: unknown): unknown[] =>
  Array.isArray(value)
    ? value.flatMap(flatten)
    : isObject(value) && value.class_name === undefined
      ? Object.values(value).flatMap(flatten)
      : value === null
        ? []
        : [value];

/** Keys that do not change results: names, and how much work is done at once. */
const noEffect = new Set(['name', 'dtype', 'jit_compile', 'is_legacy_optimizer', 'fn', 'axis']);

/** Makes an object of its configuration. @throws ValueError when the object would not follow all of it */
function make<T extends Configured>(
  classes: ReadonlyMap<string, new (options: never) => T>,
  value: JsonObject,
  what: string,
): T {
  const className = asText(value.class_name, `the class of a ${what}`).replace(/^.*>/, '');
  const Type = classes.get(className);
  if (!Type)
    throw new ValueError(
      `Expected one of the ${what} ${[...classes.keys()].join(', ')}. Received: ${className}.`,
    );
  const config = asObject(value.config ?? {}, `the config of ${className}`);
  const options: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(config))
    if (item !== null && key !== 'dtype' && item !== 'auto')
      options[toCamelCase(key)] = key === 'learning_rate' || key === 'lr' ? readLearningRate(item) : item;
  if (options.lr !== undefined) options.learningRate ??= options.lr;
  const construct = () => new Type(pickKnown(options, constructorsOf(Type)) as never);
  let object = construct();
  let own = object.getConfig();
  // Nothing stands for the default in old files, and for itself where the default is something.
  const emptied = Object.keys(config).filter((key) => config[key] === null && (own[key] ?? null) !== null);
  if (emptied.length > 0) {
    for (const key of emptied) options[toCamelCase(key)] = null;
    object = construct();
    own = object.getConfig();
  }
  for (const [key, item] of Object.entries(config)) {
    if (noEffect.has(key) || key.startsWith('ema_') || key === 'learning_rate' || !Object.hasOwn(own, key))
      continue;
    // Keras 2's way of saying that it chooses.
    if (key === 'reduction' && item === 'auto') continue;
    if (item === null || isSame(item, own[key])) continue;
    throw new ValueError(
      `Expected ${key} ${excerpt(own[key])} for ${className}. Received: ${excerpt(item)}.`,
    );
  }
  if (typeof config.decay === 'number' && config.decay !== 0)
    throw new ValueError(`Expected decay 0 for ${className}. Received: ${config.decay}.`);
  return object;
}

/** Numbers went through float32 on their way. */
const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === 'number' && typeof b === 'number'
    ? Math.abs(a - b) <= 1e-6 * Math.abs(b)
    : (a === false && b === null) || JSON.stringify(a) === JSON.stringify(b);

function readLearningRate(value: unknown): number | optimizers.LearningRateSchedule {
  if (typeof value === 'number') return value;
  const { class_name, config: rawConfig } = asObject(value, 'the learning rate');
  const className = asText(class_name, 'the class of the learning rate');
  const config = asObject(rawConfig, `the config of ${className}`);
  const Type = classesIn(optimizers, optimizers.LearningRateSchedule).get(className);
  if (!Type) throw new ValueError(`Expected a known learning rate schedule. Received: ${className}.`);
  return new Type(
    Object.fromEntries(
      Object.entries(config)
        .filter(([, item]) => item !== null)
        .map(([key, item]) => [toCamelCase(key), item]),
    ) as never,
  );
}

const readOptimizer = (value: unknown): optimizers.Optimizer =>
  typeof value === 'string'
    ? optimizers.getOptimizer(value.toLowerCase() as optimizers.OptimizerName)
    : make(classesIn(optimizers, optimizers.Optimizer), asObject(value, 'the optimizer'), 'optimizers');

/** A name, a class, or a function: Keras 3 writes `{class_name: 'function', config: 'mse'}`. */
function readLoss(value: unknown): losses.Loss | losses.LossName {
  if (isObject(value) && value.class_name !== 'function')
    return make(classesIn(losses, losses.Loss), value, 'losses');
  const name = asText(isObject(value) ? value.config : value, 'the loss');
  losses.getLoss(name as losses.LossName);
  return name as losses.LossName;
}

const metricClasses = () => classesIn(metrics, metrics.Metric);

function readMetric(value: unknown): metrics.Metric | metrics.MetricName {
  if (isObject(value) && value.class_name === 'MeanMetricWrapper') {
    // Keras 2 wraps functions: {name: 'accuracy', fn: 'categorical_accuracy'}.
    const { name, fn } = asObject(value.config, 'a metric');
    const className = asText(fn, 'the function of a metric').replaceAll(/(?:^|_)(\w)/g, (_, c) =>
      c.toUpperCase(),
    );
    return make(metricClasses(), { class_name: className, config: { name } }, 'metrics');
  }
  if (isObject(value) && value.class_name !== 'function') return make(metricClasses(), value, 'metrics');
  return asText(isObject(value) ? value.config : value, 'a metric') as metrics.MetricName;
}
