import { ValueError } from '../../errors.js';
import { Input, InputLayer } from '../layers/input.js';
import type { KerasTensor, Layer } from '../layers/layer.js';
import { Functional } from '../models/functional.js';
import { Model } from '../models/model.js';
import { Sequential } from '../models/sequential.js';
import { asList, asObject, asText, excerpt, isObject, type JsonObject, parseJson } from '../python/json.js';
import { batchShape, deserializeLayer, type LayerContext, toShape } from './layer-config.js';
import { isOperation, replaceOperation } from './operation-config.js';

/** More than any known model has; wiring recurses layer by layer. */
const mostLayers = 4000;

/**
 * Makes a model of the JSON of `modelToJson`, or of Keras 2's or 3's `model.to_json()`, with new weights.
 *
 * @throws ValueError that names the layer that cannot be made
 */
export const modelFromJson = (json: string): Model => modelFromConfig(parseJson(json, "the model's JSON"));

/** Makes a model of its parsed configuration. */
export function modelFromConfig(serialized: unknown, context: LayerContext = {}): Model {
  const { class_name, config } = asObject(serialized, "the model's configuration");
  if (class_name === 'Sequential') return sequentialFromConfig(config, context);
  if (class_name === 'Functional' || class_name === 'Model')
    return functionalFromConfig(asObject(config, "the model's config"), context);
  throw new ValueError(
    `Expected a model of class Functional or Sequential. Received: ${excerpt(class_name)}. Hint: of a subclassed model, save the functional part.`,
  );
}

const isModelClass = (className: unknown): boolean =>
  className === 'Functional' || className === 'Model' || className === 'Sequential';

/** Makes a layer, or a model that is one, of its configuration. */
export const layerFromConfig = (serialized: unknown): Layer => layerOrModel(serialized, {});

const layerOrModel = (serialized: unknown, context: LayerContext): Layer =>
  isModelClass(asObject(serialized, 'a layer').class_name)
    ? modelFromConfig(serialized, context)
    : deserializeLayer(serialized, context);

function checkCount(layers: readonly unknown[], name: string): void {
  if (layers.length > mostLayers)
    throw new ValueError(
      `Expected up to ${mostLayers} layers in model '${name}'. Received: ${layers.length}.`,
    );
}

/** Keras 2.0 to 2.2 wrote a list of layers, later versions an object that has one. */
function sequentialFromConfig(config: unknown, context: LayerContext): Sequential {
  const { name, trainable, layers, build_input_shape } = Array.isArray(config)
    ? ({ layers: config } as JsonObject)
    : asObject(config, "the model's config");
  const modelName = name === undefined ? undefined : asText(name, "the model's name");
  const list = asList(layers, `the layers of model '${modelName ?? 'sequential'}'`);
  checkCount(list, modelName ?? 'sequential');

  const parts: (Layer | KerasTensor)[] = list.map((layer) => layerOrModel(layer, context));
  if (!(parts[0] instanceof InputLayer) && !(parts[0] instanceof Functional)) {
    const first = asObject(asObject(list[0], 'the first layer').config, 'the config of the first layer');
    const shape =
      batchShape(first, 'the first layer') ??
      (build_input_shape == null ? null : toShape(build_input_shape, `model '${modelName}'`));
    if (shape) parts.unshift(Input({ shape: shape.slice(1) }));
  }
  const model = new Sequential(parts, { name: modelName });
  // Layers carry flags of their own, which a model that may train leaves as they are.
  if (trainable === false) model.trainable = false;
  return model;
}

/** A tensor as configurations name it: the layer that makes it, and in which of its uses. */
type Reference = readonly [layer: string, use: number];

/** The name that a model's configuration gives a layer. */
const layerNameOf = ({ name, config }: JsonObject): string =>
  asText(name ?? (isObject(config) ? config.name : undefined), 'the name of a layer');

function functionalFromConfig(config: JsonObject, context: LayerContext): Model {
  const name = asText(config.name, "the model's name");
  const written = asList(config.layers, `the layers of model '${name}'`).map((layer) =>
    asObject(layer, `a layer of model '${name}'`),
  );
  checkCount(written, name);
  const list = written.map((data) => (isOperation(data) ? replaceOperation(data, layerNameOf(data)) : data));
  const uses = new Map<string, (readonly Reference[])[]>();
  for (const [i, data] of list.entries()) {
    const layerName = asText(
      data.name ?? (data.config as JsonObject)?.name,
      `the name of layer ${i} of '${name}'`,
    );
    if (uses.has(layerName))
      throw new ValueError(
        `The name "${layerName}" is used twice in the model. All layer names should be unique.`,
      );
    const nodes = asList(data.inbound_nodes ?? [], `the inbound nodes of layer '${layerName}'`);
    uses.set(
      layerName,
      nodes.map((node) => readNode(node, layerName)),
    );
  }
  const inputs = readEnds(config.input_layers, `the inputs of model '${name}'`);
  const outputs = readEnds(config.output_layers, `the outputs of model '${name}'`);
  const [output, ...others] = outputs;
  if (!output || others.length > 0 || inputs.length === 0)
    throw new ValueError(
      `Expected inputs and one output for model '${name}'. Received: ${inputs.length} and ${outputs.length}.`,
    );

  const layers = new Map([...uses.keys()].map((layerName, i) => [layerName, layerOrModel(list[i], context)]));
  const isLegacy = written.some(({ inbound_nodes }) => [inbound_nodes].flat().some(Array.isArray));
  const wiring = new Wiring(layers, uses, isLegacy ? [...inputs, ...outputs] : null);
  const model = new Model({ inputs: inputs.map(wiring.end), outputs: wiring.end(output), name });
  if (config.trainable === false) model.trainable = false;
  return model;
}

/** Connects layers as references say, each after those it reads. */
class Wiring {
  readonly #made = new Map<string, KerasTensor[]>();
  readonly #offsets = new Map<string, number>();
  readonly #open = new Set<string>();

  constructor(
    readonly layers: ReadonlyMap<string, Layer>,
    readonly uses: ReadonlyMap<string, readonly (readonly Reference[])[]>,
    /** Inputs and outputs in Keras 2's way of counting uses; `null` where Keras 3 counted. */
    readonly legacyEnds: readonly Reference[] | null,
  ) {
    if (!legacyEnds) return;
    // Keras 2 counts the making of a model as its first use, so that the index of the last is as many as there are.
    for (const [name, use] of [...[...uses.values()].flat(2), ...legacyEnds])
      if (layers.get(name) instanceof Functional && use >= this.#usesOf(name).length)
        this.#offsets.set(name, 1);
  }

  /** An input or an output of the model. Here Keras 3, too, counts the making of functional models. */
  readonly end = ([name, use]: Reference): KerasTensor => {
    const isCounted = this.legacyEnds === null && this.layers.get(name)?.className === 'Functional';
    return this.tensor([name, isCounted ? use - 1 : use]);
  };

  readonly tensor = ([name, use]: Reference): KerasTensor => {
    const layer = this.layers.get(name);
    if (!layer) throw new ValueError(`Unknown layer: '${name}'. Hint: the model's configuration is damaged.`);
    if (layer instanceof InputLayer) return layer.output;
    const index = use - (this.#offsets.get(name) ?? 0);
    if (index < 0) throw new ValueError(`Expected a use of layer '${name}' from 0 on. Received: ${index}.`);
    const made = this.#made.get(name) ?? [];
    this.#made.set(name, made);
    const nodes = this.#usesOf(name);
    for (const [i, node] of nodes.entries()) {
      const output = made[index];
      if (output) return output;
      if (i < made.length) continue;
      const key = `${i} ${name}`;
      if (this.#open.has(key))
        throw new ValueError(
          `Expected a model without loops. Received: layer '${name}', which reads what it makes.`,
        );
      this.#open.add(key);
      const inputs = node.map(this.tensor);
      made.push(connect(layer, inputs));
      this.#open.delete(key);
    }
    const output = made[index];
    if (output) return output;
    throw new ValueError(
      `Expected layer '${name}' to be used ${index + 1} times in the model's configuration. Received: ${nodes.length}.`,
    );
  };

  #usesOf(name: string): readonly (readonly Reference[])[] {
    return this.uses.get(name) ?? [];
  }
}

/** Lets a layer's own words through, with its name before them. */
function connect(layer: Layer, inputs: readonly KerasTensor[]): KerasTensor {
  try {
    return layer.apply(inputs);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ValueError(message.includes(layer.name) ? message : `In layer '${layer.name}': ${message}`, {
      cause,
    });
  }
}

/** The inputs of one use of a layer: Keras 3's arguments, or Keras 2's list of references. */
function readNode(node: unknown, layerName: string): readonly Reference[] {
  const where = `the inbound nodes of layer '${layerName}'`;
  const references: Reference[] = [];
  if (isObject(node)) {
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(visit);
      else if (isObject(value) && value.class_name === '__keras_tensor__')
        references.push(readReference(asObject(value.config, where).keras_history, where));
      else if (isObject(value)) Object.values(value).forEach(visit);
    };
    visit(node.args);
    visit(node.kwargs);
  } else for (const reference of asList(node, where)) references.push(readReference(reference, where));
  if (references.length === 0)
    throw new ValueError(`Expected tensors in ${where}. Received: ${excerpt(node)}.`);
  return references;
}

function readReference(value: unknown, where: string): Reference {
  const [layer, use, tensor] = asList(value, where);
  if (typeof layer === 'string' && Number.isInteger(use) && (use as number) >= 0 && tensor === 0)
    return [layer, use as number];
  throw new ValueError(
    `Expected the name of a layer and two indices in ${where}. Received: ${excerpt(value)}.`,
  );
}

/** `["dense", 0, 0]`, or a list or an object of such. */
function readEnds(value: unknown, where: string): Reference[] {
  const list = isObject(value) ? Object.values(value) : asList(value, where);
  return typeof list[0] === 'string'
    ? [readReference(list, where)]
    : list.map((end) => readReference(end, where));
}
