import test from 'ava';
import { sha256 } from '#platform';
import { changeRule } from '../../src/classifier/change-rule.js';
import { readMetadata, writeMetadata } from '../../src/classifier/metadata.js';
import { sealModel } from '../../src/classifier/seal-model.js';
import type { StrangerRule } from '../../src/classifier/strangers.js';
import { decodeModel } from '../../src/graph/onnx.js';
import { checkSeal } from '../../src/graph/seal.js';
import { seededClassifier } from '../export/seeded-classifier.js';

const rule: StrangerRule = { mode: 'far', threshold: 0.5, reject: 0.05, quantiles: [0, 0.5, 1] };

test('the rule is another, the rest of the model is the same, and the file is sealed', async (t) => {
  const model = seededClassifier();
  const metadata = { ...readMetadata(await sealModel(model)), strangers: rule };
  const before = await sealModel({ ...model, metadata: writeMetadata(metadata) });
  const other = { ...rule, threshold: 0.75, reject: 0.2 };
  const after = await changeRule(before, other);
  await t.notThrowsAsync(checkSeal(after, sha256));
  t.deepEqual(readMetadata(after), { ...metadata, strangers: other });
  t.deepEqual(decodeModel(after).graph, decodeModel(before).graph);
  t.true(Buffer.from(await changeRule(after, rule)).equals(Buffer.from(before)), 'and back');
});
