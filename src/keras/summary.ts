import { ValueError } from '../errors.js';
import { sizeOf } from '../graph/tensor.js';
import { classOf, type KerasTensor, type Layer } from './layers/layer.js';
import { Functional } from './models/functional.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { fixed } from './python/format.js';
import { formatTable, wrap } from './text-table.js';
import type { Variable } from './variable.js';

export interface SummaryOptions {
  /** Length of the table's lines. Default: 88, or 108 with connections, as far as the terminal is wide. */
  lineLength?: number;
  /** Where the columns end, as fractions of the line. Default: 0.45, 0.8, 1, or 0.3, 0.56, 0.74, 1 with connections. */
  positions?: readonly number[];
  /** Lists the layers within models, too. Default: false. */
  expandNested?: boolean;
  /** Adds a column that says which layers train. Default: false. */
  showTrainable?: boolean;
  /** Names, or regular expressions, of the first and the last layer to list. Default: all layers. */
  layerRange?: readonly [string, string];
  /** The optimizer, whose size is told, too, once it is built. Default: none. */
  optimizer?: Optimizer;
  /** Width of the terminal in characters. Default: 80, which Keras takes where there is no terminal. */
  columns?: number;
}

/**
 * The table of a model's layers and weights, in the very characters of Keras's `model.summary()` where it writes
 * without colours.
 *
 * Models that are more than a chain of layers have a column of each layer's inputs:
 * `name[use of that layer][output of that use]`.
 *
 * @throws ValueError when the columns do not fit, or no layers match the range.
 */
export function formatSummary(model: Functional, options: SummaryOptions = {}): string {
  const {
    lineLength: wantedLength,
    positions,
    expandNested = false,
    showTrainable = false,
    layerRange,
    columns = 80,
    optimizer,
  } = options;
  const isChain = isChainOfLayers(model);
  const rowsOf = (layer: Layer, level: number): string[][] => {
    const row = [nameOf(layer, level), shapeOf(layer), paramsOf(layer)];
    if (!isChain) row.push(connectionsOf(layer, model));
    if (showTrainable) row.push(layer.weights.length === 0 ? '-' : layer.trainable ? 'Y' : 'N');
    if (!expandNested || !(layer instanceof Functional)) return [row];
    return [row, ...layer.operations.flatMap((inner) => rowsOf(inner, level + 1))];
  };
  const [start, end] = boundsOf(model.operations, layerRange);
  const rows = model.operations.slice(start, end).flatMap((layer) => rowsOf(layer, 0));
  const { lineLength, ...layout } = layoutOf(
    isChain,
    showTrainable,
    { lineLength: wantedLength, positions },
    columns,
  );

  const lines = [
    ...wrap(`Model: "${model.name}"`, columns, true),
    ...formatTable(layout.columns, rows, lineLength),
    ...totals(model, optimizer).flatMap((line) => wrap(line, columns, true)),
  ];
  return lines.map((line) => `${line.slice(0, columns)}\n`).join('');
}

const HEADERS = [
  { header: 'Layer (type)', align: 'left' },
  { header: 'Output Shape', align: 'left' },
  { header: 'Param #', align: 'right' },
  { header: 'Connected to', align: 'left' },
] as const;

function layoutOf(isChain: boolean, showTrainable: boolean, options: SummaryOptions, columns: number) {
  const headers: { header: string; align: 'left' | 'right' | 'center' }[] = HEADERS.slice(0, isChain ? 3 : 4);
  let positions = options.positions ?? (isChain ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1]);
  let natural = isChain ? 88 : 108;
  if (showTrainable) {
    headers.push({ header: 'Trainable', align: 'center' });
    positions = [...positions.map((position) => position * 0.9), 1];
    natural += 12;
  }
  const lineLength = options.lineLength ?? Math.min(natural, columns - 4);
  let used = 0;
  return {
    lineLength,
    columns: headers.map((header, i) => {
      const width = Math.trunc((positions[i] ?? 0) * lineLength) - used;
      if (width < 4) throw new ValueError('Insufficient console width to print summary.');
      used += width;
      return { ...header, width };
    }),
  };
}

/** Whether the layers follow each other one by one, none of them used twice. */
function isChainOfLayers(model: Functional): boolean {
  if (model.className === 'Sequential') return true;
  const { tensors } = model;
  return (
    model.inputs.length === 1 &&
    tensors.every(({ inputs }) => inputs.length <= 1) &&
    new Set(tensors.map(({ layer }) => layer)).size === tensors.length
  );
}

const nameOf = (layer: Layer, level: number): string =>
  `${level > 0 ? `${'   '.repeat(level)}└ ` : ''}${layer.name} (${layer.className})`;

function shapeOf(layer: Layer): string {
  const output = layer.uses.at(-1) ?? (layer instanceof Functional && layer.built ? layer.output : null);
  return output ? `(${output.shape.map((size) => size ?? 'None').join(', ')})` : '?';
}

const paramsOf = (layer: Layer): string =>
  layer.built || classOf(layer).isBuiltAtOnce ? grouped(countOf(layer.weights)) : '0 (unbuilt)';

/** The inputs of each use of the layer in this model. */
function connectionsOf(layer: Layer, model: Functional): string {
  const inModel = new Set<KerasTensor>(model.tensors);
  const uses = layer.uses.filter((output) => inModel.has(output));
  const reads = uses.flatMap((use) =>
    use.inputs.map((input) => `${input.layer.name}[${input.layer.uses.indexOf(input)}][0]`),
  );
  return reads.join(', ') || '-';
}

/** The first and the last layer that match the range, in whichever order they stand. */
function boundsOf(layers: readonly Layer[], range?: readonly [string, string]): [number, number] {
  if (!range) return [0, layers.length];
  const [first, last] = range;
  const matches = (pattern: string) => {
    const regular = new RegExp(`^(?:${pattern})`);
    return ({ name }: Layer) => regular.test(name);
  };
  const indicesOf = (pattern: string): [from: number, to: number] => [
    layers.findIndex(matches(pattern)),
    layers.findLastIndex(matches(pattern)),
  ];
  const [[firstOfFirst, lastOfFirst], [firstOfLast, lastOfLast]] = [indicesOf(first), indicesOf(last)];
  if (firstOfFirst < 0 || lastOfLast < 0)
    throw new ValueError(
      `Passed layer_names do not match the layer names in the model. Received: ['${first}', '${last}']`,
    );
  return firstOfFirst > lastOfLast ? [firstOfLast, lastOfFirst + 1] : [firstOfFirst, lastOfLast + 1];
}

function totals(model: Functional, optimizer: Optimizer | undefined): string[] {
  const [trainable, nonTrainable] = [countOf(model.trainableWeights), countOf(model.nonTrainableWeights)];
  const [trainableBytes, otherBytes] = [bytesOf(model.trainableWeights), bytesOf(model.nonTrainableWeights)];
  const kept = optimizer?.built ? sizeOfOptimizer(optimizer) : null;
  const line = (title: string, params: number, bytes: number) =>
    ` ${title} params: ${grouped(params)} (${memory(bytes)})`;
  return [
    line(
      'Total',
      trainable + nonTrainable + (kept?.params ?? 0),
      trainableBytes + otherBytes + (kept?.bytes ?? 0),
    ),
    line('Trainable', trainable, trainableBytes),
    line('Non-trainable', nonTrainable, otherBytes),
    ...(kept ? [line('Optimizer', kept.params, kept.bytes)] : []),
  ];
}

/** Its slots, the learning rate (unless a schedule determines it), and the count of steps, an int64. */
function sizeOfOptimizer(optimizer: Optimizer): { params: number; bytes: number } {
  let floats = typeof optimizer.getConfig().learning_rate === 'number' ? 1 : 0;
  for (const parameter of optimizer.parameters ?? [])
    for (const slot of optimizer.slots(parameter)) floats += optimizer.initialSlot(parameter, slot).length;
  return { params: floats + 1, bytes: 4 * floats + 8 };
}

/** The number of scalars; a weight that is shared counts once. */
const countOf = (weights: readonly Variable[]): number =>
  [...new Set(weights)].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

const bytesOf = (weights: readonly Variable[]): number =>
  [...new Set(weights)].reduce(
    (sum, { shape, dtype }) => sum + sizeOf(shape) * (dtype === 'int64' ? 8 : 4),
    0,
  );

const grouped = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');

function memory(bytes: number): string {
  let size = bytes;
  for (const unit of ['B', 'KB', 'MB', 'GB', 'TB', 'PB']) {
    if (size < 1024) return `${fixed(size, 2)} ${unit}`;
    size /= 1024;
  }
  return `${fixed(size, 2)} PB`;
}
