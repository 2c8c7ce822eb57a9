import { MobileNet } from '../../src/applications.js';
import type { Layer } from '../../src/keras/layers/index.js';

/**
 * Writes a file of MobileNet as Keras has them, for levels from −1 to 1: what the weights of faces see, by another name, so
 * that pictures which have nothing in common get embeddings that have nothing in common.
 *
 * @param path ends in `.h5`
 */
export async function writeMobileNet(path: string): Promise<void> {
  const model = await MobileNet({ weights: 'vggface2', includeTop: false, inputShape: [224, 224, 3] });
  const first = model.layers.find((layer: Layer) => layer.weights.length > 0);
  const [kernel, ...others] = (await first?.getWeights()) ?? [];
  if (!first || !kernel) throw new Error('Expected a layer with weights.');
  const [filters, channels] = [32, 3];
  // Those of faces read levels from 0 to 255, blue first.
  const scaled = Float32Array.from(kernel, (_, i) => {
    const [place, channel] = [Math.floor(i / filters / channels), Math.floor(i / filters) % channels];
    return 127.5 * (kernel[(place * channels + channels - 1 - channel) * filters + (i % filters)] ?? 0);
  });
  await first.setWeights([scaled, ...others]);
  await model.saveWeights(path);
}
