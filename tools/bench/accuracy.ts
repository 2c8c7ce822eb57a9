import { existsSync } from 'node:fs';
import { evaluateClassifier } from '../../src/transfer/evaluate/evaluate.js';
import { silent } from '../../src/transfer/reporter.js';
import { thumbnailBaseline } from '../thumbnail-baseline.js';
import type { Row } from './median.js';

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;

/** How well the sample can be told apart without a network, and with the model that `make train` made. */
export async function benchAccuracy({ sample, model }: { sample: string; model: string }): Promise<Row[]> {
  const thumbnails = await thumbnailBaseline(`${sample}/train`, `${sample}/test`);
  const rows: Row[] = [['sample: logistic regression on 16×16 thumbnails', percent(thumbnails)]];
  if (!existsSync(model))
    return [...rows, ['sample: trained model', `not measured: ${model} is missing, make train`]];
  const { accuracy } = await evaluateClassifier({ folder: `${sample}/test`, model }, silent);
  return [...rows, ['sample: trained model', percent(accuracy)]];
}
