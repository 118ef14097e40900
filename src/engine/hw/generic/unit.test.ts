import { beforeEach, describe, expect, it } from 'vitest';
import type { IommuClient, IommuDomain } from '../../iommu/ops';
import { PhysicalMemory } from '../../memory/physical-memory';
import { TraceBuffer } from '../../trace/trace';
import { BYPASSED, FAULTED, PA_HI, PA_LO, READ, REASON, WALKED, WRITE, NO_PASID } from '../port';
import { GENERIC_DEFAULTS, type GenericOptions } from './options';
import { GenericTranslator } from './translate';
import { GenericUnit } from './unit';

const client = (name: string, rid: number): IommuClient => ({ name, rid, aliasRids: [rid] });
const NIC = client('nic', 0x100);
const DISK = client('disk', 0x200);
const BOTH = { read: true, write: true };
const MIB_2 = 2 ** 21;

let memory: PhysicalMemory;
let units: GenericUnit[];
let asked: string[];
const trace = new TraceBuffer();

beforeEach(() => {
  memory = new PhysicalMemory();
  units = [];
  asked = [];
});

function unit(name: string, devices: readonly IommuClient[], options: Partial<GenericOptions> = {}) {
  const made = new GenericUnit(
    { ...GENERIC_DEFAULTS, unit: `iommu:${name}`, driver: 'generic', ...options },
    memory,
    trace,
    {
      reservedOf: () => [],
      allowPageRequests({ name: device }) {
        asked.push(`allow ${device}`);
        return { ok: true, value: undefined };
      },
      forbidPageRequests: ({ name: device }) => asked.push(`forbid ${device}`),
      units,
    },
  );
  for (const { name: device } of devices) made.scope.add(device);
  units.push(made);
  const nameOf = (rid: number): string | null => devices.find((each) => each.rid === rid)?.name ?? null;
  return { unit: made, hardware: new GenericTranslator(made, trace, nameOf) };
}

function domainOf({ unit: of }: { readonly unit: GenericUnit }): IommuDomain {
  const made = of.domainAllocPaging(NIC, {});
  if (!made.ok) throw new Error(made.why);
  return made.value;
}

/** What the hardware makes of an address: a physical one, or the name of the fault. */
function lookUp(
  { hardware }: ReturnType<typeof unit>,
  rid: number,
  iova: bigint,
  access: number = READ,
  pasid = NO_PASID,
) {
  const status = hardware.translate(rid, Number(iova >> 32n), Number(BigInt.asIntN(32, iova)), access, pasid);
  if (status === FAULTED) return `fault ${hardware.result[REASON] ?? 0}`;
  const pa = (hardware.result[PA_HI] ?? 0) * 2 ** 32 + ((hardware.result[PA_LO] ?? 0) >>> 0);
  return status === WALKED || status === BYPASSED ? pa : `status ${status}`;
}

describe('a generic IOMMU', () => {
  it('translates by the tables that its driver wrote, page sizes as it has them', () => {
    const smmu = unit('a', [NIC], { pageSizesLg2: [12, 21] });
    const domain = domainOf(smmu);
    expect(domain.paging!.map(0x40_0000n, 0x1_2340_0000, MIB_2, BOTH)).toMatchObject({ ok: true });
    expect(domain.paging!.map(0x80_1000n, 0x5000, 4096, { read: true, write: false })).toMatchObject({
      ok: true,
    });
    expect(domain.attachDev(NIC, null)).toMatchObject({ ok: true });
    expect(lookUp(smmu, NIC.rid, 0x41_2345n)).toBe(0x1_2341_2345);
    expect(lookUp(smmu, NIC.rid, 0x80_1234n)).toBe(0x5234);
    expect(lookUp(smmu, NIC.rid, 0x80_1234n, WRITE)).toBe('fault 4');
    expect(lookUp(smmu, NIC.rid, 0x80_2000n)).toBe('fault 3');
    domain.paging!.unmap(0x40_0000n, MIB_2);
    expect(lookUp(smmu, NIC.rid, 0x41_2345n)).toBe('fault 3');
  });

  it('lets nothing pass without a domain, or by the blocking one, and everything by the identity one', () => {
    const smmu = unit('a', [NIC]);
    expect(lookUp(smmu, NIC.rid, 0x1000n)).toBe('fault 1');
    smmu.unit.blockedDomain!.attachDev(NIC, null);
    expect(lookUp(smmu, NIC.rid, 0x1000n)).toBe('fault 2');
    smmu.unit.identityDomain.attachDev(NIC, null);
    expect(lookUp(smmu, NIC.rid, 0xffff_ffff_1000n)).toBe(0xffff_ffff_1000);
    expect(lookUp(smmu, DISK.rid, 0x1000n)).toBe('fault 1');
  });

  it('keeps to its aperture', () => {
    const domain = domainOf(unit('a', [NIC], { apertureStart: 0x1000n, apertureLast: 0xffffn }));
    expect(domain.paging).toMatchObject({ apertureStart: 0x1000n, apertureLast: 0xffffn });
    expect(domain.paging!.map(0n, 0x1000, 4096, BOTH)).toMatchObject({ errno: 'ERANGE' });
    expect(domain.paging!.map(0xf000n, 0x1000, 8192, BOTH)).toMatchObject({ errno: 'ERANGE' });
    expect(domain.paging!.map(0xf000n, 0x1000, 4096, BOTH)).toMatchObject({ ok: true });
  });

  it('marks pages dirty while it is told to', () => {
    const smmu = unit('a', [NIC]);
    const made = smmu.unit.domainAllocPaging(NIC, { dirtyTracking: true });
    const domain = made.ok ? made.value : null;
    domain!.attachDev(NIC, null);
    domain!.paging!.map(0x1000n, 0x1000, 8192, BOTH);
    const dirty = (): bigint[] => {
      const found: bigint[] = [];
      domain!.paging!.dirty!.readAndClear(0n, 0x4000n, false, (iova) => found.push(iova));
      return found;
    };
    lookUp(smmu, NIC.rid, 0x1000n, WRITE);
    expect(dirty()).toEqual([]);
    domain!.paging!.dirty!.setTracking(true);
    lookUp(smmu, NIC.rid, 0x1000n, READ);
    lookUp(smmu, NIC.rid, 0x2000n, WRITE);
    expect(dirty()).toEqual([0x2000n]);
    expect(dirty()).toEqual([]);
  });
});

describe('domains of a generic driver', () => {
  it('may be attached behind a sister unit, whose hardware then walks them', () => {
    const [a, b] = [unit('a', [NIC]), unit('b', [DISK])];
    const domain = domainOf(a);
    domain.paging!.map(0x1000n, 0x9000, 4096, BOTH);
    expect(domain.attachDev(DISK, null)).toMatchObject({ ok: true });
    expect(lookUp(b, DISK.rid, 0x1000n)).toBe(0x9000);
    expect(lookUp(a, NIC.rid, 0x1000n)).toBe('fault 1');
  });

  // EINVAL is what makes iommufd try another domain. Linux: the comment at attach_dev in include/linux/iommu.h
  it.each([
    ['another driver', { driver: 'other' }],
    ['pages that it lacks', { pageSizesLg2: [12] }],
    ['addresses beyond its own', { apertureLast: 0xffff_ffffn }],
  ] as const)('are refused by a unit of %s: EINVAL', (_, its) => {
    const a = unit('a', [NIC]);
    const b = unit('b', [DISK], its);
    expect(domainOf(a).attachDev(DISK, null)).toMatchObject({ errno: 'EINVAL' });
    expect(b.unit.attached.size).toBe(0);
  });

  it('that enforce coherency are refused where that is not possible', () => {
    const a = unit('a', [NIC]);
    unit('b', [DISK], { snoopControl: false });
    const domain = domainOf(a);
    expect(domain.attachDev(DISK, null)).toMatchObject({ ok: true });
    expect(domain.paging!.enforceCacheCoherency!()).toBe(true);
    expect(domain.attachDev(DISK, null)).toMatchObject({ errno: 'EINVAL' });
  });
});

describe('what a driver is told to refuse', () => {
  it('the n-th call, once', () => {
    const smmu = unit('a', [NIC, DISK]);
    smmu.unit.refuse({ what: 'attach', nth: 2, errno: 'ENOSPC', device: null });
    const domain = domainOf(smmu);
    const attach = (device: IommuClient) => domain.attachDev(device, null);
    expect([attach(NIC), attach(DISK), attach(DISK)].map((result) => result.ok)).toEqual([true, false, true]);
    smmu.unit.refuse({ what: 'map', nth: 1, errno: 'ENOMEM', device: null });
    expect(domain.paging!.map(0x1000n, 0x1000, 4096, BOTH)).toMatchObject({ errno: 'ENOMEM' });
    expect(domain.paging!.map(0x1000n, 0x1000, 4096, BOTH)).toMatchObject({ ok: true });
    smmu.unit.refuse({ what: 'alloc', nth: 1, errno: 'ENODEV', device: null });
    expect(smmu.unit.domainAllocPaging(NIC, {})).toMatchObject({ errno: 'ENODEV' });
  });

  it('every attach of a device, to whatever', () => {
    const smmu = unit('a', [NIC, DISK]);
    smmu.unit.refuse({ what: 'attach', nth: null, errno: 'EIO', device: 'disk' });
    const domain = domainOf(smmu);
    expect(domain.attachDev(DISK, null)).toMatchObject({ errno: 'EIO' });
    expect(smmu.unit.blockedDomain!.attachDev(DISK, null)).toMatchObject({ errno: 'EIO' });
    expect(domain.attachDev(NIC, null)).toMatchObject({ ok: true });
  });
});

describe('PASIDs and page requests', () => {
  it('a PASID has a domain of its own, and nothing else of the device’s', () => {
    const smmu = unit('a', [NIC], { maxPasids: 16 });
    const domain = domainOf(smmu);
    domain.paging!.map(0x1000n, 0x9000, 4096, BOTH);
    smmu.unit.identityDomain.attachDev(NIC, null);
    expect(lookUp(smmu, NIC.rid, 0x1000n, READ, 5)).toBe('fault 1');
    domain.setDevPasid!(NIC, 5, null);
    expect(lookUp(smmu, NIC.rid, 0x1000n, READ, 5)).toBe(0x9000);
    expect(lookUp(smmu, NIC.rid, 0x1000n)).toBe(0x1000);
    smmu.unit.blockedDomain!.setDevPasid!(NIC, 5, domain);
    expect(lookUp(smmu, NIC.rid, 0x1000n, READ, 5)).toBe('fault 1');
  });

  it('a device may ask for pages as long as one of its domains handles that', () => {
    const smmu = unit('a', [NIC], { maxPasids: 16 });
    const [first, second] = [domainOf(smmu), domainOf(smmu)];
    for (const domain of [first, second]) domain.iopfHandler = () => ({ ok: true, value: undefined });
    first.attachDev(NIC, null);
    second.setDevPasid!(NIC, 5, null);
    second.attachDev(NIC, first);
    expect(asked).toEqual(['allow nic']);
    smmu.unit.blockedDomain!.attachDev(NIC, second);
    expect(asked).toEqual(['allow nic']);
    smmu.unit.blockedDomain!.setDevPasid!(NIC, 5, second);
    expect(asked).toEqual(['allow nic', 'forbid nic']);
  });
});
