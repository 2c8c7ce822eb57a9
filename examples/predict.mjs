// Classifies pictures, in order: node predict.mjs model.onnx a.jpg b.jpg …
import { loadClassifier } from 'ort-transfer';

const [model, ...pictures] = process.argv.slice(2);
const classifier = await loadClassifier(model);
let i = 0;
for await (const answer of classifier.classifyMany(pictures)) {
  const picture = pictures[i++];
  if (answer.error) console.log(`${picture}: ${answer.error.message}`);
  else
    console.log(
      `${picture}: ${answer.known ? answer.label : 'unknown'} ${(100 * answer.probability).toFixed(1)}%`,
    );
}
await classifier.close();
