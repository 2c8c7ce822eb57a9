/**
 * Depthwise convolution of small images as products of matrices, one for each channel: kernels that change from step to
 * step make ONNX Runtime's `Conv` slow.
 */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { toChannelsFirst } from '../../graph/layout.js';
import { shortcutsOf } from '../../graph/shortcuts.js';
import { float32 } from '../../graph/tensor.js';
import type { Shape } from '../symbolic-shape.js';
import { channelsOver } from './pixels.js';
import { padsOf, slide, type Window } from './sliding-window.js';
import { tapsOf } from './window-gradient.js';

/** More numbers than this for each channel cost more than they save. */
const largestMatrix = 12_000;

/** Height and width of the images that go in and come out. */
type Sizes = Readonly<Record<'in' | 'out', readonly [number, number]>>;

/** A depthwise convolution that makes one channel of each, on images of a known size. */
export class SmallDepthwise {
  readonly #g: GraphBuilder;
  readonly #channels: number;
  readonly #taps: number;
  readonly #sizes: Sizes;
  /** Which pixels an element of the window connects: (kH·kW, in·out) zeros and ones, and with out before in. */
  readonly #connections: Readonly<Record<'forward' | 'back', Value>>;

  private constructor(g: GraphBuilder, window: Window, sizes: Sizes, channels: number) {
    this.#g = g;
    this.#channels = channels;
    this.#sizes = sizes;
    const [height, width] = sizes.in;
    const [rows, columns] = sizes.out;
    const [inside, outside] = [height * width, rows * columns];
    const taps = tapsOf(window);
    this.#taps = taps.length;
    const forward = new Float32Array(taps.length * inside * outside);
    const back = new Float32Array(forward.length);
    const [top, left] = padsOf(window, sizes.in).map((total) => (total ?? 0) >> 1) as [number, number];
    for (const [k, [i, j]] of taps.entries())
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const y = row * window.strides[0] + i * window.dilation[0] - top;
          const x = column * window.strides[1] + j * window.dilation[1] - left;
          if (y < 0 || y >= height || x < 0 || x >= width) continue;
          const [from, to] = [y * width + x, row * columns + column];
          forward[(k * inside + from) * outside + to] = 1;
          back[(k * outside + to) * inside + from] = 1;
        }
    const dims = [taps.length, inside * outside];
    this.#connections = {
      forward: g.initializer('connections', float32(forward, dims)),
      back: g.initializer('connections_back', float32(back, dims)),
    };
  }

  /** @returns undefined where images are large, their size is unknown, or the graph writes everything out */
  static of(
    g: GraphBuilder,
    {
      window,
      inputShape,
      kernelShape,
      group,
    }: {
      window: Window;
      inputShape: Shape;
      kernelShape: readonly number[];
      group: number;
    },
  ): SmallDepthwise | undefined {
    const [, height = null, width = null] = inputShape;
    const [, rows = null, columns = null] = slide(window, inputShape, group);
    const isDepthwise = group > 1 && kernelShape[2] === 1 && kernelShape[3] === group;
    if (!isDepthwise || !shortcutsOf(g)) return undefined;
    if (height === null || width === null || rows === null || columns === null) return undefined;
    if (height * width * rows * columns > largestMatrix) return undefined;
    return new SmallDepthwise(g, window, { in: [height, width], out: [rows, columns] }, group);
  }

  /** y (N, C, H′, W′) of x (N, C, H, W), with a kernel (kH, kW, 1, C) and a bias (C). */
  forward(x: Value, kernel: Value, bias: Value | undefined): Value {
    const g = this.#g;
    const product = this.#product(x, kernel, 'in');
    const wide = bias && g.op('Reshape', [bias, g.ints(-1, 1, 1)]);
    return this.#images(wide === undefined ? product : g.op('Add', [product, wide]), 'out');
  }

  /** dx (N, C, H, W) of dy (N, C, H′, W′). */
  inputGradient(dy: Value, kernel: Value): Value {
    return this.#images(this.#product(dy, kernel, 'out'), 'in');
  }

  /** (C, N, pixels of the other side) of images of `side`. */
  #product(images: Value, kernel: Value, side: 'in' | 'out'): Value {
    const g = this.#g;
    const channels = this.#channels;
    const [from, to] = [this.#pixels(side), this.#pixels(side === 'in' ? 'out' : 'in')];
    const byChannel = g.op('Transpose', [g.op('Reshape', [kernel, g.ints(this.#taps, channels)])], {
      perm: [1, 0],
    });
    const connected = g.op('MatMul', [byChannel, this.#connections[side === 'in' ? 'forward' : 'back']]);
    return g.op('MatMul', [
      g.op('Reshape', [channelsOver(g, images), g.ints(channels, -1, from)]),
      g.op('Reshape', [connected, g.ints(channels, from, to)]),
    ]);
  }

  #images(product: Value, side: 'in' | 'out'): Value {
    const g = this.#g;
    const last = g.op('Transpose', [product], { perm: [1, 2, 0] });
    return toChannelsFirst(g, g.op('Reshape', [last, g.ints(-1, ...this.#sizes[side], this.#channels)]));
  }

  #pixels(side: 'in' | 'out'): number {
    const [height, width] = this.#sizes[side];
    return height * width;
  }
}
