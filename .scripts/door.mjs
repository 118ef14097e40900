// What it takes to serve /dev/iommu to a real program: the bundled door and the compiled shim, made where they are old.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { buildShim } from './shim.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Everything that the door is made of. */
const SOURCES = ['src/doors', 'src/engine', 'src/lib', '.scripts/bundle.mjs'];

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const timeOf = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** `{ ok: true, shimrun, server, shim }`, or why not; `missing`: this machine lacks the tools. */
export async function prepareDoor(outDir = join(root, 'dist-node')) {
  const shim = join(outDir, 'shim');
  const built = buildShim(shim);
  if (!built.ok) return built;
  const server = join(outDir, 'uapi-server.mjs');
  if (timeOf(server) < Math.max(...SOURCES.map((path) => newest(join(root, path))))) {
    mkdirSync(outDir, { recursive: true });
    try {
      await bundle('uapi-server', 'src/doors/uapi-server.ts', outDir);
    } catch (error) {
      return { ok: false, missing: false, why: `src/doors/uapi-server.ts: ${error.message}` };
    }
  }
  return { ok: true, shim, shimrun: join(shim, 'shimrun'), server };
}
