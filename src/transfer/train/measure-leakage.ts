import type { Dataset } from '../../classifier/dataset.js';
import type { LeftOut } from '../../classifier/fit-head.js';
import { findLeaked, type Leakage, tellsThings, withAccuracy } from '../../classifier/leakage.js';
import type { BackboneInfo } from '../../classifier/metadata.js';
import { argMax } from '../../classifier/metrics.js';
import type { Engine } from '../../engine/engine.js';

interface JudgedSplits {
  readonly training: Dataset;
  readonly validation: Dataset;
  /** The answers on the validation pictures. */
  readonly leftOut: readonly LeftOut[];
}

/** Counts the pairs of a validation picture and a training picture that are copies, or probably show the same thing. */
export async function measureLeakage(
  { training, validation, leftOut }: JudgedSplits,
  { engine, info }: { engine: Engine; info: BackboneInfo },
): Promise<Leakage> {
  const looks = tellsThings(info);
  const compared = ({ pictures }: Dataset) =>
    pictures.map(({ path, content, views: [embedding] }) => ({
      path,
      content,
      ...(looks ? { embedding } : {}),
    }));
  const leaked = await findLeaked(compared(validation), compared(training), engine);
  return withAccuracy(
    leaked,
    leftOut.map(({ picture: { path, label }, probabilities }) => ({
      path,
      isRight: argMax(probabilities) === label,
    })),
  );
}
