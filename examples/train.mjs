// Trains a classifier on a folder with one sub-folder of photos a class: node train.mjs photos [weights] [out]
import { train } from 'ort-transfer';

const [photos, weights = 'imagenet', out = 'onnx'] = process.argv.slice(2);
const { model, accuracy, labels } = await train({ train: photos, weights, out });
console.log(
  `${model} knows ${labels.join(', ')}; ${(100 * accuracy).toFixed(1)}% of left-out photos were named rightly`,
);
