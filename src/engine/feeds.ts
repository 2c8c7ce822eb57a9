import { UserError } from '../errors.js';
import type { Dim, ValueInfo } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tensors } from './engine.js';

/** Tensors that do not fit the inputs of a graph. */
class FeedError extends UserError {
  override name = 'FeedError';
}

/**
 * Checks that `feeds` names every input of a graph, no other, each with its type and shape. A named dimension has one
 * size wherever the inputs use it.
 *
 * @returns the tensors in the order of `inputs`
 * @throws FeedError with the expected and the received
 */
export function feedsInOrder(inputs: readonly ValueInfo[], feeds: Tensors): Tensor[] {
  const expected = inputs.map(({ name }) => name);
  const received = Object.keys(feeds);
  const missing = expected.filter((name) => feeds[name] === undefined);
  const unknown = received.filter((name) => !expected.includes(name));
  if (missing.length > 0 || unknown.length > 0)
    throw new FeedError(
      `Expected a tensor for each of: ${expected.join(', ')}. Received: ${received.join(', ') || 'none'}. ` +
        `Hint: ${missing.length > 0 ? `'${missing[0]}' is missing.` : `the graph has no input '${unknown[0]}'.`}`,
    );

  const given = inputs.flatMap((input) => {
    const feed = feeds[input.name];
    return feed ? [{ ...input, feed }] : [];
  });
  const sizes = new Map<string, number>();
  for (const { name, type, dims, feed } of given) {
    const fits = (dim: Dim, i: number) => {
      const size = feed.dims[i] ?? 0;
      if (typeof dim === 'number') return size === dim;
      // Readers write `dim_0` and '' for dimensions that have no name in the file.
      if (dim === '' || /^dim_\d+$/.test(dim)) return true;
      if (!sizes.has(dim)) sizes.set(dim, size);
      return sizes.get(dim) === size;
    };
    if (feed.type !== type || feed.dims.length !== dims.length || !dims.every(fits)) {
      const known = [...new Set(dims)].filter((dim) => sizes.has(dim as string));
      throw new FeedError(
        `Expected ${type} [${dims.map((dim) => dim || '?').join(', ')}] for input '${name}'` +
          `${known.map((dim) => `, ${dim} = ${sizes.get(dim as string)}`).join('')}. ` +
          `Received: ${feed.type} [${feed.dims.join(', ')}].`,
      );
    }
  }
  return given.map(({ feed }) => feed);
}
