import { describe, expect, it } from 'vitest';
import type { FaultEvent } from '../../../trace/event';
import type { CacheEntryView, UnitView } from '../../common/view';
import { ATS_REQUEST, EXECUTE, READ } from '../../port';
import { addressFieldsOf, explainSmmu, kernelLinesOf, whyFault } from './explain';
import {
  AF,
  AP_RO,
  CDTAB,
  CFG,
  CMDQ,
  DBM,
  Fixture,
  HA,
  HD,
  LEAF1,
  LEAF2,
  NO_RAM,
  PAGE,
  PRIQEN,
  S1,
  S2,
  STRTAB,
  USUAL,
} from './fixture.conformance';
import { inspectSmmu, summarizeSmmu } from './inspect';

const cache = (view: UnitView, id: string): readonly CacheEntryView[] =>
  view.caches.find((each) => each.id === id)?.entries ?? [];
const tagsOf = (entry: CacheEntryView | undefined): string =>
  (entry?.tags ?? []).map(({ name, value }) => `${name} ${value}`).join(', ');

function nested(): { f: Fixture; entries: number[]; second: number[] } {
  const f = new Fixture().putSte({ config: CFG.nested, vmid: 7n }).putCd();
  const entries = f.map(0x5000n, 0x9000n);
  for (const at of [CDTAB, ...entries]) {
    const page = BigInt(at) & ~0xfffn;
    f.map(page, page, { root: S2, attributes: LEAF2 });
  }
  const second = f.map(0x9000n, PAGE, { root: S2, attributes: LEAF2 });
  return { f: f.on(), entries, second };
}

describe('SMMUv3 in view', () => {
  it('caches in words', () => {
    const f = new Fixture().usual();
    f.outcome(0x1000n);
    const view = inspectSmmu(f.device);
    expect(view.caches.map(({ id }) => id)).toEqual(['ste', 'cd', 'iotlb', 'walk', 'stage2']);
    expect([tagsOf(cache(view, 'ste')[0]), cache(view, 'ste')[0]?.gives]).toEqual([
      'StreamID 0000:01:00.0',
      'stage 1, CDs at 0x2000000',
    ]);
    expect([tagsOf(cache(view, 'cd')[0]), cache(view, 'cd')[0]?.gives]).toEqual([
      'StreamID 0000:01:00.0, SubstreamID 0',
      'VMID 0, ASID 1, TTB0 at 0x4000000',
    ]);
    const [translation] = cache(view, 'iotlb');
    expect([tagsOf(translation), translation?.gives]).toEqual([
      'regime EL1, VMID 0, ASID 1, VA 0x1000',
      'PA 0x123456000, 4 KiB, read and write and execute; privileged: read and write',
    ]);
    expect([translation?.iova, translation?.pa, translation?.sizeLg2, translation?.stale]).toEqual([
      0x1000n,
      Number(PAGE),
      12,
      false,
    ]);
    expect(cache(view, 'walk').map(({ gives, stale }) => [gives, stale])).toEqual([
      ['level 1 table at 0x4040000', false],
      ['level 2 table at 0x4080000', false],
      ['level 3 table at 0x40c0000', false],
    ]);
  });

  it('both stages, and stage 2 of tables', () => {
    const { f } = nested();
    f.outcome(0x5000n);
    const view = inspectSmmu(f.device);
    expect(cache(view, 'ste')[0]?.gives).toBe(
      'stage 1, then stage 2, CDs at 0x2000000, VMID 7, stage-2 table at 0x6000000',
    );
    expect(cache(view, 'iotlb')[0]?.gives).toContain('PA 0x123456000, 4 KiB, read and write');
    expect(cache(view, 'iotlb')[0]?.gives).toContain(', through both stages');
    // All of them fall into one set.
    expect(cache(view, 'stage2').map(({ gives }) => gives)).toContain(
      'PA 0x4000000, 4 KiB, read and write and execute',
    );
    for (const { entries } of view.caches)
      for (const entry of entries) expect(entry.stale, entry.gives).toBe(false);
  });

  it('what memory no longer says is stale, cache by cache', () => {
    const stale = (f: Fixture): string[] =>
      inspectSmmu(f.device).caches.flatMap(({ id, entries }) =>
        entries.some((entry) => entry.stale) ? [id] : [],
      );
    const fresh = (): { f: Fixture; entries: number[] } => {
      const f = new Fixture().usual();
      const entries = f.map(0x1000n, PAGE);
      f.outcome(0x1000n);
      expect(stale(f)).toEqual([]);
      return { f, entries };
    };
    const leaf = fresh();
    leaf.f.put(leaf.entries[3] ?? 0, 0n);
    expect(stale(leaf.f)).toEqual(['iotlb']);
    const table = fresh();
    table.f.put(table.entries[2] ?? 0, 0n);
    expect(stale(table.f)).toEqual(['iotlb', 'walk']);
    const cd = fresh();
    cd.f.putCd({ ttb0: BigInt(S1) + 0x100_0000n });
    expect(stale(cd.f)).toEqual(['cd', 'iotlb', 'walk']);
    const ste = fresh();
    ste.f.putSte({ v: 0n });
    expect(stale(ste.f)).toEqual(['ste', 'cd', 'iotlb', 'walk']);
    ste.f.flush();
    expect(stale(ste.f)).toEqual([]);
    const rights = fresh();
    rights.f.put(rights.entries[3] ?? 0, PAGE | LEAF1 | AP_RO | 3n);
    expect(stale(rights.f)).toEqual(['iotlb']);
    const more = fresh();
    more.f.put(more.entries[3] ?? 0, PAGE | LEAF1 | 3n);
    expect(stale(more.f)).toEqual([]);
    const { f, second } = nested();
    f.outcome(0x5000n);
    f.put(second[3] ?? 0, 0n);
    expect(stale(f)).toEqual(['iotlb']);
  });

  it('looking changes nothing: no trace, no flags, no cache', () => {
    const f = new Fixture().putSte().putCd({ flags: USUAL | HA | HD });
    const at = f.map(0x1000n, PAGE, { attributes: LEAF1 | AP_RO | DBM })[3] ?? 0;
    f.on().outcome(0x1000n);
    f.put(at, PAGE | ((LEAF1 | AP_RO | DBM) & ~AF) | 3n);
    f.trace.on = true;
    const before = JSON.stringify(f.device.state.tlb.list());
    const [events, registers] = [f.trace.mark(), f.device.state.regs.slice()];
    inspectSmmu(f.device);
    summarizeSmmu(f.device);
    expect(f.memory.readU64(at)).toBe(PAGE | ((LEAF1 | AP_RO | DBM) & ~AF) | 3n);
    expect([JSON.stringify(f.device.state.tlb.list()), f.trace.mark(), f.device.state.regs]).toEqual([
      before,
      events,
      registers,
    ]);
  });

  it('queues: what is in them, decoded, and what waits', () => {
    const f = new Fixture().putSte().putCd().on(PRIQEN);
    f.command([0x03n | (0x100n << 32n), 1n], [0x46n, 0n]);
    f.outcome(0x1000n);
    f.device.pageRequest({
      rid: 0x100,
      pasid: -1,
      iova: 0x5000n,
      read: true,
      write: false,
      execute: false,
      privileged: false,
      group: 3,
      last: true,
    });
    const [commands, events, requests] = inspectSmmu(f.device).queues;
    expect([
      commands?.entries.map(({ name, pending }) => [name, pending]),
      commands?.size,
      commands?.stopped,
    ]).toEqual([
      [
        ['CMD_CFGI_STE', false],
        ['CMD_SYNC', false],
      ],
      256,
      null,
    ]);
    expect(events?.entries.map(({ name, pending }) => [name, pending])).toEqual([['F_TRANSLATION', true]]);
    expect([requests?.entries.length, requests?.enabled, requests?.entryBytes]).toEqual([1, true, 16]);
    f.command([0xffn, 0n]);
    expect(inspectSmmu(f.device).queues[0]?.stopped).toBe('CERROR_ILL');
    f.drain();
    for (let n = 0; n < 9; n++) f.outcome(BigInt(n) << 12n);
    expect(inspectSmmu(f.device).queues[1]).toMatchObject({ stopped: 'overflow', entries: { length: 8 } });
  });

  it('queues: a CMD_SYNC that its own completion wrote over is still called so', () => {
    // Linux: arm_smmu_cmdq_build_sync_cmd() has the message of a SYNC sent to the command's own place, with data 0.
    const f = new Fixture({ msi: true }).putSte().putCd().on();
    f.command([0x03n | (0x100n << 32n), 1n], [0x46n | (1n << 12n), BigInt(CMDQ + 16)]);
    const [, sync] = inspectSmmu(f.device).queues[0]?.entries ?? [];
    expect(sync?.words[0]).toBe(0n);
    expect([sync?.name, sync?.fields.map(({ name }) => name)]).toEqual([
      'CMD_SYNC',
      ['Completion', 'MSIData', 'MSIAddress'],
    ]);
    expect(sync?.fields[0]?.meaning).toContain('over the opcode');
    // What is really wrong stays so: the same zeroes without that message.
    f.command([0n, 0n]);
    expect(inspectSmmu(f.device).queues[0]?.entries.at(-1)?.name).toBe('opcode 0x0');
  });

  it('events that wait are faults, with the lines of the kernel', () => {
    const f = new Fixture().putSte().putCd().on();
    f.writes(0x1000n);
    const { faults } = inspectSmmu(f.device);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ device: '0000:01:00.0', access: 'write', iova: 0x1000n, reason: 0x10 });
    expect(faults[0]?.kernelLine?.split('\n')).toHaveLength(7);
    expect(inspectSmmu(f.drain().device).faults).toEqual([]);
  });

  it('registers by name', () => {
    const { registers } = inspectSmmu(new Fixture().on().device);
    const cr0 = registers.find(({ name }) => name === 'CR0');
    expect([cr0?.value, cr0?.offset, cr0?.writable]).toEqual([0xdn, 0x20, true]);
    expect(registers.find(({ name }) => name === 'STRTAB_BASE')?.value).toBe(BigInt(STRTAB));
  });

  it('a summary', () => {
    const f = new Fixture().usual();
    f.outcome(0x1000n);
    f.command([0x46n, 0n]);
    const summary = summarizeSmmu(f.device);
    expect([summary.enabled, summary.addressBits, summary.commands]).toEqual([true, 48, 1]);
    expect(summary.queues.map(({ tail, head }) => [tail, head])).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(summary.caches.find(({ id }) => id === 'iotlb')).toMatchObject({ used: 1, stale: 0 });
  });
});

describe('SMMUv3 explained', () => {
  function steps(f: Fixture, iova: bigint, access = READ) {
    f.trace.on = true;
    const from = f.trace.mark();
    f.outcome(iova, access);
    const events = f.trace.since(from);
    const fault = events.find((event): event is FaultEvent => event.kind === 'fault');
    return { steps: explainSmmu(f.device, events), fault };
  }

  it('a walk of one stage', () => {
    const f = new Fixture().usual();
    const { steps: first } = steps(f, 0x1000n);
    expect(first.map(({ kind, outcome, title }) => `${kind} ${outcome} ${title}`)).toEqual([
      'cache miss STE cache: 0000:01:00.0',
      'read table Stream table entry',
      'cache miss CD cache: 0000:01:00.0 ssid 0',
      'read table Context descriptor',
      'cache miss TLB: vmid 0 asid 1 va 0x1000',
      'read table Stage 1 level 0 descriptor',
      'read table Stage 1 level 1 descriptor',
      'read table Stage 1 level 2 descriptor',
      'read leaf Stage 1 level 3 descriptor, 4 KiB',
    ]);
    const tables = first.filter(({ structure }) => structure === 'table');
    expect(tables.map(({ level, index, pa }) => [level, index, pa])).toEqual([
      [4, 0, S1],
      [3, 0, S1 + 0x4_0000],
      [2, 0, S1 + 0x8_0000],
      [1, 1, S1 + 0xc_0008],
    ]);
    expect(tables[3]?.occupancy?.slice(0, 3)).toEqual(Uint8Array.of(0, 2, 0));
    const { steps: second } = steps(f, 0x1000n);
    expect(second.every(({ outcome }) => outcome === 'hit')).toBe(true);
  });

  it('a two-stage walk says whose reads they are', () => {
    const { f } = nested();
    const { steps: all } = steps(f, 0x5000n);
    const tables = all.filter(({ structure }) => structure === 'table');
    expect(tables.filter(({ stage }) => stage === 1).map(({ level }) => level)).toEqual([4, 3, 2, 1]);
    const second = tables.filter(({ stage }) => stage === 2);
    // For the descriptor (-1), for each of the four tables of stage 1, and for what came of it (0).
    expect([...new Set(second.map(({ forLevel }) => forLevel))]).toEqual([-1, 4, 3, 2, 1, 0]);
    expect(all.find(({ kind, structure }) => kind === 'read' && structure === 'cd')?.outcome).toBe('table');
  });

  it.each<[string, (f: Fixture) => void, bigint, number, RegExp]>([
    ['nothing mapped', () => undefined, 0x7000n, READ, /level 3 descriptor, entry 7/],
    ['outside', () => undefined, 1n << 48n, READ, /outside what the tables translate/],
    [
      'no AF',
      (f) => f.map(0x1000n, PAGE, { attributes: LEAF1 & ~AF }),
      0x1000n,
      READ,
      /level 3 descriptor, 4 KiB, entry 1/,
    ],
    [
      'not executable',
      (f) => f.map(0x1000n, PAGE, { attributes: LEAF1 | (1n << 54n) }),
      0x1000n,
      EXECUTE,
      /entry 1/,
    ],
    ['no CD', (f) => f.putCd({ v: 0n }), 0x1000n, READ, /./],
    ['no table', (f) => f.putCd({ ttb0: BigInt(NO_RAM) }), 0x1000n, READ, /./],
  ])('why: %s', (_name, prepare, iova, access, expected) => {
    const f = new Fixture().usual();
    prepare(f);
    const { steps: found, fault } = steps(f, iova, access);
    if (fault === undefined) throw new Error('no fault');
    expect(whyFault(fault, found)).toMatch(expected);
    expect(kernelLinesOf(f.device, fault).split('\n')[0]).toMatch(
      /^arm-smmu-v3 arm-smmu-v3\.0\.auto: event 0x.. received:$/,
    );
    expect(fault.recorded).toBe(true);
    expect(fault.words).toEqual(f.events()[0]);
  });

  it('why: stage 2, with the IPA', () => {
    const { f, second } = nested();
    f.put(second[3] ?? 0, 0n);
    const { steps: found, fault } = steps(f, 0x5000n);
    if (fault === undefined) throw new Error('no fault');
    expect(whyFault(fault, found)).toMatch(/stage 2, at IPA 0x9000 \(Stage 2 level 3 descriptor, entry 9\)/);
  });

  it('a fault that is not recorded has no lines', () => {
    const f = new Fixture().putSte({ config: CFG.abort }).on();
    const { fault } = steps(f, 0x1000n);
    if (fault === undefined) throw new Error('no fault');
    expect([fault.recorded, kernelLinesOf(f.device, fault)]).toEqual([false, '']);
  });

  it('commands and guest errors are told', () => {
    const f = new Fixture();
    f.trace.on = true;
    f.on().command([0x06n | (0x100n << 32n), 0n], [0xffn, 0n]);
    const told = f.trace.since(0).filter(({ kind }) => kind === 'command' || kind === 'guest-error');
    expect(told.map((event) => (event.kind === 'command' ? event.effect : event.kind))).toEqual([
      '0 CD entries dropped',
      'refused: CERROR 1',
      'guest-error',
    ]);
  });

  it('an ATS request is traced as one', () => {
    const f = new Fixture().putSte({ dw1: 1n << 28n }).putCd();
    f.map(0x1000n, PAGE);
    const { steps: found } = steps(f.on(), 0x1000n, READ | ATS_REQUEST);
    expect(found.at(-1)?.outcome).toBe('leaf');
  });

  it('an address cut up', () => {
    const brief = (...cut: Parameters<typeof addressFieldsOf>): string[] =>
      addressFieldsOf(...cut).map(({ label, bits, value }) => `${label}:${bits}=${value}`);
    expect(brief(0x1_2345_6789n, 1, { granuleLg2: 12, inputBits: 48 })).toEqual([
      'level 0:9=0',
      'level 1:9=4',
      'level 2:9=282',
      'level 3:9=86',
      'offset:12=1929',
    ]);
    expect(brief(0x1_2345_6789n, 2, { granuleLg2: 12, inputBits: 39 })).toEqual([
      'level 1:9=4',
      'level 2:9=282',
      `offset:21=${0x5_6789}`,
    ]);
    expect(brief(0x3_0000_0000n, null, { granuleLg2: 12, inputBits: 34, startLevel: 2 })).toEqual([
      `level 2:13=${0x3_0000_0000 / 2 ** 21}`,
      'level 3:9=0',
      'offset:12=0',
    ]);
    expect(
      brief(0x1_2345_6789n, 1, { granuleLg2: 16, inputBits: 42 }).map((text) => text.split('=')[0]),
    ).toEqual(['level 2:13', 'level 3:13', 'offset:16']);
  });
});
