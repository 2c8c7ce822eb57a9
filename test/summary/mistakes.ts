import {
  Add,
  add,
  BatchNormalization,
  Concatenate,
  Conv2D,
  Dense,
  DepthwiseConv2D,
  GlobalAveragePooling2D,
  Input,
  MaxPooling2D,
  SeparableConv2D,
} from '../../src/keras/layers/index.js';
import { Functional } from '../../src/keras/models/functional.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { clearSession } from '../../src/keras/naming.js';

const pictures = () => Input({ shape: [8, 8, 3] });
const rows = (size = 8) => Input({ shape: [size] });

/** A layer that has read inputs of one shape is given another. */
function again(
  layer: { apply(inputs: ReturnType<typeof rows>): unknown },
  first: ReturnType<typeof rows>,
  second: ReturnType<typeof rows>,
): void {
  layer.apply(first);
  layer.apply(second);
}

function two(): Functional {
  const [a, b] = [Input({ shape: [8], name: 'a' }), Input({ shape: [4], name: 'b' })];
  const outputs = new Dense({ units: 1 }).apply(new Concatenate().apply([a, b]));
  return new Functional({ inputs: [a, b], outputs, name: 'two' });
}

/** What `mistakes` of `test/parity/summary.py` does wrong, under the same names. */
export const mistakes = {
  dense_of_scalars: () => new Dense({ units: 2 }).apply(Input({ shape: [] })),
  dense_of_other_rows: () => again(new Dense({ units: 2 }), rows(), rows(4)),
  normalisation_of_other_rows: () => again(new BatchNormalization(), rows(), rows(4)),
  normalisation_of_another_rank: () => again(new BatchNormalization(), rows(), pictures()),
  convolution_of_rows: () => new Conv2D({ filters: 2, kernelSize: 3 }).apply(rows()),
  convolution_of_other_channels: () =>
    again(new Conv2D({ filters: 2, kernelSize: 3 }), pictures(), Input({ shape: [8, 8, 4] })),
  depthwise_of_other_channels: () =>
    again(new DepthwiseConv2D({ kernelSize: 3 }), pictures(), Input({ shape: [8, 8, 4] })),
  separable_of_other_channels: () =>
    again(new SeparableConv2D({ filters: 2, kernelSize: 3 }), pictures(), Input({ shape: [8, 8, 4] })),
  pooling_of_rows: () => new MaxPooling2D().apply(rows()),
  global_pooling_of_rows: () => new GlobalAveragePooling2D().apply(rows()),
  sum_of_one: () => new Add().apply(rows()),
  sum_of_different_shapes: () => add([rows(), rows(4)]),
  joining_one: () => new Concatenate().apply(rows()),
  joining_different_shapes: () =>
    new Concatenate().apply([Input({ shape: [8, 2] }), Input({ shape: [4, 2] })]),
  model_of_other_rows: () => two().apply([rows(), rows(5)]),
  model_of_too_few: () => two().apply(rows()),
  one_name_twice: () => {
    const inputs = rows();
    const outputs = new Dense({ units: 2, name: 'q' }).apply(
      new Dense({ units: 2, name: 'q' }).apply(inputs),
    );
    return new Functional({ inputs, outputs });
  },
  one_name_twice_in_a_row: () =>
    new Sequential([new Dense({ units: 2, name: 'q' }), new Dense({ units: 2, name: 'q' })]),
  layer_of_no_name: () => two().getLayer('c'),
  layer_of_no_index: () => two().getLayer({ index: 7 }),
  parameters_of_the_unbuilt: () => new Sequential([new Dense({ units: 2 })], { name: 'late' }).countParams(),
} satisfies Record<string, () => unknown>;

/** The message that a mistake gets, under the names that layers have in a new process. */
export function wordsOf(name: keyof typeof mistakes): string {
  clearSession();
  try {
    mistakes[name]();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'no error';
}
