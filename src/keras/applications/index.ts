export type { InputShape } from './architecture.js';
export type { ApplicationOptions, ImageNetOptions } from './build-application.js';
export * as convnext from './convnext.js';
export { type ConvNeXtOptions, ConvNeXtTiny } from './convnext.js';
export type { DecodedPrediction, DecodePredictionsOptions } from './decode-predictions.js';
export { decodePredictions } from './decode-predictions.js';
export * as densenet from './densenet.js';
export { DenseNet121 } from './densenet.js';
export * as efficientnet from './efficientnet.js';
export {
  EfficientNetB0,
  EfficientNetB1,
  EfficientNetB2,
  EfficientNetB3,
} from './efficientnet.js';
export * as efficientnetV2 from './efficientnet-v2.js';
export { EfficientNetV2B0, type EfficientNetV2Options } from './efficientnet-v2.js';
export * as inceptionV3 from './inception-v3.js';
export { InceptionV3 } from './inception-v3.js';
export * as mobilenet from './mobilenet.js';
export { MobileNet, type MobileNetOptions } from './mobilenet.js';
export * as mobilenetV2 from './mobilenet-v2.js';
export { MobileNetV2, type MobileNetV2Options } from './mobilenet-v2.js';
export * as mobilenetV3 from './mobilenet-v3.js';
export { MobileNetV3Large, type MobileNetV3Options, MobileNetV3Small } from './mobilenet-v3.js';
export * as nasnet from './nasnet.js';
export { NASNetMobile } from './nasnet.js';
export * as resnet from './resnet.js';
export * as resnet50 from './resnet.js';
export { ResNet50, ResNet101, ResNet152 } from './resnet.js';
export * as resnetV2 from './resnet-v2.js';
export { ResNet50V2, ResNet101V2, ResNet152V2 } from './resnet-v2.js';
export * as vgg16 from './vgg.js';
export * as vgg19 from './vgg.js';
export { VGG16, VGG19 } from './vgg.js';
export * as vggface2 from './vggface2.js';
export * as xception from './xception.js';
export { Xception } from './xception.js';
