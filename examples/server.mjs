// Classifies pictures that are sent: node server.mjs model.onnx 8080
// curl --data-binary @photo.jpg http://localhost:8080/classify
import { createServer } from 'node:http';
import { ImageError, loadClassifier } from 'ort-transfer';

const [model, port = '8080'] = process.argv.slice(2);
const classifier = await loadClassifier(model);

const server = createServer(async (request, response) => {
  if (request.url === '/ping') return response.end('pong');
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const send = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  try {
    const { label, probability, known } = await classifier.classify(request, {
      maxBytes: 20_000_000,
      signal: gone.signal,
    });
    send(200, { label, probability, known });
  } catch (error) {
    if (gone.signal.aborted) return;
    // What was sent is at fault, or the server is.
    const isTheirs = error instanceof ImageError;
    send(isTheirs ? 400 : 500, { error: isTheirs ? error.message : 'It failed.' });
  }
});
server.listen(Number(port), () => console.log(`http://localhost:${server.address().port}/classify`));

process.once('SIGTERM', () => {
  server.close();
  void classifier.close();
});
