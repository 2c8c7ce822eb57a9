import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Packages of which more than code is carried, and why. */
const besides: Readonly<Record<string, string>> = {
  'onnxruntime-web': 'its WebAssembly, and its JavaScript',
  '@vladmandic/human':
    'the models faceres (of HSE_FaceRec_tf, Apache-2.0, https://github.com/HSE-asavchenko/HSE_FaceRec_tf) and blazeface (of MediaPipe, Apache-2.0, https://github.com/google-ai-edge/mediapipe)',
};

/**
 * The licences of everything of others that the package carries.
 *
 * @param inputs files that bundles were made of
 * @throws Error where a package has no licence file
 */
export async function noticesOf(inputs: readonly string[], root: string): Promise<string> {
  const bundled = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const names = [...new Set([...bundled, ...Object.keys(besides)])].sort();
  const parts = [];
  for (const name of names) {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? (await readFile(join(folder, file), 'utf8')).trim() : `Licence: ${license}`;
    parts.push(
      `## ${name} ${version}\n\n${license}; ${besides[name] ?? 'code in the pages'}\n\n${'```'}\n${text}\n${'```'}\n`,
    );
  }
  const head = [
    '# Notices of third parties',
    'This package carries parts of other works, under their licences.',
    'The pictures in `example.zip` of the studio: remix of "ToonHead" by Johan Melin, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/).',
    '',
  ].join('\n\n');
  return head + parts.join('\n');
}
