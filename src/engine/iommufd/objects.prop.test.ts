import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareMsi } from '../dma/prepare-msi';
import { NO_PASID } from '../iommu/group';
import { reportDeviceFault } from '../iommu/page-fault-report';
import { probeDevice, releaseDevice } from '../iommu/probe';
import { FailNth } from '../kernel/fail';
import type { Result } from '../kernel/errno';
import {
  createAccess,
  destroyAccess,
  detachAccess,
  attachAccess,
  replaceAccess,
  type Access,
} from './access';
import { bindDevice, type IommufdDevice } from './device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from './device-attach';
import { MockDevice } from './selftest/mock-device';
import { checkMembers, checkObjects } from './testing/object-checks';
import { BUFFER_VA, DATA_VA, MockScene } from './testing/mock-scene';

// Invariants of drivers/iommu/iommufd/{main,device,hw_pagetable,viommu,eventq}.c, which every call keeps whatever it answers,
// also when an allocation fails on its way: who holds what is counted (iommufd_object::users), a group is where its
// attachment says, and in the end everything closes.
const SELFTEST = 0xdead_beef;
const EVENTS = 0xbeef_beef;
const GROUPS = ['abc', 'de', 'f'];
const LETTERS = [...GROUPS.join('')];
/** Of HWPT_ALLOC: for nesting, dirty tracking, faults, PASIDs; the last one does not exist. */
const FLAGS = [0, 1, 2, 4, 8, 9, 16, 12];
const PASIDS = [NO_PASID, NO_PASID, 1, 2];
const WINDOW = { start: 0x800_0000n, last: 0x80f_ffffn, kind: 'sw-msi' } as const;
const FIRMWARE = { start: 0x200_0000n, last: 0x200_ffffn, kind: 'reserved' } as const;

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(list.length, 1)];
const word = (result: Result<unknown>): string => (result.ok ? 'ok' : result.errno);

/** A machine that does what numbers say. */
class Walk extends MockScene {
  private accesses: Access[] = [];

  constructor(readonly plan: FailNth) {
    super(GROUPS, { fail: plan });
    this.memory.map(BUFFER_VA, 4, (index) => 0x100 + index);
    this.selftest.unit.getResvRegions = (device?: { readonly name: string }) =>
      'bde'.includes(this.letterOf(device?.name ?? '')) ? [WINDOW, FIRMWARE] : [];
  }

  private letterOf(name: string): string {
    return String.fromCharCode(Number(name.replace('iommufd_mock', '')));
  }

  private get idevs(): readonly IommufdDevice[] {
    return this.ctx.objects.list().flatMap((each) => (each.kind === 'device' ? [each] : []));
  }

  /** Ids of all objects, and one that nobody has; objects more often than their ids would be by chance. */
  private id(at: number, ...kinds: readonly string[]): number {
    const all = this.ctx.objects.list();
    const fitting = at % 8 === 7 ? all : all.filter(({ kind }) => kinds.includes(kind));
    return pick(fitting, at)?.id ?? 99;
  }

  private blob(data_type: number): { data_type: number; data_len: number; data_uptr: bigint } {
    return { data_type, data_len: 4, data_uptr: this.words(1, 0, 0, 0) };
  }

  private detachAll(idev: IommufdDevice): void {
    for (const [pasid, { devices }] of [...idev.igroup.attaches])
      if (devices.has(idev.id)) this.run(detachDeviceFrom(idev, pasid));
  }

  readonly actions: Readonly<Record<string, (a: number, b: number, c: number) => string>> = {
    bind: (a) => {
      const device = this.core.devices.get(`iommufd_mock${pick(LETTERS, a)?.charCodeAt(0)}`);
      if (!device || this.idevs.some((each) => each.device === device)) return 'ok';
      return word(this.run(bindDevice(this.ctx, device)));
    },
    unbind: (a) => {
      const idev = pick(this.idevs, a);
      if (idev) {
        this.detachAll(idev);
        this.unbind(idev);
      }
      return 'ok';
    },
    ioas: () => this.outcome('IOMMU_IOAS_ALLOC', {}),
    hwpt: (a, b, c) =>
      this.outcome('IOMMU_HWPT_ALLOC', {
        dev_id: this.id(a, 'device'),
        pt_id: this.id(b, 'ioas'),
        flags: pick(FLAGS, c) ?? 0,
        fault_id: this.id(c >> 3, 'fault'),
      }),
    nested: (a, b, c) =>
      this.outcome('IOMMU_HWPT_ALLOC', {
        dev_id: this.id(a, 'device'),
        pt_id: this.id(b, 'hwpt-paging', 'viommu'),
        flags: (pick(FLAGS, c) ?? 0) & ~3,
        fault_id: this.id(c >> 3, 'fault'),
        ...this.blob(0xdead),
      }),
    attach: (a, b, c) => this.move(attachDeviceTo, a, b, c),
    replace: (a, b, c) => this.move(replaceDevice, a, b, c),
    detach: (a, b) => {
      const idev = pick(this.idevs, a);
      const pasid = pick(PASIDS, b) ?? 0;
      if (idev?.hwptOf(pasid)) this.run(detachDeviceFrom(idev, pasid));
      return 'ok';
    },
    map: (a, b) => {
      this.call('IOMMU_IOAS_MAP', {
        flags: 7,
        ioas_id: this.id(a, 'ioas'),
        user_va: BUFFER_VA,
        length: 0x2000n,
        iova: 0x100_0000n + BigInt(b % 4) * 0x1000n,
      });
      return 'ok';
    },
    unmap: (a, b) => {
      const whole = b % 2 === 0;
      this.call('IOMMU_IOAS_UNMAP', {
        ioas_id: this.id(a, 'ioas'),
        iova: whole ? 0n : 0x100_0000n,
        length: whole ? 2n ** 64n - 1n : 0x2000n,
      });
      return 'ok';
    },
    destroy: (a) => {
      const ids = this.ctx.objects.list().map(({ id }) => id);
      return this.outcome('IOMMU_DESTROY', { id: pick(ids, a) ?? 99 });
    },
    fault: () => this.outcome('IOMMU_FAULT_QUEUE_ALLOC', {}),
    viommu: (a, b) =>
      this.outcome('IOMMU_VIOMMU_ALLOC', {
        type: SELFTEST,
        dev_id: this.id(a, 'device'),
        hwpt_id: this.id(b, 'hwpt-paging'),
      }),
    vdevice: (a, b, c) =>
      this.outcome('IOMMU_VDEVICE_ALLOC', {
        viommu_id: this.id(a, 'viommu'),
        dev_id: this.id(b, 'device'),
        virt_id: BigInt(c % 4),
      }),
    veventq: (a) =>
      this.outcome('IOMMU_VEVENTQ_ALLOC', {
        viommu_id: this.id(a, 'viommu'),
        type: EVENTS,
        veventq_depth: 2,
      }),
    queue: (a, b) =>
      this.outcome('IOMMU_HW_QUEUE_ALLOC', {
        viommu_id: this.id(a, 'viommu'),
        type: SELFTEST,
        index: b % 2,
        nesting_parent_iova: 0x100_0000n,
        length: 0x1000n,
      }),
    close: (a) => {
      this.closeFd(3 + (a % 8));
      return 'ok';
    },
    request: (a, b, c) => {
      const device = this.core.devices.get(`iommufd_mock${pick(LETTERS, a)?.charCodeAt(0)}`);
      const pasid = pick([null, 1, 2], b) ?? null;
      const fault = { pasid, grpid: c % 3, perm: 1, addr: 0n, lastPage: c % 4 !== 0 };
      if (device) this.run(reportDeviceFault(this.core, device, fault));
      return 'ok';
    },
    read: (a) => {
      const file = this.files.get(3 + (a % 8));
      if (file?.kind === 'kernel' && file.file.read)
        this.run(file.file.read(this.caller, DATA_VA, 160, null));
      return 'ok';
    },
    answer: (a, b) => {
      this.words(b % 4, 0);
      const file = this.files.get(3 + (a % 8));
      if (file?.kind === 'kernel' && file.file.write)
        this.run(file.file.write(this.caller, DATA_VA, 8, null));
      return 'ok';
    },
    access: (a, b) => {
      const access = pick(this.accesses, a);
      const ioas = this.id(b, 'ioas');
      if (!access || (a % 3 === 0 && this.accesses.length < 3)) {
        const made = createAccess(this.ctx, { needsPinPages: true, unmap: nothing });
        if (made.ok) this.accesses.push(made.value);
        return word(made);
      }
      if (!access.ioas) return word(this.run(attachAccess(access, ioas)));
      if (a % 5 !== 0) return word(this.run(replaceAccess(access, ioas)));
      this.run(detachAccess(access));
      this.run(destroyAccess(access));
      this.accesses = this.accesses.filter((each) => each !== access);
      return 'ok';
    },
    interrupt: (a, b) => {
      const device = this.core.devices.get(`iommufd_mock${pick(LETTERS, a)?.charCodeAt(0)}`);
      return device ? word(this.run(prepareMsi(this.core, device, BigInt(b % 3) * 4096n + 64n))) : 'ok';
    },
    unplug: (a) => {
      const device = this.core.devices.get(`iommufd_mock${pick(LETTERS, a)?.charCodeAt(0)}`);
      const held = this.idevs.some((each) => each.device === device);
      // The last one of a group goes only when nobody owns it: its driver is unbound first.
      if (device?.group && !held && device.group.devices.length > 1)
        this.run(releaseDevice(this.core, device));
      return 'ok';
    },
    plug: (a) => {
      const letter = pick(LETTERS, a) ?? 'a';
      const name = `iommufd_mock${letter.charCodeAt(0)}`;
      if (this.core.devices.has(name)) return 'ok';
      const { traits } = this.device(letter);
      const device = this.core.addDevice(new MockDevice(letter.charCodeAt(0), false), traits);
      const letters = GROUPS.find((each) => each.includes(letter)) ?? '';
      const sibling = [...letters].map((each) => this.core.devices.get(`iommufd_mock${each.charCodeAt(0)}`));
      const group = sibling.find((each) => each?.group)?.group;
      // PASIDs are not given to a newcomer: __iommu_probe_device() knows only the group's domain. Taking them away from it
      // later is a driver's trouble.
      if (group && [...group.pasidArray.keys()].some((pasid) => pasid !== NO_PASID)) {
        this.core.devices.delete(name);
        return 'ok';
      }
      const where = group
        ? ({
            kind: 'join',
            group: group.id,
            via: 'sibling',
            rule: 'test',
            why: 'the test says so',
            evidence: [],
          } as const)
        : ({ kind: 'new' } as const);
      const probed = this.run(probeDevice(this.core, device, () => where));
      if (!probed.ok) this.core.devices.delete(name);
      return word(probed);
    },
  };

  /** Mostly what makes sense: by a PASID that is attached, or to where a sibling is. */
  private move(how: typeof attachDeviceTo, a: number, b: number, c: number): string {
    const idev = pick(this.idevs, a);
    if (!idev) return 'ok';
    const { attaches } = idev.igroup;
    const own = [...attaches].flatMap(([pasid, { devices }]) => (devices.has(idev.id) ? [pasid] : []));
    const sensible = c % 8 !== 7;
    const again = sensible && how === replaceDevice ? pick(own, c) : undefined;
    const pasid = again ?? pick(PASIDS, c) ?? NO_PASID;
    const sibling = sensible && how === attachDeviceTo ? attaches.get(pasid)?.hwpt.id : undefined;
    const pt = sibling ?? this.id(b, 'hwpt-paging', 'hwpt-nested', ...(c % 3 === 0 ? ['ioas'] : []));
    return word(this.run(how(idev, pasid, pt)));
  }

  get wrong(): readonly string[] {
    const { core, ctx, selftest } = this;
    const hwpts = ctx.objects.list().filter(({ kind }) => kind.startsWith('hwpt'));
    const live = selftest.unit.live.size;
    return [
      ...checkObjects(ctx),
      ...[...core.groups.values()].flatMap(checkMembers),
      ...(live === hwpts.length ? [] : [`${live} domains live, ${hwpts.length} HWPTs`]),
    ];
  }

  /** What a call that is refused leaves as it was. */
  get state(): string {
    const { ctx, core } = this;
    return JSON.stringify([
      ctx.objects.list().map((each) => [each.worldId, each.users, each.waitCnt]),
      ctx.objects.tombstones,
      [...core.groups.values()].map((group) => [
        group.id,
        group.owner?.worldId,
        group.ownerCnt,
        group.refs,
        group.domain?.label,
        group.devices.map((device) => [device.name, device.attached?.label]),
        [...group.pasidArray.keys()],
      ]),
      [...ctx.groups.values()].map(({ attaches }) =>
        [...attaches].map(([pasid, { hwpt, devices }]) => [pasid, hwpt.id, [...devices.keys()]]),
      ),
      ctx.objects.list().map((each) => (each.kind === 'ioas' ? each.iopt.reserved.all.length : 0)),
      Array.from({ length: 16 }, (_, fd) => this.files.get(fd) !== null),
    ]);
  }

  /** What the kernel's log would call a bug, since the last time. */
  warnings(): readonly string[] {
    const logs = this.trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
    return logs.filter((text) => text.includes('WARNING'));
  }

  end(): unknown {
    for (let fd = 3; fd < 16; fd++) this.closeFd(fd);
    for (const idev of this.idevs) {
      this.detachAll(idev);
      this.unbind(idev);
    }
    for (const access of this.accesses) {
      if (access.ioas) this.run(detachAccess(access));
      this.run(destroyAccess(access));
    }
    this.run(this.ctx.release());
    const { iommufd, memory, physical, selftest, core } = this;
    const groups = [...core.groups.values()];
    return {
      contexts: iommufd.contexts.length,
      pinned: memory.pinned,
      domains: selftest.unit.live.size,
      frames: physical.allocatedFrames,
      owners: groups.map(({ ownerCnt, owner }) => ownerCnt + (owner ? 1 : 0)).filter((count) => count > 0),
      away: groups.filter(({ domain, defaultDomain }) => domain !== defaultDomain).length,
      refs: groups.filter(({ refs, devices }) => refs !== devices.length).length,
    };
  }
}

function* nothing() {
  return;
}

const CLOSED = { contexts: 0, pinned: 0, domains: 0, frames: 0, owners: [], away: 0, refs: 0 };

/** Those that make calls possible come more often than those that end them. */
const KINDS = [
  ...['bind', 'bind', 'bind', 'ioas', 'hwpt', 'hwpt', 'hwpt', 'nested', 'nested', 'viommu', 'vdevice'],
  ...['attach', 'attach', 'attach', 'attach', 'replace', 'replace', 'replace', 'detach', 'fault', 'fault'],
  ...['map', 'map', 'unmap', 'veventq', 'queue', 'close', 'request', 'request', 'read', 'answer', 'access'],
  ...['access', 'access', 'interrupt', 'interrupt', 'destroy', 'unbind', 'unplug', 'plug'],
];

const step = fc.tuple(
  fc.constantFrom(...KINDS),
  fc.tuple(fc.nat(200), fc.nat(200), fc.nat(200)),
  // A point of failure in every fourth call.
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }) },
  ),
);

/** Linux: the WARN_ON()s of __iommu_group_set_domain_internal() and __iommu_set_group_pasid() */
const ON_THE_WAY_BACK = /__iommu_group_set_domain_internal|__iommu_set_group_pasid/;

type Step = readonly [kind: string, args: readonly [number, number, number], nth: number];

/** So that there is something to work on: two groups, two address spaces, a fault queue, a nesting parent, a vIOMMU. */
const BEGINNING: readonly Step[] = [
  ...[0, 1, 3, 4].map((letter): Step => ['bind', [letter, 0, 0], 0]),
  ['ioas', [0, 0, 0], 0],
  ['ioas', [0, 0, 0], 0],
  ['fault', [0, 0, 0], 0],
  ['hwpt', [0, 0, 5], 0],
  ['viommu', [0, 0, 0], 0],
  ['vdevice', [0, 0, 1], 0],
  ['hwpt', [0, 0, 7], 0],
];

describe('any calls of any objects', () => {
  it(
    'count who holds what, keep each group in one place, change nothing when refused, and close clean',
    { timeout: 120_000 },
    () => {
      const property = fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), (steps) => {
        const plan = new FailNth();
        const walk = new Walk(plan);
        const wrong: string[] = [];
        for (const [at, [kind, [a, b, c], nth]] of [...BEGINNING, ...steps].entries()) {
          const before = walk.state;
          plan.arm(nth);
          const result = walk.actions[kind]?.(a, b, c);
          const { fired } = plan;
          plan.arm(0);
          const where = `${at}: ${kind} ${result} ${fired ?? ''}`;
          const warnings = walk.warnings();
          // No memory on the way back of a move that was refused: the device is parked, the group is no longer in one place.
          if (fired === 'iopf_queue_add_device' && warnings.some((text) => ON_THE_WAY_BACK.test(text)))
            return;
          wrong.push(...[...walk.wrong, ...warnings].map((each) => `${where}: ${each}`));
          if (result !== 'ok' && walk.state !== before)
            wrong.push(`${where}: refused, and changed something`);
          if (wrong.length > 0) break;
        }
        expect(wrong).toEqual([]);
        expect(walk.end()).toEqual(CLOSED);
        expect(walk.warnings()).toEqual([]);
      });
      fc.assert(property, { numRuns: 150 });
    },
  );
});
