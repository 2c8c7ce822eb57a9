import { type ExecFileException, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { arch, platform } from 'node:process';
import { promisify } from 'node:util';
import { named, refuseOthers } from '../named-options.js';
import type { Engine } from './engine.js';
import { type Attempt, ProviderError, reasonOf, wrapSession } from './ort.js';

type NodeProvider = 'cpu' | 'cuda' | 'webgpu';

export interface OrtNodeOptions {
  /** The execution provider; `'auto'` is CUDA where it works and the CPU elsewhere. Default `'auto'`. */
  provider?: 'auto' | NodeProvider;
  /** Threads within one operation. Default: as many as there are physical cores. */
  threads?: number;
}

/** An engine that remembers how its provider was chosen. */
export type OrtNode = Engine & { readonly attempts: readonly Attempt[] };

type Ort = typeof import('onnxruntime-node');

const hints: Record<NodeProvider, string> = {
  cpu: "reinstall with 'npm install', or choose engine 'js', which needs no native library",
  cuda:
    "it needs Linux on x64, an NVIDIA GPU, CUDA 12 and cuDNN 9, and 'node node_modules/onnxruntime-node/script/install " +
    "--onnxruntime-node-install=cuda12', which downloads ONNX Runtime's CUDA files",
  webgpu: 'it needs a GPU with a Vulkan, Metal or Direct3D 12 driver, and is experimental',
};

/**
 * Runs graphs in onnxruntime-node.
 *
 * @param options.provider default `'auto'`
 * @returns the engine; `attempts` tells which providers were tried, and why those that failed did
 * @throws ProviderError when the provider that was named cannot run here, or onnxruntime-node itself cannot.
 *
 * @example
 * const engine = await ortNode();
 * const session = await engine.load(await readFile('model.onnx'));
 * const { probabilities } = await session.run({ pixels });
 */
export async function ortNode(options: OrtNodeOptions = {}): Promise<OrtNode> {
  const { provider = 'auto', threads, ...others } = named(options, 'ortNode');
  refuseOthers(others, 'ortNode', ortNode);
  const attempts: Attempt[] = [];
  let failure: ProviderError | undefined;
  for (const candidate of provider === 'auto' ? (['cuda', 'cpu'] as const) : [provider]) {
    const attempt = await tryToOpen(candidate);
    attempts.push(attempt);
    if (!attempt.ok) {
      failure = new ProviderError(candidate, attempt.reason ?? 'it failed', hints[candidate]);
      continue;
    }
    const ort = await loadOrt();
    return {
      name: 'ort',
      provider: candidate,
      attempts,
      load: async (model, options = {}) =>
        wrapSession(await createSession(ort, candidate, model, options.threads ?? threads), ort.Tensor),
    };
  }
  throw failure;
}

/** Finds out whether `provider` works, as fast as it can be known. */
async function tryToOpen(provider: NodeProvider): Promise<Attempt> {
  // A process of its own: Dawn prints the libraries that it lacks, and an experimental driver may crash.
  if (provider === 'webgpu') return tryElsewhere(provider);
  if (provider === 'cuda') return tryProvider(provider);
  try {
    // The CPU is part of the library: where that loads, it runs.
    await loadOrt();
    return { provider, ok: true };
  } catch (error) {
    return { provider, ok: false, reason: reasonOf(error) };
  }
}

/** One provider's line in the report of `doctor`. */
export type ProviderReport = Attempt & { readonly provider: NodeProvider; readonly hint?: string };

/**
 * Tries every provider, each in a process of its own: a GPU driver that crashes takes nothing with it, and the
 * native libraries' words on stderr stay there.
 */
export const probeProviders = (): Promise<ProviderReport[]> =>
  Promise.all(
    (['cpu', 'cuda', 'webgpu'] as const).map(async (provider) => {
      const attempt = await tryElsewhere(provider);
      return { ...attempt, provider, ...(attempt.ok ? {} : { hint: hints[provider] }) };
    }),
  );

async function tryElsewhere(provider: NodeProvider): Promise<Attempt> {
  const script = `import { tryProvider } from ${JSON.stringify(import.meta.url)};
    console.log(JSON.stringify(await tryProvider('${provider}')));`;
  const { stdout, stderr, error } = await runNode(['--input-type=module', '--eval', script]);
  if (!stdout) {
    const { signal } = error ?? {};
    const reason = signal ? `it crashed (${signal})` : reasonOf(stderr || error);
    return { provider, ok: false, reason };
  }
  const attempt = JSON.parse(stdout) as Attempt;
  const library = /(\S+): cannot open shared object file/.exec(stderr)?.[1];
  return attempt.ok || !library
    ? attempt
    : { ...attempt, reason: `${attempt.reason} (${library} not found)` };
}

/** Runs Node for a minute at most, and says how it ended. */
const runNode = (
  args: readonly string[],
): Promise<{ stdout: string; stderr: string; error: ExecFileException | null }> =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, error }),
    );
  });

/** Finds out whether `provider` can run a graph: looks for its files first, then runs a small graph. */
export async function tryProvider(provider: NodeProvider): Promise<Attempt> {
  try {
    const missing = provider === 'cuda' ? await missingForCuda() : undefined;
    if (missing) return { provider, ok: false, reason: missing };
    const ort = await loadOrt();
    // The graph writer is loaded here alone: threads that are given their graphs start faster without it.
    const { probeModel } = await import('./probe-model.js');
    const session = await createSession(ort, provider, probeModel(), 1, { alone: provider !== 'cpu' });
    await wrapSession(session, ort.Tensor).run({
      x: { type: 'float32', dims: [2, 2], data: new Float32Array(4) },
    });
    await session.release();
    return { provider, ok: true };
  } catch (error) {
    return { provider, ok: false, reason: reasonOf(error) };
  }
}

/** Loads the native library on first use rather than at import; the module cache keeps it. */
async function loadOrt(): Promise<Ort> {
  const ort = await import('onnxruntime-node');
  // Whatever ONNX Runtime logs as an error it throws as well; its warnings concern the machine (GPU discovery).
  if (ort.env.logLevel === 'warning') ort.env.logLevel = 'fatal';
  return ort;
}

/** @param alone refuses nodes that fall back to the CPU, which proves that `provider` runs the graph */
function createSession(
  ort: Ort,
  provider: NodeProvider,
  model: Uint8Array,
  threads: number | undefined,
  { alone = false } = {},
) {
  return ort.InferenceSession.create(model, {
    executionProviders: provider === 'cpu' || alone ? [provider] : [provider, 'cpu'],
    logSeverityLevel: 4,
    // One plan for all buffers gives each its own place; the arena reuses those that are still in the cache. A training
    // step at batch 16 takes a tenth less processor time so, predicting takes the same.
    enableMemPattern: false,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    extra: {
      session: {
        // Between two runs its threads would spin on, and take the cores from those that prepare the next: a
        // `fit` that makes features while it trains took a tenth more processor time so.
        force_spinning_stop: '1',
        ...(alone ? { disable_cpu_ep_fallback: '1' } : {}),
      },
    },
  });
}

/** Names the libraries that CUDA lacks on this machine; undefined when none is known to be missing. */
async function missingForCuda(): Promise<string | undefined> {
  if (platform !== 'linux' || arch !== 'x64')
    return `CUDA is supported on linux-x64 only, this is ${platform}-${arch}`;
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
    `bin/napi-v6/${platform}/${arch}`,
  );
  for (const name of ['shared', 'cuda']) {
    const library = `libonnxruntime_providers_${name}.so`;
    if (!existsSync(join(folder, library))) return `${library} is not installed`;
  }
  const missing = await missingLibraries(join(folder, 'libonnxruntime_providers_cuda.so'));
  return missing.length > 0 ? `${missing.join(', ')} not found` : undefined;
}

/** Names the shared libraries that `library` asks for and the loader does not find. */
export async function missingLibraries(library: string): Promise<string[]> {
  // Without `ldd`, loading the library will tell.
  const { stdout } = await promisify(execFile)('ldd', [library]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/^\s*(\S+) => not found$/gm)].flatMap(([, name]) => name ?? []);
}
