import test from 'ava';
import {
  constructorsOf,
  named,
  namesReadBy,
  nearest,
  pythonDict,
  refuseOthers,
} from '../src/named-options.js';

interface SquareOptions {
  side?: number;
  colour?: string;
}

class Shape {
  readonly colour: string;
  constructor({ colour = 'red', ...others }: { colour?: string } = {}) {
    refuseOthers(others, new.target);
    this.colour = colour;
  }
}

class Square extends Shape {
  readonly side: number;
  constructor(options: SquareOptions = {}) {
    const { side = 1, ...others } = named(options, Square);
    super(others);
    this.side = side;
  }
}

class Plain extends Square {}

async function draw(options: { shadow?: boolean; lineWidth?: number } = {}): Promise<number> {
  const { shadow = false, lineWidth = 1, ...others } = named(options, 'draw');
  refuseOthers(others, 'draw', draw);
  return shadow ? 2 * lineWidth : lineWidth;
}

test('options that are known are taken, and absent ones that are undefined', async (t) => {
  t.like(new Plain({ side: 2, colour: undefined }), { side: 2, colour: 'red' });
  t.notThrows(() => new Square({ other: undefined } as never));
  t.is(await draw({ shadow: true, lineWidth: 3 }), 6);
});

test('an option that is not known is refused, with the name that was probably meant', async (t) => {
  t.throws(() => new Square({ size: 2, colr: 'blue' } as never), {
    instanceOf: TypeError,
    message:
      "Square() got an unexpected keyword argument 'size'. Hint: write 'side' for 'size', 'colour' for 'colr'.",
  });
  t.throws(() => new Plain({ x: 2 } as never), {
    message: "Plain() got an unexpected keyword argument 'x'. Hint: it knows side, colour.",
  });
  await t.throwsAsync(draw({ line_width: 2 } as never), {
    message:
      "draw() got an unexpected keyword argument 'line_width'. Hint: write 'lineWidth' for 'line_width'.",
  });
});

test('options that are no object are refused', async (t) => {
  for (const [options, shown] of [
    [0.5, '0.5'],
    ['red', "'red'"],
    [null, 'None'],
    [[1, 2], '[1, 2]'],
    [Float32Array.of(1), '<Float32Array>'],
    [() => 1, 'a function'],
  ] as const)
    t.throws(() => new Square(options as never), {
      instanceOf: TypeError,
      message: `Expected the options of Square by name, in one object. Received: ${shown}. Hint: write Square({ option: value }).`,
    });
  await t.throwsAsync(draw(3 as never), { message: /^Expected the options of draw by name/ });
});

test('the names are those that are destructured, of a class and of those it extends', (t) => {
  t.deepEqual(constructorsOf(Square).flatMap(namesReadBy), ['side', 'colour']);
  t.deepEqual(namesReadBy(draw), ['shadow', 'lineWidth']);
});

test('the nearest name', (t) => {
  const known = [
    'learningRate',
    'weightDecay',
    'rho',
    'momentum',
    'horizontalFlip',
    'minLr',
    'restoreBestWeights',
  ];
  const meant = {
    lr: 'learningRate',
    learning_rate: 'learningRate',
    LearningRate: 'learningRate',
    horizontal_flip: 'horizontalFlip',
    horizontalflip: 'horizontalFlip',
    momentm: 'momentum',
    min_lr: 'minLr',
    restore_best: 'restoreBestWeights',
    decay: 'weightDecay',
    momentumSchedule: null,
    rhoWeights: null,
    foo: null,
    x: null,
  };
  for (const [name, expected] of Object.entries(meant)) t.is(nearest(name, known), expected, name);
});

test('a dictionary as Python shows it', (t) => {
  t.is(
    pythonDict({
      a: 1,
      b: 'x',
      c: true,
      d: null,
      e: [1, 'y'],
      f: {},
      g: new Date(0),
      h: new Array(10).fill(0),
    }),
    "{'a': 1, 'b': 'x', 'c': True, 'd': None, 'e': [1, 'y'], 'f': {…}, 'g': <Date>, 'h': a list of 10}",
  );
});
