/** Drives items from their source to their outcomes, with no more of them on the way than agreed. */

export interface MapItemsOptions<Item, Outcome> {
  /** Makes the outcome of an item; `index` counts from 0. */
  readonly handle: (item: Item, index: number) => Promise<Outcome>;
  /** Items on the way at most. */
  readonly capacity: number;
  /** Whether outcomes come in the order of the items rather than as they are done. */
  readonly ordered: boolean;
}

export async function* mapItems<Item, Outcome>(
  items: Iterable<Item> | AsyncIterable<Item>,
  { handle, capacity, ordered }: MapItemsOptions<Item, Outcome>,
): AsyncGenerator<Outcome, void, undefined> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const underway: { isDone: boolean; outcome: Promise<Outcome> }[] = [];
  let index = 0;
  let isExhausted = false;
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    const next = await source.next();
    reading = undefined;
    if (next.done) {
      isExhausted = true;
      return;
    }
    const entry = { isDone: false, outcome: handle(next.value, index++) };
    const finish = () => {
      entry.isDone = true;
    };
    void entry.outcome.then(finish, finish);
    underway.push(entry);
  };
  try {
    while (!isExhausted || underway.length > 0) {
      if (!isExhausted && !reading && underway.length < capacity) reading = read();
      const awaited = ordered ? underway.slice(0, 1) : underway;
      const next = awaited.find(({ isDone }) => isDone);
      if (next) {
        underway.splice(underway.indexOf(next), 1);
        yield await next.outcome;
      } else await Promise.race([...(reading ? [reading] : []), ...awaited.map(({ outcome }) => outcome)]);
    }
  } finally {
    if (!isExhausted) await source.return?.();
  }
}
