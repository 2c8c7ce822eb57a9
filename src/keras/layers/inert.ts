import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

/** Keras's layers that pass their input on when a model predicts, and change it or the loss while it trains. */
const inertClasses: ReadonlySet<string> = new Set(
  `ActivityRegularization AlphaDropout AugMix CutMix GaussianDropout MixUp RandAugment RandomBrightness
  RandomColorDegeneration RandomColorJitter RandomContrast RandomElasticTransform RandomErasing RandomFlip
  RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization
  RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom
  SpatialDropout1D SpatialDropout3D`.split(/\s+/),
);

export const isInertClass = (className: string): boolean => inertClasses.has(className);

export interface InertOptions extends LayerOptions {
  /** The name of Keras's class. */
  className: string;
  /** The rest of its configuration, which is kept as it was read. */
  config: Config;
}

/** A layer of a file that does nothing when the model predicts. It refuses to train. */
export class Inert extends Layer {
  readonly #className: string;
  readonly #config: Config;

  constructor(options: InertOptions) {
    const { className, config, ...others } = named(options, new.target);
    super(others);
    this.#className = className;
    this.#config = config;
  }

  override get className(): string {
    return this.#className;
  }

  override get isRandom(): boolean {
    return true;
  }

  override forward({ training }: Context, [x]: PerInput<Value>): Forward {
    if (training)
      throw new ValueError(
        `Expected layers that train. Received: '${this.name}' (${this.className}), which only predicts here. Hint: make the model without it to train on, and augment with ImageDataGenerator.`,
      );
    return { output: x, backward: (dy) => ({ inputs: [dy] }) };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), ...this.#config };
  }
}
