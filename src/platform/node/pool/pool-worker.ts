/** The worker thread's end of a pool: loads the entry module, then handles one item after the other. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { buffersOf, type Farewell, type Reply, type Task, type WorkerStart } from './pool-protocol.js';
import { packError } from './sent-error.js';

// This module is only ever started as a thread, which has a parent.
const parent = parentPort as MessagePort;
const reply = (message: Reply, transfer: Iterable<ArrayBuffer> = []): void =>
  parent.postMessage(message, [...transfer]);

const { entry, setup } = workerData as WorkerStart;
try {
  const { start } = await import(entry);
  if (typeof start !== 'function')
    throw new Error(`Expected a worker entry that exports a function \`start\`. Received: ${entry}.`);
  const handle: (item: unknown) => unknown = await start(setup);
  let last: Promise<void> = Promise.resolve();
  let ended = false;
  parent.on('message', (message: Task | Farewell) => {
    if (message.type === 'end') {
      ended = true;
      void last.then(() => parent.close());
      return;
    }
    const { item } = message;
    last = last.then(async () => {
      if (ended) return;
      try {
        const value = await handle(item);
        reply({ type: 'done', value }, buffersOf(value));
      } catch (error) {
        reply({ type: 'failed', error: packError(error) });
      }
    });
  });
  reply({ type: 'ready' });
} catch (error) {
  reply({ type: 'unable', error: packError(error) });
}
