import { readFileSync } from 'node:fs';
import type { TraceEvent } from '../engine/trace/event';
import { listener, silent } from '../engine/trace/trace';
import { strace } from '../engine/uapi/strace';
import { iommufdPersonality } from './uapi/iommufd';
import { scenePersonality } from './uapi/scene';
import { Session } from './uapi/session';

const USAGE = `usage: shimrun -s uapi-server.mjs [--strace] [--stats] [--scene FILE.iommu] -- PROGRAM ARGS

Serves /dev/iommu to PROGRAM; "npm run serve -- PROGRAM ARGS" does it all.
  --strace  each ioctl as strace prints it, and what the kernel would log, on standard error
  --scene   on the machine of a scenario, for a program that was exported from it
  --stats   at the end, what was done, as a JSON line on standard error`;

/** Tells people what goes on. */
const telling =
  (caller: () => { readonly pid: number; readonly fd: number } | null) =>
  (event: TraceEvent): void => {
    if (event.kind === 'log') console.error(`kernel: ${event.text}`);
    if (event.kind !== 'ioctl') return;
    const { pid = 0, fd = -1 } = caller() ?? {};
    console.error(`[pid ${pid}] ${strace(event, String(fd))}`);
  };

/**
 * /dev/iommu for unmodified programs: the engine behind the shim's packet pipes. Started by shimrun, which hands over
 * the pipes as descriptors 3 and 4. Exit code 0 when the last program is gone, 1 when a mistake of ours was met,
 * 2 when it was not started by shimrun.
 *
 * Protocol: shim/PROTOCOL.md
 */
export function main(argv: readonly string[], out: (line: string) => void): Promise<number> {
  const folder = process.env['IOMMUFD_SHIM_DIR'];
  if (folder === undefined || argv.includes('--help')) {
    out(USAGE);
    return Promise.resolve(2);
  }
  const complain = (text: string): void => console.error(`# uapi-server: ${text}`);
  const scene = argv.includes('--scene') ? argv[argv.indexOf('--scene') + 1] : undefined;
  const script = scene === undefined ? null : readFileSync(scene, 'utf8');
  const session = new Session({ folder, requests: 3, responses: 4, complain }, (self) => {
    const tell = argv.includes('--strace') ? telling(() => self.clients.current) : null;
    if (script !== null) return scenePersonality(self, folder, script, (event) => tell?.(event));
    return iommufdPersonality(self, folder, tell === null ? silent : listener(tell));
  });
  const start = process.hrtime.bigint();
  session.run();
  if (argv.includes('--stats')) {
    const { requests, upcalls, bugs } = session;
    const milliseconds = Number((process.hrtime.bigint() - start) / 1_000_000n);
    console.error(JSON.stringify({ requests, upcalls, bugs, milliseconds }));
  }
  return Promise.resolve(session.bugs > 0 ? 1 : 0);
}
