import { describe, expect, it } from 'vitest';
import { ProcessMemory } from '../../../memory/process-memory';
import type { DeviceAbilities } from '../../unit';
import { client, FakeUnit, SCALABLE, type FakeOptions } from './fake-unit.conformance';

const NIC = client(0x100);
const ABLE: DeviceAbilities = { ats: true, pri: false, maxPasids: 1024 };

function setup(options: FakeOptions = {}, abilities = ABLE, finalize = true) {
  const u = new FakeUnit({
    cap: ['fs1gp'],
    ...options,
    driver: { abilitiesOf: () => abilities, ...options.driver },
  });
  const { driver } = u;
  driver.probeDevice(NIC);
  driver.enableTranslation();
  if (finalize) driver.probeFinalize(NIC);
  const process = new ProcessMemory('qemu', u.memory);
  const mapped = process.mmap(3 * 4096);
  if (!mapped.ok) throw new Error(mapped.why);
  u.take();
  const bind = () => {
    const made = driver.domainAllocSva(NIC, process);
    if (!made.ok) throw new Error(made.why);
    return made.value;
  };
  return { u, driver, process, mapping: mapped.value, bind };
}

const read = (u: FakeUnit, pa: bigint | number): bigint => u.memory.readU64(Number(pa)) ?? 0n;
function entry(u: FakeUnit, pasid: number): bigint[] {
  const context = read(u, (u.read64(0x20) & ~0xfffn) + 16n) & ~0xfffn;
  const directory = read(u, context) & ~0xfffn;
  const table = (read(u, directory + BigInt(pasid >> 6) * 8n) & ~0xfffn) + BigInt(pasid & 63) * 64n;
  return Array.from({ length: 8 }, (_, n) => read(u, table + BigInt(n * 8)));
}

/** intel_iommu_sva_supported() */
describe('who can use a process’s table', () => {
  const errno = (...args: Parameters<typeof setup>): string => {
    const s = setup(...args);
    const made = s.driver.domainAllocSva(NIC, s.process);
    return made.ok ? 'ok' : made.errno;
  };

  it('errnos in order', () => {
    expect(errno({ driver: { legacy: true } })).toBe('ENODEV');
    expect(errno({ cap: [] })).toBe('ENODEV'); // processors have 1 GiB pages
    expect(errno({ ecap: SCALABLE.filter((b) => b !== 'pasid') })).toBe('ENODEV');
    expect(errno({}, { ...ABLE, ats: false })).toBe('EINVAL');
    expect(errno({}, { ...ABLE, maxPasids: 0 })).toBe('EINVAL');
    expect(errno({}, ABLE, false)).toBe('EINVAL'); // not switched on yet
    expect(errno()).toBe('ok');
    expect(errno({}, { ...ABLE, pri: true })).toBe('ok');
  });
});

/** intel_svm_set_dev_pasid() */
describe('binding', () => {
  it('the PASID entry: first stage, the process’s root, domain id 1, four levels', () => {
    const s = setup();
    const domain = s.bind();
    expect(domain.setDevPasid!(NIC, 3, null).ok).toBe(true);
    const [w0, w1, root = 0n] = entry(s.u, 3);
    expect([w0, w1]).toEqual([1n | (2n << 2n) | (1n << 6n), 1n | (1n << 23n)]);
    // What a processor finds there: the walk is spelled out.
    const va = s.mapping.userVa;
    let pa = root;
    for (const shift of [39n, 30n, 21n, 12n])
      pa = read(s.u, (pa & 0xf_ffff_ffff_f000n) + ((va >> shift) & 511n) * 8n);
    expect(Number(pa & 0xf_ffff_ffff_f000n)).toBe(s.mapping.pa);
  });

  it('what the process unmaps, the unit and the device forget', () => {
    const s = setup();
    s.bind().setDevPasid!(NIC, 3, null);
    s.u.take();
    s.process.munmap(s.mapping.userVa, s.mapping.bytes);
    const sent = s.u.descriptors();
    expect(sent.map(([w]) => w & 0xffff_ffffn)).toEqual([0x36n | (1n << 16n), 8n | (0x100n << 16n)]);
    expect(sent.map(([w]) => w >> 32n)).toEqual([3n, 3n]);
  });

  it('a process that ends first leaves the entry empty, before its tables go', () => {
    const s = setup();
    s.bind().setDevPasid!(NIC, 3, null);
    s.u.take();
    const free = s.u.memory.freeFrames.bind(s.u.memory);
    const present: bigint[] = [];
    s.u.memory.freeFrames = (pfn, count) => {
      present.push(entry(s.u, 3)[0] ?? -1n);
      free(pfn, count);
    };
    s.process.exit();
    expect(present.length).toBeGreaterThan(0);
    expect(new Set(present)).toEqual(new Set([0n]));
    // intel_pasid_tear_down_entry() with fault_ignore: nothing is drained
    expect(
      s.u
        .descriptors()
        .slice(0, 3)
        .map(([w]) => w & 0xfn),
    ).toEqual([7n, 6n, 8n]);
  });

  it('unbound and freed, nothing is left: no tag, no table', () => {
    const s = setup();
    const domain = s.bind();
    domain.setDevPasid!(NIC, 3, null);
    s.driver.blockedDomain.setDevPasid!(NIC, 3, domain);
    domain.free!();
    s.u.take();
    const before = s.u.memory.allocatedFrames;
    s.process.munmap(s.mapping.userVa, s.mapping.bytes);
    expect(s.u.take()).toEqual([]);
    expect(before - s.u.memory.allocatedFrames).toBe(3); // the pages themselves
  });
});
