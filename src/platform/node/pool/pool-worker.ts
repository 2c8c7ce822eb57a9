/** The worker thread's end of a pool: loads the entry module, then handles one item after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  buffersOf,
  type Farewell,
  packError,
  type Reply,
  type Task,
  type WorkerStart,
} from './pool-protocol.js';

const reply = (message: Reply, transfer: Iterable<ArrayBuffer> = []): void =>
  parentPort!.postMessage(message, [...transfer]);

const { entry, setup } = workerData as WorkerStart;
try {
  const { start } = await import(entry);
  if (typeof start !== 'function')
    throw new Error(`Expected a worker entry that exports a function \`start\`. Received: ${entry}.`);
  const handle: (item: unknown) => unknown = await start(setup);
  let last: Promise<void> = Promise.resolve();
  let ended = false;
  parentPort!.on('message', (message: Task | Farewell) => {
    if (message.type === 'end') {
      ended = true;
      void last.then(() => parentPort!.close());
      return;
    }
    const { id, item } = message;
    last = last.then(async () => {
      if (ended) return;
      try {
        const value = await handle(item);
        reply({ type: 'done', id, value }, buffersOf(value));
      } catch (error) {
        reply({ type: 'failed', id, error: packError(error) });
      }
    });
  });
  reply({ type: 'ready' });
} catch (error) {
  reply({ type: 'unable', error: packError(error) });
}
