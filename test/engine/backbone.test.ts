import test from 'ava';
import { backboneModel, backboneWriter } from '../../src/classifier/backbone.js';
import { jsEngine } from '../../src/engine/js.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { tfScaling } from '../../src/graph/preprocessing.js';
import { MobileNet } from '../../src/keras/applications/mobilenet.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { assertClose } from '../compare.js';
import { bytes, ort } from './node.js';

test('MobileNet gives the same features on engine js as on ONNX Runtime', async (t) => {
  setRandomSeed(11);
  const model = await MobileNet({ weights: null, alpha: 0.25, includeTop: false, inputShape: [128, 128, 3] });
  const bytesOfModel = encodeModel(
    backboneModel(
      { size: [128, 128], scaling: tfScaling, features: 256, opset: 13, write: backboneWriter({ model }) },
      { outputs: ['embedding', 'map'] },
    ),
  );
  const pixels = bytes([2, 128, 128, 3]);
  const expected = await (await (await ort()).load(bytesOfModel)).run({ pixels });
  const actual = await (await jsEngine().load(bytesOfModel)).run({ pixels });
  // 27 convolutions, each rounding sums in an order of its own; most features are small.
  const largest = Math.max(...(expected.map!.data as Float32Array));
  for (const name of ['embedding', 'map'])
    assertClose(t, actual[name]!, expected[name]!, { label: name, relative: 1e-4, absolute: 1e-5 * largest });
});
