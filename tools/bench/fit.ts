import { ortNode } from '../../src/engine/ort-node.js';
import { float32 } from '../../src/graph/tensor.js';
import { Dense, GlobalAveragePooling2D, Input } from '../../src/keras/layers/index.js';
import { Model } from '../../src/keras/models/index.js';
import { RMSprop } from '../../src/keras/optimizers/index.js';
import { ImageDataGenerator } from '../../src/keras/preprocessing/index.js';
import { type TrainHeadOptions, trainHead } from '../../src/transfer/head.js';
import { inTurn, type Row } from './median.js';

/** The article's job: pictures, views of each in an epoch, classes, and the length of an embedding. */
const [pictures, views, classes, features] = [283, 8, 14, 1024] as const;
const batchSize = 16;

/**
 * What the Keras API costs beyond `ort-transfer train`, from embeddings to a trained head: an image iterator whose
 * frozen part is a mean over one pixel, in 8 views, against the function that the command calls.
 */
export async function benchFit({ rounds, epochs }: { rounds: number; epochs: number }): Promise<Row[]> {
  const engine = await ortNode({ provider: 'cpu' });
  const x = Float32Array.from({ length: pictures * features }, (_, i) => ((i * 2654435761) % 1000) / 1000);
  const labels = Array.from({ length: pictures }, (_, i) => i % classes);
  const embedding = (i: number) => x.subarray(i * features, (i + 1) * features);
  const training: TrainHeadOptions['training'] = {
    folder: '',
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    pictures: labels.map((label, i) => ({
      ...{ path: '', content: '', label },
      views: Array.from({ length: views }, () => embedding(i)),
    })),
    skipped: [],
  };
  const command = () =>
    trainHead({ training, validation: null, engine, epochs, batchSize, views, verbose: 2, print() {} });

  const y = new Float32Array(pictures * classes);
  for (const [i, label] of labels.entries()) y[i * classes + label] = 1;
  const api = async () => {
    const generator = new ImageDataGenerator({ horizontalFlip: true, warn() {} });
    const iterator = generator.flow(float32(x, [pictures, 1, 1, features]), float32(y, [pictures, classes]), {
      batchSize,
    });
    const inputs = Input({ shape: [1, 1, features] });
    let head = new GlobalAveragePooling2D().apply(inputs);
    for (const units of [1024, 512, 512]) head = new Dense({ units, activation: 'relu' }).apply(head);
    const outputs = new Dense({ units: classes, activation: 'softmax' }).apply(head);
    const model = new Model({ inputs, outputs });
    model.compile({
      optimizer: new RMSprop(),
      loss: 'categorical_crossentropy',
      metrics: ['accuracy'],
      engine,
    });
    await model.fitGenerator(iterator, {
      stepsPerEpoch: Math.ceil((pictures * views) / batchSize),
      ...{ epochs, views, verbose: 2, print() {}, warn() {} },
    });
    await model.release();
  };
  const times = await inTurn({ command, api }, rounds);
  const over = 100 * (times.api / times.command - 1);
  return [
    [
      `training, ${epochs} × ${pictures * views} embeddings: as ort-transfer train`,
      `${seconds(times.command)}`,
    ],
    ['  fitGenerator through the Keras API', `${seconds(times.api)}, ${over.toFixed(1)}% more`],
  ];
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
