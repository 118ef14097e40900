import { describe, expect, it } from 'vitest';
import type { IommuDomain } from '../../../iommu/ops';
import { client, entryOf, guestData, NIC, paging, rig, viommuOver, type Rig } from './fake-unit.conformance';

// What hardware makes of an entry: section 2.2.2 "Device Table", tables of V, TV, GV and Mode; written down here anew.
function meaning(words: readonly bigint[]): string {
  const [w0 = 0n, w1 = 0n, w2 = 0n] = words;
  const bits = (w: bigint, high: bigint, low: bigint) => (w >> low) & ((1n << (high - low + 1n)) - 1n);
  const permissions = bits(w0, 62n, 61n);
  if (bits(w0, 0n, 0n) === 0n) return 'passes everything';
  if (bits(w0, 1n, 1n) === 0n || permissions === 0n) return 'blocked';
  const mode = bits(w0, 11n, 9n);
  const host = mode === 0n ? 'no table' : `host ${bits(w0, 51n, 12n)} mode ${mode} had ${bits(w0, 8n, 7n)}`;
  const tag = `domain ${bits(w1, 15n, 0n)}`;
  if (bits(w0, 55n, 55n) === 0n) return `${host} ${tag}`;
  const gcr3 = `${bits(w0, 60n, 58n)}:${bits(w1, 31n, 16n)}:${bits(w1, 63n, 43n)}`;
  const guest = `guest ${gcr3} glx ${bits(w0, 57n, 56n)} giov ${bits(w0, 54n, 54n)} mode ${bits(w2, 55n, 54n)}`;
  return `${guest} over ${host} ${tag}`;
}

/** What an entry comes to mean after each of the halves that are written to it. */
function meanings(r: Rig, rid: number, act: () => void): string[] {
  const seen: string[] = [];
  const write = r.memory.write.bind(r.memory);
  const [from, to] = [0, 32].map((n) => Number(r.bus.read64(0) & 0xf_ffff_ffff_f000n) + rid * 32 + n);
  r.memory.write = (pa, data) => {
    const done = write(pa, data);
    if (pa >= from! && pa < to!) {
      // One store of the processor: CMPXCHG16B.
      expect([data.length, pa % 16]).toEqual([16, 0]);
      seen.push(meaning(entryOf(r, rid)));
    }
    return done;
  };
  act();
  r.memory.write = write;
  return seen;
}

const GUEST_4 = [3n | (1n << 55n) | (1n << 54n) | (1n << 56n) | (5n << 58n), (0x1234n << 16n) | 7n, 0n, 0n];
const GUEST_4_OTHER = [3n | (1n << 55n) | (2n << 58n), (0x4321n << 16n) | 8n | (1n << 43n), 0n, 0n];
const GUEST_5 = [GUEST_4[0]!, GUEST_4[1]!, 1n << 54n, 0n];
const GUEST_5_OTHER = [GUEST_4_OTHER[0]!, GUEST_4_OTHER[1]!, 1n << 54n, 0n];

function states(r: Rig, guests: readonly (readonly bigint[])[]): IommuDomain[] {
  const [a, b] = [paging(r.driver), paging(r.driver, { dirtyTracking: true })];
  b.paging!.dirty!.setTracking(true);
  b.paging!.map(1n << 40n, 0x4000_0000, 4096, { read: true, write: true });
  const v2 = [paging(r.driver, { pasid: true }), paging(r.driver, { pasid: true })];
  const viommu = viommuOver(r.driver, paging(r.driver, { nestParent: true }));
  const nested = guests.map((words) => {
    const made = viommu.allocDomainNested!(0, guestData(words));
    if (!made.ok) throw new Error(made.why);
    return made.value;
  });
  return [a, b, ...v2, r.driver.identityDomain, r.driver.blockedDomain, ...nested];
}

describe('an entry that is written', () => {
  it.each([
    [0x310, 4],
    [0x300, 4],
    [0x310, 5],
    [0x300, 5],
  ])('means at every store the old, the new, or nothing passes (requester %i, %i levels)', (rid, levels) => {
    const aliased = client('0000:03:02.0', 0x0310, [0x0310, 0x0300]);
    const r = rig({ nestedDomains: true, la57: levels === 5 }, [aliased]);
    const all = states(r, levels === 5 ? [GUEST_5, GUEST_5_OTHER] : [GUEST_4, GUEST_4_OTHER]);
    let stores = 0;
    for (const from of all) {
      for (const to of all) {
        if (from === to) continue;
        // Nested domains leave their device in the list of the domain before: start from a clean one.
        r.driver.blockedDomain.attachDev(aliased, null);
        from.attachDev(aliased, null);
        const old = meaning(entryOf(r, rid));
        const seen = meanings(r, rid, () => expect(to.attachDev(aliased, from).ok).toBe(true));
        const now = meaning(entryOf(r, rid));
        expect(seen.filter((each) => ![old, now, 'blocked'].includes(each))).toEqual([]);
        expect(seen.at(-1)).toBe(now);
        stores += seen.length;
      }
    }
    expect(stores).toBeGreaterThan(2 * all.length * (all.length - 1));
  });

  it('the same for devices with tables of PASIDs', () => {
    const r = rig({ abilitiesOf: () => ({ ats: true, pri: true, maxPasids: 1024 }) });
    const all = states(r, []);
    for (const from of all) {
      for (const to of all) {
        if (from === to) continue;
        from.attachDev(NIC, null);
        const old = meaning(entryOf(r, 0x100));
        const seen = meanings(r, 0x100, () => to.attachDev(NIC, from));
        expect(seen.filter((each) => ![old, meaning(entryOf(r, 0x100)), 'blocked'].includes(each))).toEqual(
          [],
        );
      }
    }
  });

  it('from guest tables of four levels to five everything passes for a moment: the kernel takes V = 0 for disabled', () => {
    const r = rig({ nestedDomains: true, la57: true });
    const [four, five] = states(r, [GUEST_4, GUEST_5]).slice(-2);
    four!.attachDev(NIC, null);
    const seen = meanings(r, 0x100, () => five!.attachDev(NIC, four!));
    // update_dte256(): clear the lower half, flush, upper half, lower half.
    expect(seen.slice(0, 2)).toEqual(['passes everything', 'passes everything']);
    expect(seen[2]).toBe(meaning(entryOf(r, 0x100)));
  });

  it('what interrupts have of it stays', () => {
    const r = rig();
    const at = Number(r.bus.read64(0) & 0xf_ffff_ffff_f000n) + 0x100 * 32 + 16;
    // IV, length 9, a table, IntCtl 2; and garbage where only DMA's four bits are.
    r.memory.writeU64(at, 1n | (9n << 1n) | 0x12_3440n | (2n << 60n) | (0xfn << 52n));
    paging(r.driver, { pasid: true }).attachDev(NIC, null);
    expect(entryOf(r, 0x100)[2]).toBe(1n | (9n << 1n) | 0x12_3440n | (2n << 60n));
  });
});

describe('dirty tracking', () => {
  const HAD = 3n << 7n;

  it('sets and clears both bits in the entries of the devices, not of their aliases, and flushes all', () => {
    const aliased = client('0000:03:02.0', 0x0310, [0x0310, 0x0300]);
    const r = rig({}, [aliased]);
    const domain = paging(r.driver, { dirtyTracking: true });
    domain.attachDev(aliased, null);
    const had = () => [0x310, 0x300].map((rid) => entryOf(r, rid)[0]! & HAD);
    expect(had()).toEqual([0n, 0n]);
    r.bus.takeCommands();
    // amd_iommu_set_dirty_tracking(): device_flush_dte(), amd_iommu_domain_flush_all()
    const told = ['310 20000000 0 0', '300 20000000 0 0', '0 30000002 fffff003 7fffffff', 'wait'];
    expect(domain.paging!.dirty!.setTracking(true).ok).toBe(true);
    expect(had()).toEqual([HAD, 0n]);
    expect(r.bus.takeCommands()).toEqual(told);
    domain.paging!.dirty!.setTracking(true);
    expect(r.bus.takeCommands()).toEqual([]);
    domain.paging!.dirty!.setTracking(false);
    expect(had()).toEqual([0n, 0n]);
    expect(r.bus.takeCommands()).toEqual(told);
  });

  it('a device that comes later gets them with its entry; reading clears the pages and flushes them', () => {
    const r = rig();
    const domain = paging(r.driver, { dirtyTracking: true });
    const dirty = domain.paging!.dirty!;
    dirty.setTracking(true);
    expect(r.bus.takeCommands()).toEqual([]);
    domain.attachDev(NIC, null);
    expect(entryOf(r, 0x100)[0]! & HAD).toBe(HAD);
    domain.paging!.map(0x1000n, 0x4000_1000, 3 * 4096, { read: true, write: true });
    const table = (pa: number, index: number) =>
      Number((r.memory.readU64(pa + index * 8) ?? 0n) & 0xf_ffff_ffff_f000n);
    const leaves = table(table(r.driver.describeDomain(domain)!.rootPa, 0), 0);
    // As hardware would: D is bit 6.
    r.memory.writeU64(leaves + 2 * 8, r.memory.readU64(leaves + 2 * 8)! | (1n << 6n));
    r.bus.takeCommands();
    const seen: [bigint, number][] = [];
    dirty.readAndClear(0n, 0x10_0000n, false, (iova, bytes) => seen.push([iova, bytes]));
    expect(seen).toEqual([[0x2000n, 4096]]);
    expect(r.bus.takeCommands()).toEqual(['0 30000002 2002 0', 'wait']);
  });

  it('only a domain that was asked for it can, and a unit without HDSup cannot be given one', () => {
    const r = rig();
    expect(paging(r.driver).paging!.dirty).toBeNull();
    expect(paging(r.driver, { nestParent: true }).paging!.dirty).toBeNull();
  });
});
