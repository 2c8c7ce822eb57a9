/** Copies ONNX Runtime's WebAssembly and its loader to where the page asks for them. */
import { cpSync } from 'node:fs';

for (const name of ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'])
  cpSync(`node_modules/onnxruntime-web/dist/${name}`, `public/ort/${name}`);
