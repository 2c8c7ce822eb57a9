export {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
} from './cosine.js';
export {
  type DecayOptions,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  type PiecewiseConstantDecayOptions,
  PolynomialDecay,
  type PolynomialDecayOptions,
} from './decay.js';
export { LearningRateSchedule } from './schedule.js';
