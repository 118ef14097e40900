// Runs a program that finds this project's engine behind /dev/iommu: no kernel support, no hardware, no VM.
//   npm run serve -- [--strace] [--stats] PROGRAM ARGS
// The exit code is the program's.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { setupPackages } from './setup.mjs';

async function main(argv) {
  const at = argv.findIndex((word) => !word.startsWith('--'));
  if (at < 0) {
    console.error(`usage: npm run serve -- [--strace] [--stats] PROGRAM ARGS

Runs PROGRAM with the engine behind /dev/iommu and /dev/vfio/vfio (a machine with the kernel's mock IOMMU).
  --strace  each ioctl as strace prints it, and what the kernel would log, on standard error
  --stats   at the end, what was done, as a JSON line on standard error`);
    return 2;
  }
  if (!setupPackages()) return 1;
  const { prepareDoor } = await import('./door.mjs');
  const door = await prepareDoor();
  if (!door.ok) {
    console.error(`/dev/iommu cannot be served: ${door.why}`);
    return 1;
  }
  const words = ['-s', door.server, ...argv.slice(0, at), '--', ...argv.slice(at)];
  const { status, signal, error } = spawnSync(door.shimrun, words, {
    // npm has gone to the project's folder; names of files are meant as seen from where the user stands.
    cwd: process.env.INIT_CWD ?? process.cwd(),
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` },
  });
  if (error) console.error(error.message);
  if (signal) console.error(`ended by ${signal}`);
  return status ?? 1;
}

process.exitCode = await main(process.argv.slice(2));
