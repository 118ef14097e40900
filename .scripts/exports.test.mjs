// Scenes as C programs (src/scenario/export/c): compiled without a warning, run by the door on the machine of their scene, and
// every call compared with the scene's own: what went in, what came out, how it ended.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { strace } from '../src/engine/uapi/strace';
import { cProgram } from '../src/scenario/export/c/c-program';
import { recordingOf } from '../src/scenario/export/recording';
import { ranOf } from '../src/testing/recorded-scenes';
import { scenarioFiles } from '../src/testing/run-script';
import { prepareDoor } from './door.mjs';
import { cannotCompile } from './shim.mjs';

const why = cannotCompile();
const WARNINGS = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-O1'];

/**
 * Calls of such scenes end otherwise in a program: it makes them one after the other (`begin`), no line of it is made to fail
 * (`fail-nth`), and its pages lie elsewhere, so that the n-th entry of a table is another one (`refuse … map`).
 */
const OTHERWISE = /^[^#\n]*\b(?:begin|fail-nth|refuse \S+ map)\b/m;

/** One a kind of calls on ordinary days; all of them on full runs. */
const DAILY = [
  'scenes/a-guests-iommu.iommu',
  'scenes/gpu-and-its-audio.iommu',
  'rows/a9-group-as-unit.iommu',
  'iommus/vtd-3-nested.iommu',
];

const scenes = scenarioFiles().filter(({ script }) => /^[^#\n]*\bopen \/dev\//m.test(script));
const told = scenes.filter(({ script }) => !OTHERWISE.test(script));

/** Numbers that are another process's own: where its memory is, which descriptors were free. */
const anonymous = (call) =>
  call
    .replace(/^ioctl\([^,]+, /, 'ioctl(')
    .replace(/\b(user_va|vaddr|uptr|allowed_iovas|data_uptr|data)=0x[0-9a-f]+/g, '$1=ADDRESS')
    .replace(/\b(iommufd|fd|out_\w+_fd)=-?\d+/g, '$1=FD')
    // The kernel chooses by the alignment of the program's own address.
    .replace(
      /(IOMMU_IOAS_MAP, \{size=40, flags=(?!IOMMU_IOAS_MAP_FIXED_IOVA).*=> \{iova=)0x[0-9a-f]+/,
      '$1CHOSEN',
    )
    .replace(/(VFIO_GROUP_GET_DEVICE_FD), \w+\) = (\d+)$/, '$1) = FD')
    .replace(/(VFIO_GROUP_GET_DEVICE_FD), \w+\)/, '$1)');

describe.skipIf(why !== null)(`a scene as a C program${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let folder = '';
  let door;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'iommufd-exports-'));
    door = await prepareDoor(folder);
    expect(door).toMatchObject({ ok: true });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A scene's own calls, and those of its program. */
  async function callsOf({ name, script }) {
    const ran = ranOf(script);
    const path = join(folder, name.replaceAll('/', '-'));
    writeFileSync(path, script);
    writeFileSync(`${path}.c`, cProgram(recordingOf(ran)));
    const compiled = spawnSync('gcc', [...WARNINGS, '-o', `${path}.out`, `${path}.c`], { encoding: 'utf8' });
    expect(compiled.stderr).toBe('');
    const { code, stdout, stderr } = await behindDoor(path);
    const own = ran.events.flatMap(({ events }) => events.map((event) => anonymous(strace(event))));
    const calls = stderr.split('\n').flatMap((line) => /^\[pid \d+\] (.*)$/.exec(line)?.[1] ?? []);
    const complaints = stderr.split('\n').filter((line) => line.startsWith('# '));
    return { code, stdout, complaints, own, calls: calls.map(anonymous) };
  }

  function behindDoor(path) {
    const words = ['-s', door.server, '--strace', '--scene', path, '--', `${path}.out`];
    return new Promise((resolve) => {
      const child = spawn(door.shimrun, words, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` },
      });
      const out = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'])
        child[stream].setEncoding('utf8').on('data', (text) => (out[stream] += text));
      child.on('close', (code) => resolve({ code, ...out }));
    });
  }

  const agrees = async (scene) => {
    const { code, stdout, complaints, own, calls } = await callsOf(scene);
    expect(calls).toEqual(own);
    expect({
      complaints,
      otherwise: stdout.split('\n').filter((line) => line.includes(' -- ')),
      code,
    }).toEqual({
      complaints: [],
      otherwise: [],
      code: 0,
    });
  };

  it.each(told.filter(({ name }) => DAILY.includes(name)))(
    '$name makes the calls of its scene',
    agrees,
    60_000,
  );

  describe.skipIf(!process.env.FULL)('on full runs', () => {
    it.each(told.filter(({ name }) => !DAILY.includes(name)))(
      '$name makes the calls of its scene',
      agrees,
      60_000,
    );

    it.each(scenes.filter(({ script }) => OTHERWISE.test(script)))(
      '$name compiles',
      async (scene) => {
        expect((await callsOf(scene)).complaints).toEqual([]);
      },
      60_000,
    );
  });
});
