import { existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, freemem, homedir, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { readHumanModel, sharpIsMissing } from '#platform';
import { type ProviderReport, probeProviders } from '../engine/ort-node.js';

/** The state of the machine, as far as this project needs it. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly processors: { readonly model: string; readonly count: number };
  /** In MiB. */
  readonly memory: { readonly free: number; readonly total: number };
  /** Free space in the working folder, in MiB. */
  readonly disk: { readonly folder: string; readonly free: number };
  /** Versions of the packages that matter; `null` where one does not load. */
  readonly packages: Readonly<Record<string, string | null>>;
  readonly providers: readonly ProviderReport[];
  readonly weights: {
    readonly vggface2: boolean;
    /** Files of Keras's weights that were found. */
    readonly imagenet: readonly string[];
    /** Where they are looked for. */
    readonly folders: readonly string[];
  };
  /** Reasons why the main job cannot work. Empty when all is well. */
  readonly problems: readonly string[];
}

const mebi = 2 ** 20;

/** Looks at everything that `ort-transfer` depends on. */
export async function diagnose(): Promise<Diagnosis> {
  const packages: Record<string, string | null> = {};
  for (const name of ['onnxruntime-node', 'sharp', 'jimp', 'h5wasm']) packages[name] = await versionOf(name);
  const providers = await probeProviders();
  const vggface2 = await readHumanModel('faceres.bin').then(
    () => true,
    () => false,
  );
  const { KERAS_HOME } = process.env;
  const folders = [...(KERAS_HOME ? [KERAS_HOME] : []), join(homedir(), '.keras')].map((home) =>
    join(home, 'models'),
  );
  const imagenet = folders.flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /^mobilenet_.*\.h5$/.test(name))
          .map((name) => join(folder, name))
      : [],
  );
  const { bavail, bsize } = await statfs('.');
  const disk = { folder: process.cwd(), free: Math.round((bavail * bsize) / mebi) };

  const problems = [
    ...(providers.some(({ provider, ok }) => provider === 'cpu' && ok)
      ? []
      : ["onnxruntime-node does not run here. Hint: reinstall with 'npm install', or use --engine js."]),
    ...(vggface2 ? [] : ['The weights of vggface2 are missing. Hint: install ort-transfer anew.']),
    ...(packages.sharp ? [] : [sharpIsMissing]),
    ...(disk.free < 200 ? [`Only ${disk.free} MiB are free in ${disk.folder}.`] : []),
  ];
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    processors: { model: cpus()[0]?.model.trim() ?? 'unknown', count: availableParallelism() },
    memory: { free: Math.round(freemem() / mebi), total: Math.round(totalmem() / mebi) },
    disk,
    packages,
    providers,
    weights: { vggface2, imagenet, folders },
    problems,
  };
}

/** The version of an installed package, if its code loads. */
async function versionOf(name: string): Promise<string | null> {
  try {
    const require = createRequire(import.meta.url);
    if (name === 'sharp') await import('sharp');
    let folder = require.resolve
      .paths(name)
      ?.map((path) => join(path, name))
      .find((path) => existsSync(path));
    folder ??= '';
    return (require(join(folder, 'package.json')) as { version: string }).version;
  } catch {
    return null;
  }
}

/** A diagnosis for people. */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const { processors, memory, disk, weights } = diagnosis;
  const lines: [string, string][] = [
    ['Node', `${diagnosis.node} on ${diagnosis.platform}`],
    ['Processors', `${processors.count} × ${processors.model}`],
    ['Memory', `${memory.free} of ${memory.total} MiB free`],
    ['Disk', `${disk.free} MiB free in ${disk.folder}`],
    ...Object.entries(diagnosis.packages).map(([name, version]): [string, string] => [
      name,
      version ?? 'does not load',
    ]),
    ...diagnosis.providers.map(({ provider, ok, reason, hint }): [string, string] => [
      `provider ${provider}`,
      ok ? 'works' : `no: ${reason}${hint ? `\n${' '.repeat(22)}Hint: ${hint}` : ''}`,
    ]),
    ['weights vggface2', weights.vggface2 ? 'found' : 'missing'],
    [
      'weights imagenet',
      weights.imagenet.length > 0
        ? weights.imagenet.join(`\n${' '.repeat(22)}`)
        : `not in ${weights.folders.join(' or ')}; they are downloaded when first used`,
    ],
  ];
  const verdict = diagnosis.problems.length === 0 ? ['Everything that is needed works.'] : diagnosis.problems;
  return [...lines.map(([name, value]) => `${name.padEnd(20)}  ${value}`), '', ...verdict].join('\n');
}
