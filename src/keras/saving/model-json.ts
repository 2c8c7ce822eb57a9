import { initializerClasses } from '../initializers.js';
import { layerClasses } from '../layers/layer-classes.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import * as optimizers from '../optimizers/index.js';
import { pythonJson } from '../python/json.js';
import { regularizerClasses } from '../regularizers.js';
import { classesIn, type Fields } from '../serialized.js';

/** A configuration as JSON, in which Python finds the types that it insists on. */
export const modelJson = (config: unknown): string =>
  pythonJson(config, (className) => {
    floatsByClass ??= collectFloats();
    // Keras 2 finds the optimizers that step as Keras 3's do under `Custom>RMSprop`.
    return floatsByClass.get(className.replace('Custom>', ''));
  });

let floatsByClass: Map<string, Set<string>> | undefined;

/** The floats that every class tells of; a loss and a metric of one name have the same ones. */
function collectFloats(): Map<string, Set<string>> {
  const floats = new Map<string, Set<string>>();
  for (const [name, { fields, formerFields }] of layerClasses) {
    const keys = floatsAmong(fields);
    floats.set(name, new Set([...keys, ...keys.map((key) => formerFields[key] ?? key)]));
  }
  const { Loss } = losses;
  const { Metric } = metrics;
  const { Optimizer, LearningRateSchedule } = optimizers;
  for (const classes of [
    initializerClasses,
    regularizerClasses,
    classesIn(losses, Loss),
    classesIn(metrics, Metric),
    classesIn(optimizers, Optimizer),
    classesIn(optimizers, LearningRateSchedule),
  ])
    for (const [name, { floats: own }] of classes)
      floats.set(name, new Set([...(floats.get(name) ?? []), ...own]));
  return floats;
}

const floatsAmong = (fields: Fields): string[] =>
  Object.keys(fields).filter((key) => fields[key]?.startsWith('float'));
