/** Logits (N, C) in row-major order, with the true class of each row. */
export interface ScoredRows {
  readonly logits: ArrayLike<number>;
  readonly labels: readonly number[];
}

/** On separable data the fit would run to 0, as sure as can be; a network is never made surer than it is. */
const [lowest, highest] = [1, 10];

/**
 * The temperature T at which softmax(logits / T) gives true probabilities: that of the lowest mean negative
 * log-likelihood on pictures that the network was not trained on.
 *
 * Source: Guo et al., On Calibration of Modern Neural Networks, 2017, section 4.2.
 *
 * @returns from 1, which changes nothing, to 10; 1 where there are no rows
 */
export function fitTemperature({ logits, labels }: ScoredRows): number {
  if (labels.length === 0) return 1;
  const nll = (logT: number) => meanNll({ logits, labels }, Math.exp(logT));
  // As a function of 1/T the mean is convex, so over ln T it has one minimum: golden-section search finds it.
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(lowest), Math.log(highest)];
  let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
  let [atA, atB] = [nll(a), nll(b)];
  while (high - low > 1e-4) {
    if (atA <= atB) {
      [high, b, atB] = [b, a, atA];
      a = high - golden * (high - low);
      atA = nll(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + golden * (high - low);
      atB = nll(b);
    }
  }
  const best = (low + high) / 2;
  return nll(best) < nll(0) ? Math.exp(best) : 1;
}

/** Mean of −log softmax(logits / T) at the true class. */
export function meanNll({ logits, labels }: ScoredRows, temperature = 1): number {
  const width = logits.length / labels.length;
  let sum = 0;
  for (const [row, label] of labels.entries()) {
    const scaled = Array.from({ length: width }, (_, c) => Number(logits[row * width + c]) / temperature);
    const top = Math.max(...scaled);
    const total = scaled.reduce((all, value) => all + Math.exp(value - top), 0);
    sum += top + Math.log(total) - Number(scaled[label]);
  }
  return sum / labels.length;
}
