import type { FeatureExtractor } from '../../classifier/backbone.js';
import { applicationNamed, megabytesOf } from '../../keras/applications/registry.js';

/** From here on a network is large, in megabytes of weights, and a set of pictures is not small. */
const largeMegabytes = 50;
const manyPictures = 1000;

/** A warning where a large network is to learn from few pictures. */
export function describeNetwork(
  { info, features }: Pick<FeatureExtractor, 'info' | 'features'>,
  pictures: number,
): string[] {
  const application = applicationNamed(info.name);
  if (!application || pictures >= manyPictures || megabytesOf(application) < largeMegabytes) return [];
  return [
    `${info.name} is ${megabytesOf(application)} MB of weights and gives ${features} features, which is much for ${pictures} pictures: a smaller network often does as well or better, and answers sooner. Hint: compare with --weights imagenet (13 MB, 1024 features) or mobilenet-v3-large (12 MB, 960).`,
  ];
}
