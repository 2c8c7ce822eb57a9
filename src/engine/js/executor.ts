import { subgraphsOf } from '../../graph/attributes.js';
import type { Graph, Node, Value } from '../../graph/graph.js';
import type { Tensor } from '../../graph/tensor.js';
import { casting } from './cast.js';
import { constants } from './constant.js';
import { controlFlow } from './control.js';
import { convolutions } from './convolution.js';
import { elementwise } from './elementwise.js';
import { functions } from './function.js';
import { gathering } from './gather.js';
import { type Call, type Kernel, OpError, type Subgraph } from './kernel.js';
import { matrices } from './matrix.js';
import { reductions } from './reduction.js';
import { resizing } from './resize.js';
import { shapes } from './shape.js';

const kernels: ReadonlyMap<string, Kernel> = new Map<string, Kernel>(
  Object.entries({
    ...elementwise,
    ...functions,
    ...casting,
    ...matrices,
    ...reductions,
    ...shapes,
    ...constants,
    ...gathering,
    ...convolutions,
    ...resizing,
    ...controlFlow,
  }),
);

/** Finds a value: in the graph that runs, or in the graphs around it. */
type Lookup = (name: Value) => Tensor | undefined;

interface Step {
  readonly node: Node;
  readonly kernel: Kernel;
  readonly subgraphs: ReadonlyMap<string, Plan>;
  /** Values that nothing reads after this step, so that their memory can go. */
  readonly lastUsed: readonly Value[];
}

/** A graph made ready to run. */
export class Plan {
  readonly graph: Graph;
  /** Values of the surrounding graphs that this one reads. */
  readonly captures: ReadonlySet<Value>;
  readonly #steps: readonly Step[];

  /** @throws OpError when the graph holds an operation that this executor does not know. */
  constructor(graph: Graph) {
    this.graph = graph;
    const steps = graph.nodes.map((node) => {
      const subgraphs = new Map(subgraphsOf(node).map(([name, inner]) => [name, new Plan(inner)]));
      const captured = [...subgraphs.values()].flatMap((plan) => [...plan.captures]);
      return { node, kernel: kernelOf(node), subgraphs, reads: [...node.inputs, ...captured] };
    });
    const own = new Set([
      ...graph.inputs.map(({ name }) => name),
      ...graph.nodes.flatMap(({ outputs }) => outputs),
    ]);
    const wanted = new Set(graph.outputs.map(({ name }) => name));
    this.captures = new Set(
      [...steps.flatMap(({ reads }) => reads), ...wanted].filter(
        (name) => name !== '' && !own.has(name) && !graph.initializers.has(name),
      ),
    );

    const live = new Set(wanted);
    const backwards = steps.toReversed().map((step): Step => {
      const touched = new Set([...step.reads, ...step.node.outputs]);
      const lastUsed = [...touched].filter((name) => own.has(name) && !live.has(name));
      for (const name of touched) live.add(name);
      return { ...step, lastUsed };
    });
    this.#steps = backwards.reverse();
  }

  /**
   * Runs the graph.
   *
   * @param inputs in the order of the graph's inputs
   * @param outer finds the values that the graph captures
   * @returns the outputs, in the order of the graph's
   */
  run(inputs: readonly Tensor[], outer: Lookup = () => undefined): Tensor[] {
    const values = new Map<Value, Tensor | undefined>(
      this.graph.inputs.map(({ name }, i) => [name, inputs[i]]),
    );
    const lookup: Lookup = (name) => values.get(name) ?? this.graph.initializers.get(name) ?? outer(name);
    const read = (name: Value, reader: string): Tensor => {
      const tensor = lookup(name);
      if (!tensor) throw new OpError(`Expected a value '${name}' for ${reader}. Received: none.`);
      return tensor;
    };
    for (const step of this.#steps) {
      const { node, lastUsed } = step;
      const operands = node.inputs.map((name) =>
        name === '' ? undefined : read(name, `node '${node.name}'`),
      );
      const results = compute(step, operands, lookup);
      for (const [i, name] of node.outputs.entries()) if (name !== '') values.set(name, results[i]);
      for (const name of lastUsed) values.delete(name);
    }
    return this.graph.outputs.map(({ name }) => read(name, 'an output'));
  }
}

function kernelOf({ op, domain, name }: Node): Kernel {
  const key = domain && domain !== 'ai.onnx' ? `${domain}.${op}` : op;
  const kernel = kernels.get(key);
  if (!kernel)
    throw new OpError(
      `Expected an operation that engine 'js' knows. Received: ${key} (node '${name}'). Hint: choose engine 'ort'.`,
    );
  return kernel;
}

function compute(
  { node, kernel, subgraphs }: Step,
  operands: (Tensor | undefined)[],
  lookup: Lookup,
): readonly Tensor[] {
  const call: Call = {
    node,
    outputs: node.outputs.length,
    subgraph(name) {
      const plan = subgraphs.get(name);
      if (!plan) throw new OpError(`Expected a graph '${name}'. Received: none.`);
      const outputs = plan.graph.outputs.map(({ type, dims }) => ({
        type,
        dims: dims.map((dim) => (typeof dim === 'number' ? dim : 0)),
      }));
      return Object.assign((inputs: readonly Tensor[]) => plan.run(inputs, lookup), { outputs }) as Subgraph;
    },
  };
  try {
    const result = kernel(operands, call);
    return 'dims' in result ? [result] : result;
  } catch (error) {
    // The innermost node is the one at fault; errors from within subgraphs name it already.
    if (!(error instanceof OpError) || error.message.endsWith(')')) throw error;
    throw new OpError(`${error.message} (${node.op} '${node.name}')`, { cause: error });
  }
}
