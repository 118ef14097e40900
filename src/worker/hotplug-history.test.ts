import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formatBdf } from '../engine/pci/address';
import type { PciFunctionSpec } from '../engine/pci/function-spec';
import type { WorldObject } from '../engine/sim/world';
import { importMachine, importSpecs } from '../scenario/import/import-machine';
import { formatPciLine } from '../scenario/pci-line';
import { partition, recordedPartition, withoutGroupLines } from '../testing/groups-of-text';
import { createEngine } from './engine';

const OURS = fileURLToPath(new URL('../testing/fixtures/hotplug/', import.meta.url));
const ALL = fileURLToPath(new URL('../../../shared/conformance/groups/train/qemu/', import.meta.url));

type Operation =
  { readonly guest: string } | { readonly device_add: object } | { readonly device_del: string };
interface Meta {
  readonly steps: readonly { readonly ops: readonly Operation[] }[];
}

const specsOf = (file: string): ReadonlyMap<string, PciFunctionSpec> => {
  const read = importSpecs(withoutGroupLines(gunzipSync(readFileSync(file)).toString('utf8')));
  if (read.status === 'failed') throw new Error(read.why);
  return new Map(read.specs.map((spec) => [formatBdf(spec.address), spec]));
};

/** A guest's command, or the shorthand of the random sequences, as lines of a script. */
function guestLines(command: string, present: ReadonlySet<string>): readonly string[] {
  return command.split('; ').flatMap((part) => {
    const echo = /^echo (\w+) > (\S+)$/.exec(part);
    if (echo) return [`echo ${echo[1]} ${echo[2]}`];
    const setpci = /^setpci -s (\S+) (\S+)$/.exec(part);
    if (setpci) return [`setpci ${setpci[1]} "${setpci[2]}"`];
    if (part === 'rescan') return ['echo 1 /sys/bus/pci/rescan'];
    const [, name = ''] = /^remove (\S+)$/.exec(part) ?? [];
    if (name === '') throw new Error(`what is ${part}?`);
    // Of what went with its bridge before, nothing was left to remove.
    return present.has(name) ? [`echo 1 /sys/bus/pci/devices/${name}/remove`] : [];
  });
}

/** Plays a recording and gives, for each step, the groups that came out and those that the kernel had. */
async function play(
  folder: string,
): Promise<readonly { readonly step: number; readonly ours: unknown; readonly kernel: unknown }[]> {
  const meta = JSON.parse(readFileSync(`${folder}/meta.json`, 'utf8')) as Meta;
  const text = withoutGroupLines(gunzipSync(readFileSync(`${folder}/lspci.txt.gz`)).toString('utf8'));
  const imported = importMachine(text);
  if (imported.status === 'failed') throw new Error(imported.why);
  const engine = createEngine();
  const world = new Map<string, WorldObject>();
  const run = async (lines: readonly string[], first = false): Promise<void> => {
    const reply = first ? await engine.load(lines.join('\n'), null) : await engine.append(lines);
    if (reply.status !== 'ok') throw new Error(reply.why);
    for (const { ok, status, text: line, result } of reply.batch.results)
      // As in a shell: what a file refuses is refused, and the next command runs.
      if (!ok && status !== 'errno') throw new Error(`${line}: ${result}`);
    for (const id of reply.batch.removed) world.delete(id);
    for (const object of reply.batch.set) world.set(object.id, object);
  };
  await run(imported.lines, true);
  const names = (): Set<string> =>
    new Set([...world.values()].flatMap((object) => (object.type === 'device' ? [object.bdf] : [])));
  const compared = [];
  for (const [index, { ops }] of meta.steps.entries()) {
    const listing = `${folder}/step${index + 1}.lspci.txt.gz`;
    for (const op of ops) {
      if ('guest' in op) {
        // One at a time: each may take others along.
        for (const part of op.guest.split('; ')) await run(guestLines(part, names()));
        continue;
      }
      const after = specsOf(listing);
      const before = names();
      if ('device_add' in op) {
        for (const [name, spec] of after) if (!before.has(name)) await run([formatPciLine(spec)]);
      } else
        for (const name of before) if (!after.has(name) && names().has(name)) await run([`remove ${name}`]);
    }
    const { groups, members } = recordedPartition(
      readFileSync(`${folder}/step${index + 1}.groups.json`, 'utf8'),
    );
    const ours = [...world.values()].flatMap((object) =>
      object.type === 'group'
        ? [object.deviceIds.map((id) => id.slice('dev:'.length)).filter((name) => members.has(name))]
        : [],
    );
    compared.push({ step: index + 1, ours: partition(ours), kernel: groups });
  }
  return compared;
}

describe.each([
  ['recorded here', OURS],
  ['all that were recorded', ALL],
])('groups while devices come and go (Linux 7.0 under QEMU 7.2), %s', (_, folder) => {
  const cases = existsSync(folder)
    ? readdirSync(folder).filter(
        (name) => /^hot/.test(name) && existsSync(`${folder}${name}/step1.groups.json`),
      )
    : [];
  it.runIf(cases.length > 0).each(cases)('%s', async (name) => {
    const steps = await play(`${folder}${name}`);
    expect(steps.length).toBeGreaterThan(0);
    for (const { step, ours, kernel } of steps)
      expect({ step, groups: ours }).toEqual({ step, groups: kernel });
  });
});
