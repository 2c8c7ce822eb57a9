/** Vite refuses scripts in public/ while it develops; ONNX Runtime's loader is one that it need not touch. */
const serveLoader = {
  name: 'serve-onnxruntime-loader',
  configureServer({ middlewares }) {
    middlewares.use((request, _, next) => {
      if (request.url.startsWith('/ort/')) request.url = request.url.replace('?import', '');
      next();
    });
  },
};

export default {
  plugins: [serveLoader],
  // The worker imports ONNX Runtime when it is needed, so it is several files.
  worker: { format: 'es' },
  // ONNX Runtime without the loader inside: it lies in public/ort, with the WebAssembly it belongs to.
  resolve: {
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'],
  },
  // Workers are found by their own address, which bundling in advance changes; onnx-proto is CommonJS and needs it.
  optimizeDeps: { exclude: ['ort-transfer'], include: ['ort-transfer > onnx-proto'] },
};
