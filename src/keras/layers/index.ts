/** `keras.layers`. */
export { ValueError } from '../../errors.js';
export type { Shape } from '../symbolic-shape.js';
export { Activation, type ActivationOptions } from './activation.js';
export { Add, add } from './add.js';
export { Average, average } from './average.js';
export { BatchNormalization, type BatchNormalizationOptions } from './batch-normalization.js';
export { Concatenate, type ConcatenateOptions, concatenate } from './concatenate.js';
export { Conv2D, type Conv2DOptions } from './conv2d.js';
export { Cropping2D, type Cropping2DOptions } from './cropping2d.js';
export { Dense, type DenseOptions } from './dense.js';
export { DepthwiseConv2D, type DepthwiseConv2DOptions } from './depthwise-conv2d.js';
export { Dropout, type DropoutOptions } from './dropout.js';
export { ELU, type ELUOptions } from './elu.js';
export { Maximum, Minimum, maximum, minimum } from './extremes.js';
export { Flatten } from './flatten.js';
export { GaussianNoise, type GaussianNoiseOptions } from './gaussian-noise.js';
export {
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  type GlobalPooling2DOptions,
} from './global-pooling2d.js';
export { GroupNormalization, type GroupNormalizationOptions } from './group-normalization.js';
export { Input, InputLayer, type InputOptions } from './input.js';
export { type CallOptions, KerasTensor, Layer, type LayerOptions } from './layer.js';
export { LayerNormalization, type LayerNormalizationOptions } from './layer-normalization.js';
export { LayerScale, type LayerScaleOptions } from './layer-scale.js';
export { LeakyReLU, type LeakyReLUOptions } from './leaky-relu.js';
export { Multiply, multiply } from './multiply.js';
export { Normalization, type NormalizationOptions } from './normalization.js';
export { Permute, type PermuteOptions } from './permute.js';
export { AveragePooling2D, MaxPooling2D, type Pooling2DOptions } from './pooling2d.js';
export { PReLU, type PReLUOptions } from './prelu.js';
export { ReLU, type ReLUOptions } from './relu.js';
export { Rescaling, type RescalingOptions } from './rescaling.js';
export { Reshape, type ReshapeOptions } from './reshape.js';
export { SeparableConv2D, type SeparableConv2DOptions } from './separable-conv2d.js';
export { Softmax, type SoftmaxOptions } from './softmax.js';
export { SpatialDropout2D, type SpatialDropout2DOptions } from './spatial-dropout2d.js';
export { Subtract, subtract } from './subtract.js';
export { UnitNormalization, type UnitNormalizationOptions } from './unit-normalization.js';
export { UpSampling2D, type UpSampling2DOptions } from './up-sampling2d.js';
export { ZeroPadding2D, type ZeroPadding2DOptions } from './zero-padding2d.js';
