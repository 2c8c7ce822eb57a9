/**
 * Keras's networks as feature extractors, by the names that the command line has for them. Each is loaded when it is
 * asked for, since most programs need one at most.
 */
import type { ScalingName } from '../../graph/preprocessing.js';
import type { Model } from '../models/model.js';
import type { ImageNetOptions } from './build-application.js';

/** A network that Keras publishes ImageNet weights for. */
export interface Application {
  /** The command line's name: `'resnet50'`. */
  readonly name: string;
  /** Keras's name of the function. */
  readonly className: string;
  /** Height and width in pixels of the pictures that it was trained on. */
  readonly size: number;
  /** The smallest height and width. */
  readonly minSize: number;
  /** The length of an embedding. */
  readonly features: number;
  /** How it wants levels, in the words of Keras's `preprocess_input`; `'none'` where it scales them by itself. */
  readonly scaling: ScalingName;
  /** The number of weights without the top, which tells a file's network. */
  readonly params: number;
  /** Of the weights, as SPDX names it, where it is known. */
  readonly licence?: string;
  /** The network's function. */
  load(): Promise<(options: ImageNetOptions) => Promise<Model>>;
}

/** The size of the weights without the top in megabytes, which is what is downloaded, and what a classifier grows by. */
export const megabytesOf = ({ params }: Pick<Application, 'params'>): number =>
  Math.round((params * 4) / 1e6);

const vgg = { size: 224, minSize: 32, features: 512, scaling: 'caffe', licence: 'CC-BY-4.0' } as const;
const resnet = { size: 224, minSize: 32, features: 2048, scaling: 'caffe', licence: 'MIT' } as const;
const resnetV2 = { size: 224, minSize: 32, features: 2048, scaling: 'tf' } as const;
const own = { minSize: 32, scaling: 'none', licence: 'Apache-2.0' } as const;

/** From small to large weights. */
export const applications: readonly Application[] = [
  {
    ...{ name: 'mobilenet-v3-small', className: 'MobileNetV3Small' },
    ...{ ...own, size: 224, features: 576, params: 939_120 },
    load: async () => (await import('./mobilenet-v3.js')).MobileNetV3Small,
  },
  {
    ...{ name: 'mobilenet-v3-large', className: 'MobileNetV3Large' },
    ...{ ...own, size: 224, features: 960, params: 2_996_352 },
    load: async () => (await import('./mobilenet-v3.js')).MobileNetV3Large,
  },
  {
    ...{ name: 'efficientnetb0', className: 'EfficientNetB0' },
    ...{ ...own, size: 224, features: 1280, params: 4_049_571 },
    load: async () => (await import('./efficientnet.js')).EfficientNetB0,
  },
  {
    ...{ name: 'nasnet-mobile', className: 'NASNetMobile', size: 224, minSize: 32, features: 1056 },
    ...{ scaling: 'tf', licence: 'Apache-2.0', params: 4_269_716 },
    load: async () => (await import('./nasnet.js')).NASNetMobile,
  },
  {
    ...{ name: 'efficientnetv2-b0', className: 'EfficientNetV2B0' },
    ...{ ...own, size: 224, features: 1280, params: 5_919_312 },
    load: async () => (await import('./efficientnet-v2.js')).EfficientNetV2B0,
  },
  {
    ...{ name: 'efficientnetb1', className: 'EfficientNetB1' },
    ...{ ...own, size: 240, features: 1280, params: 6_575_239 },
    load: async () => (await import('./efficientnet.js')).EfficientNetB1,
  },
  {
    ...{ name: 'densenet121', className: 'DenseNet121', size: 224, minSize: 32, features: 1024 },
    ...{ scaling: 'torch', licence: 'BSD-3-Clause', params: 7_037_504 },
    load: async () => (await import('./densenet.js')).DenseNet121,
  },
  {
    ...{ name: 'efficientnetb2', className: 'EfficientNetB2' },
    ...{ ...own, size: 260, features: 1408, params: 7_768_569 },
    load: async () => (await import('./efficientnet.js')).EfficientNetB2,
  },
  {
    ...{ name: 'efficientnetb3', className: 'EfficientNetB3' },
    ...{ ...own, size: 300, features: 1536, params: 10_783_535 },
    load: async () => (await import('./efficientnet.js')).EfficientNetB3,
  },
  {
    ...{ name: 'vgg16', className: 'VGG16', ...vgg, params: 14_714_688 },
    load: async () => (await import('./vgg.js')).VGG16,
  },
  {
    ...{ name: 'vgg19', className: 'VGG19', ...vgg, params: 20_024_384 },
    load: async () => (await import('./vgg.js')).VGG19,
  },
  {
    ...{ name: 'xception', className: 'Xception', size: 299, minSize: 71, features: 2048 },
    ...{ scaling: 'tf', licence: 'MIT', params: 20_861_480 },
    load: async () => (await import('./xception.js')).Xception,
  },
  {
    ...{ name: 'inception-v3', className: 'InceptionV3', size: 299, minSize: 75, features: 2048 },
    ...{ scaling: 'tf', licence: 'Apache-2.0', params: 21_802_784 },
    load: async () => (await import('./inception-v3.js')).InceptionV3,
  },
  {
    ...{ name: 'resnet50v2', className: 'ResNet50V2', ...resnetV2, params: 23_564_800 },
    load: async () => (await import('./resnet-v2.js')).ResNet50V2,
  },
  {
    ...{ name: 'resnet50', className: 'ResNet50', ...resnet, params: 23_587_712 },
    load: async () => (await import('./resnet.js')).ResNet50,
  },
  {
    ...{ name: 'convnext-tiny', className: 'ConvNeXtTiny', ...own, licence: 'MIT' },
    ...{ size: 224, features: 768, params: 27_820_128 },
    load: async () => (await import('./convnext.js')).ConvNeXtTiny,
  },
  {
    ...{ name: 'resnet101v2', className: 'ResNet101V2', ...resnetV2, params: 42_626_560 },
    load: async () => (await import('./resnet-v2.js')).ResNet101V2,
  },
  {
    ...{ name: 'resnet101', className: 'ResNet101', ...resnet, params: 42_658_176 },
    load: async () => (await import('./resnet.js')).ResNet101,
  },
  {
    ...{ name: 'resnet152v2', className: 'ResNet152V2', ...resnetV2, params: 58_331_648 },
    load: async () => (await import('./resnet-v2.js')).ResNet152V2,
  },
  {
    ...{ name: 'resnet152', className: 'ResNet152', ...resnet, params: 58_370_944 },
    load: async () => (await import('./resnet.js')).ResNet152,
  },
];

/** The network of this name; undefined where there is none. */
export const applicationNamed = (name: string | null | undefined): Application | undefined =>
  applications.find((application) => application.name === name);

/** The network with this number of weights without its top. */
export const applicationOfSize = (params: number): Application | undefined =>
  applications.find((application) => application.params === params);
