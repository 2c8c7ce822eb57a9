// The pictures most like the first one: node embed.mjs model.onnx photo.jpg others/*.jpg
import { loadClassifier } from 'ort-transfer';

const [model, picture, ...others] = process.argv.slice(2);
const classifier = await loadClassifier(model);
const cosine = (a, b) => {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};
const wanted = await classifier.embed(picture);
const found = await Promise.all(
  others.map(async (path) => ({ path, alike: cosine(wanted, await classifier.embed(path)) })),
);
for (const { path, alike } of found.sort((a, b) => b.alike - a.alike))
  console.log(`${alike.toFixed(3)} ${path}`);
await classifier.close();
