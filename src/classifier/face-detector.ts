import { readHumanModel } from '#platform';
import type { TfGraphModel } from '../graph/import-tf-graph.js';
import { faceDetectorModel } from '../images/faces/blazeface.js';
import { readTfjsWeights, type TfjsModel } from '../keras/saving/tfjs.js';

/** The face detector of the npm package `@vladmandic/human` as an ONNX file. */
export async function readFaceDetectorModel(): Promise<Uint8Array> {
  const [json, bytes] = await Promise.all([
    readHumanModel('blazeface.json'),
    readHumanModel('blazeface.bin'),
  ]);
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(json)) as TfjsModel;
  const weights = readTfjsWeights(weightsManifest, { 'blazeface.bin': bytes });
  return faceDetectorModel({ modelTopology: modelTopology as TfGraphModel['modelTopology'], weights });
}
