import { FRAME_BYTES } from '../../memory/frame-store';
import type { FrameUse, UserFrames } from '../../memory/frame-use';
import { processTablesOf } from '../../hw/common/process-table';
import type { Machine } from '../machine';
import type { PhysicalMap, PhysicalRun } from '../physical-map';
import { processId } from './iommufd';
import { pageTableOf } from './page-table-of';
import { projectAreaFrames, projectLeaves } from './leaves';

/** Frames of one use in a row. */
interface Taken {
  readonly pfn: number;
  readonly count: number;
  readonly of: Of;
}

type Of = Pick<PhysicalRun, 'use' | 'ownerId' | 'level' | 'label'>;

const UNKNOWN: Of = { use: 'other', ownerId: null, level: null, label: 'kernel memory' };

/**
 * Every frame that is not free, once, with what it is for. What nobody gave a reason for is there as well: runs and free
 * memory together are all of it.
 */
export function projectPhysical(machine: Machine): PhysicalMap {
  const { memory } = machine;
  const taken = [
    ...kernelFrames(machine),
    ...[...memory.userFrames].flatMap((each) => userRuns(machine, each)),
  ];
  taken.sort((a, b) => a.pfn - b.pfn);
  return {
    ram: memory.ram.map(({ startPfn, lastPfn }) => ({
      start: startPfn * FRAME_BYTES,
      last: (lastPfn + 1) * FRAME_BYTES - 1,
    })),
    runs: joined([...taken, ...unaccounted(machine, taken)].sort((a, b) => a.pfn - b.pfn)),
    leaves: projectLeaves(machine),
    areas: projectAreaFrames(machine),
  };
}

function kernelFrames(machine: Machine): readonly Taken[] {
  const owners = ownersOf(machine);
  const told = new Map<FrameUse, Of>();
  return [...machine.memory.uses].map(([pfn, use]) => {
    const of = told.get(use) ?? tell(use, owners);
    told.set(use, of);
    return { pfn, count: 1, of };
  });
}

type Owner = Pick<Of, 'ownerId' | 'label'>;

function tell({ kind, what, level, owner }: FrameUse, owners: ReadonlyMap<unknown, Owner>): Of {
  if (kind !== 'page-table')
    return { use: kind, ownerId: typeof owner === 'string' ? owner : null, level: null, label: what };
  const { ownerId, label } = owners.get(owner) ?? { ownerId: null, label: 'page table in the making' };
  return { use: kind, ownerId, level: (level ?? 0) + 1, label };
}

/** By a table's token: who has the table. */
function ownersOf(machine: Machine): ReadonlyMap<unknown, Owner> {
  const owners = new Map<unknown, Owner>();
  const add = (domain: Parameters<typeof pageTableOf>[0], owner: Owner): void => {
    const token = pageTableOf(domain)?.token;
    if (token != null && !owners.has(token)) owners.set(token, owner);
  };
  for (const ctx of machine.iommufd.contexts)
    for (const object of ctx.objects.list())
      if (object.kind === 'hwpt-paging') add(object.domain, { ownerId: object.worldId, label: 'page table' });
  for (const group of machine.core.groups.values())
    for (const domain of [group.defaultDomain, group.blockingDomain, group.domain])
      add(domain, { ownerId: group.worldId, label: `page table of ${domain?.label ?? ''}` });
  for (const domain of machine.driverDomains)
    add(domain, { ownerId: null, label: `page table of ${domain.label}` });
  for (const process of machine.processes.values())
    for (const { token } of processTablesOf(process))
      owners.set(token, { ownerId: processId(process.name), label: 'page table of the process' });
  return owners;
}

function userRuns(
  machine: Machine,
  { holder, isFile, userVa, mapped, pfns, framesPerPage }: UserFrames,
): Taken[] {
  const name = userVa === null ? null : machine.names.bufferAt(holder, BigInt(userVa))?.name;
  const label = isFile ? holder : (name ?? 'memory without a name');
  const of: Of = {
    use: 'process',
    ownerId: isFile ? null : processId(holder),
    level: null,
    label: mapped ? label : isFile ? `${label}, closed but pinned` : 'unmapped but pinned',
  };
  return joinFrames(Array.from(pfns), framesPerPage).map((run) => ({ ...run, of }));
}

/** Pages of a buffer stand in any order; here they are in that of their frames. */
function joinFrames(pfns: number[], framesPerPage: number): { pfn: number; count: number }[] {
  const runs: { pfn: number; count: number }[] = [];
  for (const pfn of pfns.sort((a, b) => a - b)) {
    const before = runs.at(-1);
    if (before !== undefined && before.pfn + before.count === pfn) before.count += framesPerPage;
    else runs.push({ pfn, count: framesPerPage });
  }
  return runs;
}

/** What is neither free nor known. */
function unaccounted({ memory }: Machine, known: readonly Taken[]): readonly Taken[] {
  const rest: Taken[] = [];
  const places = [...memory.freeRuns, ...known].sort((a, b) => a.pfn - b.pfn);
  let at = 0;
  for (const { startPfn, lastPfn } of memory.ram) {
    let next = startPfn;
    for (let place = places[at]; place !== undefined && place.pfn <= lastPfn; place = places[++at]) {
      if (place.pfn > next) rest.push({ pfn: next, count: place.pfn - next, of: UNKNOWN });
      next = Math.max(next, place.pfn + place.count);
    }
    if (next <= lastPfn) rest.push({ pfn: next, count: lastPfn + 1 - next, of: UNKNOWN });
  }
  return rest;
}

function joined(taken: readonly Taken[]): readonly PhysicalRun[] {
  const runs: PhysicalRun[] = [];
  let of: Of | null = null;
  for (const each of taken) {
    const before = runs.at(-1);
    const start = each.pfn * FRAME_BYTES;
    if (before !== undefined && same(of, each.of) && before.start + before.bytes === start)
      runs[runs.length - 1] = { ...before, bytes: before.bytes + each.count * FRAME_BYTES };
    else runs.push({ start, bytes: each.count * FRAME_BYTES, ...each.of });
    of = each.of;
  }
  return runs;
}

const same = (a: Of | null, b: Of): boolean =>
  a === b ||
  (a !== null && a.use === b.use && a.ownerId === b.ownerId && a.level === b.level && a.label === b.label);
