import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Plugin, rollup } from 'rollup';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2020, removeComments: true };

/** Lets rollup read TypeScript. Types are checked by `npm run check`. */
const typeScript: Plugin = {
  name: 'typescript',
  resolveId: (source, importer) =>
    source.startsWith('.') && importer !== undefined ? `${resolve(dirname(importer), source)}.ts` : undefined,
  load: async (id) => transpileModule(await readFile(id, 'utf8'), { compilerOptions }).outputText,
};

/** Bundles the sources to the AMD module that Kommo loads. It stays readable: Kommo refuses minified code. */
export async function bundleScript(widgetFolder: string): Promise<string> {
  const bundle = await rollup({ input: join(widgetFolder, 'src', 'script.ts'), external: ['jquery'], plugins: [typeScript] });
  const { output } = await bundle.generate({ format: 'amd', interop: 'default', generatedCode: 'es2015', indent: '  ' });
  await bundle.close();
  return output[0].code;
}
