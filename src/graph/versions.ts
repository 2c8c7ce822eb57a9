import { OnnxFormatError } from './onnx-format-error.js';

/** The oldest operator set that ONNX Runtime promises to run, and that is understood here. */
export const oldestOpset = 7;
/** The set that older operations are brought up to. */
export const modernOpset = 18;
/** The newest set that the ONNX Runtime in `package.json` promises to run. */
export const newestOpset = 26;
/** The newest version of the file format that it reads. */
const newestIr = 13;

/** @throws OnnxFormatError when a file is newer than the ONNX Runtime in `package.json` */
export function checkVersions({ ir, opset }: { readonly ir: number; readonly opset: number }): void {
  if (ir > newestIr)
    throw new OnnxFormatError(
      `Expected ONNX IR version ${newestIr} at most. Received: ${ir}. Hint: export the model anew with an older version of onnx, or update ort-transfer.`,
    );
  if (opset > newestOpset)
    throw new OnnxFormatError(
      `Expected operator set ${oldestOpset} to ${newestOpset}. Received: ${opset}. Hint: export the model anew, with opset_version=${modernOpset}.`,
    );
}
