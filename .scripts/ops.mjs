// Recorded sequences of iommufd operations (src/testing/ops/FORMAT.md), run by a real program through the door, and
// compared line by line with what a real kernel answered.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/testing/ops/', import.meta.url));

/** Compiles iommufd-ops into a folder; its path. */
export function buildOps(outDir) {
  const made = spawnSync('make', ['-s', '-C', source, `OUT=${outDir}`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return join(outDir, 'iommufd-ops');
}

/** A sequence, or the output of one: each operation with what came of it. */
export function readSequence(text) {
  const operations = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith('=')) operations.push({ line, result: '(nothing)' });
    else if (operations.at(-1)?.result === '(nothing)') operations.at(-1).result = line;
  }
  return operations;
}

/** A program behind the door with all that it started, the engine too, which is in a process group of its own. */
function killAll(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  for (const child of [...children.map(Number), pid]) {
    try {
      process.kill(child, 'SIGKILL');
    } catch {
      // gone already
    }
  }
}

/** Runs a program behind the door: `{ code, stdout, stderr }`; killed after so many seconds. */
export function runBehindDoor({ shimrun, server }, words, seconds = 60) {
  return new Promise((resolve) => {
    const child = spawn(shimrun, ['-s', server, '--', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` },
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'])
      child[name].setEncoding('utf8').on('data', (text) => (out[name] += text));
    const timer = setTimeout(() => killAll(child.pid), seconds * 1000);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...out });
    });
  });
}

/** Where an answer first differs from the recorded one; null: nowhere. `stderr`: what the engine complained of. */
export async function firstDifference(door, ops, file, seconds = 60) {
  const wanted = readSequence(readFileSync(file, 'utf8'));
  const { stdout, stderr } = await runBehindDoor(door, [ops, '-t', String(seconds), file], seconds + 5);
  const got = readSequence(stdout);
  const at = wanted.findIndex(
    ({ line, result }, index) => got[index]?.line !== line || got[index].result !== result,
  );
  if (at < 0) return stderr.trim() === '' ? null : { operation: 'at the end', want: '', got: stderr };
  return {
    operation: wanted[at].line,
    want: wanted[at].result,
    got: got[at]?.result ?? '(not reached)',
    stderr,
  };
}
