/** What comes with an import of the library, before anything of it is called. */
import { build, type Metafile } from 'esbuild';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';

const LIBRARY = 'src/index.ts';
const PROCESS_MANAGER = 'src/supervisor/process-manager.ts';

it('is no database and no server: they come with the first job', async () => {
  const { inputs } = await examine();
  const atOnce = importsFrom(LIBRARY, inputs, ['import-statement']);
  expect(atOnce).toContain(PROCESS_MANAGER);
  for (const heavy of ['better-sqlite3', 'fastify', 'kysely', 'pg', 'src/app.ts']) expect(atOnce).not.toContain(heavy);
  // Were they not found here, they would not have been looked for in the right way.
  const inTheEnd = importsFrom(LIBRARY, inputs, ['import-statement', 'dynamic-import']);
  for (const heavy of ['better-sqlite3', 'fastify', 'kysely', 'src/app.ts']) expect(inTheEnd).toContain(heavy);
});

it('the process manager brings nothing but zod, not even later', async () => {
  const { inputs } = await examine();
  const inTheEnd = importsFrom(PROCESS_MANAGER, inputs, ['import-statement', 'dynamic-import', 'require-call']);
  const packages = inTheEnd.filter((path) => !path.startsWith('src/') && !path.startsWith('node:'));
  expect(packages).toEqual(['zod']);
  expect(inTheEnd.filter((path) => path.startsWith('src/store/'))).toEqual([]);
});

/** Which file imports what, once types are gone. Nothing is written. */
async function examine(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: PACKAGE_ROOT,
    entryPoints: [LIBRARY],
    outdir: 'nowhere',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  return metafile;
}

/** Everything that a file imports in one of these ways, and what that imports, and so on: paths and names of packages. */
function importsFrom(entry: string, inputs: Metafile['inputs'], kinds: string[]): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    for (const { path, kind } of inputs[file]?.imports ?? []) if (kinds.includes(kind)) found.add(path);
  }
  return [...found];
}
