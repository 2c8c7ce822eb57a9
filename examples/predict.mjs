// Classifies pictures, in order: node predict.mjs model.onnx a.jpg b.jpg …
import { loadClassifier } from 'ort-transfer';

const [model, ...pictures] = process.argv.slice(2);
const classifier = await loadClassifier(model);
let i = 0;
for await (const answer of classifier.classifyMany(pictures)) {
  const picture = pictures[i++];
  if (answer.error) {
    console.log(`${picture}: ${answer.error.message}`);
    continue;
  }
  const { known, reason, label, probability } = answer;
  const doubt = known ? '' : `${reason === 'no face' ? reason : 'unknown'}, nearest `;
  console.log(`${picture}: ${doubt}${label} ${(100 * probability).toFixed(1)}%`);
}
await classifier.close();
