// Compiles the shim (src/doors/shim) into a folder: iommufd_shim.so, shimrun, shimtest.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/doors/shim/', import.meta.url));

const works = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Why nothing can be compiled here, or null. */
export function cannotCompile() {
  if (process.platform !== 'linux') return 'the shim needs Linux';
  const lacking = ['make', 'gcc'].filter((tool) => !works(tool, ['--version']));
  if (lacking.length > 0)
    return `${lacking.join(' and ')} not found (Debian, Ubuntu: apt install make gcc libc6-dev)`;
  return null;
}

/** `{ ok: true }`, or why not; `missing`: this machine lacks the tools. */
export function buildShim(outDir) {
  const why = cannotCompile();
  if (why !== null) return { ok: false, missing: true, why };
  const made = spawnSync('make', ['-s', '-C', source, `OUT=${outDir}`], { encoding: 'utf8' });
  return made.status === 0 ? { ok: true } : { ok: false, missing: false, why: made.stderr };
}
