import test from 'ava';
import type { Graph } from '../../src/graph/graph.js';
import { evaluationGraph, trainingGraph } from '../../src/graph/training.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Dropout } from '../../src/keras/layers/dropout.js';
import { Input } from '../../src/keras/layers/input.js';
import { CategoricalCrossentropy } from '../../src/keras/losses/index.js';
import { CategoricalAccuracy } from '../../src/keras/metrics/index.js';
import { Model } from '../../src/keras/models/model.js';
import { trainingPlan } from '../../src/keras/models/plan.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { SGD } from '../../src/keras/optimizers/index.js';
import { L1L2 } from '../../src/keras/regularizers.js';

/** The graph and those inside its nodes. */
const graphs = (graph: Graph): Graph[] => [
  graph,
  ...graph.nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((value) =>
      typeof value === 'object' && 'graph' in value ? graphs(value.graph) : [],
    ),
  ),
];

/** What a model with a model in it is trained with. */
function plan() {
  const pictures = Input({ shape: [6], name: 'features' });
  const hidden = new Dense({ units: 4, kernelRegularizer: L1L2({ l2: 0.01 }), name: 'hidden' });
  const body = new Sequential([Input({ shape: [6] }), hidden, new BatchNormalization({ name: 'norm' })], {
    name: 'body',
  });
  const x = new Dropout({ rate: 0.5, name: 'drop' }).apply(body.apply(pictures));
  const outputs = new Dense({ units: 3, activation: 'softmax', name: 'classes' }).apply(x);
  const compiled = {
    loss: new CategoricalCrossentropy(),
    metrics: [new CategoricalAccuracy()],
    optimizer: new SGD({ momentum: 0.9, clipnorm: 1 }),
  };
  return { ...trainingPlan(new Model({ inputs: pictures, outputs }), compiled), weighted: true };
}

test('weights are called by the path of their layer, in training as in evaluation', (t) => {
  const weights = [
    'body/hidden/kernel',
    'body/hidden/bias',
    'body/norm/gamma',
    'body/norm/beta',
    'classes/kernel',
    'classes/bias',
  ];
  const averages = ['body/norm/moving_mean', 'body/norm/moving_variance'];
  const names = (graph: Graph) => graph.inputs.map(({ name }) => name);
  t.deepEqual(names(trainingGraph(plan()).graph), [
    ...['x_0', 'y', 'sample_weight', 'order', 'batch_size', 'steps', 'learning_rate', 'iterations', 'seed'],
    ...weights,
    ...averages,
    ...weights.map((name) => `${name}.momentum`),
  ]);
  t.deepEqual(names(evaluationGraph(plan()).graph), ['x_0', 'y', 'sample_weight', ...weights, ...averages]);
});

test('what a batch changes is carried on without a copy', (t) => {
  const [, batch] = graphs(trainingGraph(plan()).graph);
  // The condition of the loop is handed through, which needs one.
  t.deepEqual(
    batch!.nodes.filter(({ op }) => op === 'Identity').map(({ inputs }) => inputs),
    [['go_on']],
  );
  t.is(new Set(batch!.outputs.map(({ name }) => name)).size, batch!.outputs.length);
});

test('every operation of training is called after the layer, or the step, that it belongs to', (t) => {
  const [, batch] = graphs(trainingGraph(plan()).graph);
  const scopes = batch!.nodes
    .filter(({ op }) => op !== 'Identity')
    .map(({ name }) => name.replace(/\/\w+$/, ''));
  t.deepEqual([...new Set(scopes)].sort(), [
    'batch',
    'batch/learning_rate',
    'batch/sample_weight',
    'batch/samples',
    'batch/step',
    'batch/x_0',
    'batch/y',
    'body/gradient/hidden/gradient',
    'body/gradient/norm/gradient',
    'body/hidden',
    'body/hidden/bias/update',
    'body/hidden/kernel/penalty',
    'body/hidden/kernel/update',
    'body/norm',
    'body/norm/beta/update',
    'body/norm/gamma/update',
    'categorical_accuracy',
    'classes',
    'classes/bias/update',
    'classes/gradient',
    'classes/kernel/update',
    'clip',
    'drop',
    'drop/gradient',
    'drop/noise',
    'loss',
    'sums',
  ]);
});
