import type { Caller } from '../../kernel/caller';
import type { Result } from '../../kernel/errno';
import { Descriptors } from '../../kernel/file-table';
import { NO_PASID } from '../../iommu/group';
import {
  attachAccess,
  createAccess,
  destroyAccess,
  detachAccess,
  replaceAccess,
  type Access,
} from '../access';
import { pinPages, unpinPages } from '../access-pages';
import { rwAccess } from '../access-rw';
import { call, type CommandFields, type CommandName } from '../call';
import type { IommufdCtx } from '../ctx';
import { bindDevice, unbindDevice, type IommufdDevice } from '../device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../device-attach';
import type { Ioas } from '../ioas';
import { GRAIN, IoptModel } from './iopt-model';
import type { MockPaging } from './mock-iommu';
import { BUFFER_VA, Rig } from './rig';

const BASE = 0x10_0000n;
const USER_PAGES = 16;
const FIXED = 1;
const WRITEABLE = 2;
const READABLE = 4;

/** Fails at the n-th place where the kernel may fail. */
class Countdown {
  left = 0;
  failed: string | null = null;

  hit = (point: string): boolean => {
    if (this.left === 0 || --this.left > 0) return false;
    this.failed = point;
    return true;
  };
}

export interface WorldOptions {
  readonly memlockPages: number;
  readonly tempMemoryLimit: number;
  /** Accesses are attached from the start, so that everything is aligned to pages. */
  readonly joined: boolean;
}

/**
 * Two IOASes, three devices and two accesses in one process, and beside them a model too simple to be wrong: a list of
 * what was mapped where. `wrong` compares.
 */
export class IoptWorld {
  private readonly fail = new Countdown();
  private readonly rig: Rig & { readonly unit: MockUnitOf };
  private readonly ctx: IommufdCtx;
  private readonly caller: Caller;
  private readonly ioases: readonly Ioas[];
  private readonly devices: readonly IommufdDevice[];
  private readonly accesses: Access[] = [];
  private readonly model = new IoptModel((va) => this.frame(va));

  constructor(options: WorldOptions) {
    this.rig = Rig.of(['a', 'b', 'c'], { pageSizesLg2: [11, 12, 21] }, this.fail);
    this.rig.iommufd.tempMemoryLimit = options.tempMemoryLimit;
    const { memory } = this.rig;
    // Three runs of contiguous frames; one page is read-only and the last two are not there.
    memory.map(
      BUFFER_VA,
      USER_PAGES - 2,
      (index) => 0x1000 + index + (index > 4 ? 3 : 0) + (index > 8 ? 7 : 0),
    );
    const last = memory.pages.get(BUFFER_VA / 4096n + 13n);
    if (last) memory.pages.set(BUFFER_VA / 4096n + 13n, { ...last, writable: false });
    for (let index = 0; index < USER_PAGES - 2; index++) {
      memory.writeFrame(
        this.frame(BUFFER_VA + BigInt(index) * 4096n),
        0,
        new Uint8Array(4096).fill(index + 1),
      );
    }
    // A device of its own kind is a domain of its own; the third one shares.
    const { unit } = this.rig;
    unit.refuses = (device, { label, type }) =>
      type === 'unmanaged' &&
      device !== 'c' &&
      [...unit.attached].some(([other, domain]) => other !== device && domain.label === label)
        ? 'EINVAL'
        : null;
    this.ctx = this.rig.open();
    this.caller = {
      mm: memory,
      bytes: memory,
      capable: () => false,
      process: { pid: 1, memlockLimit: () => BigInt(options.memlockPages) * 4096n },
      user: { uid: 7, lockedVm: 0 },
      files: new Descriptors(),
    };
    this.ioases = [this.makeIoas(), this.makeIoas()];
    this.devices = ['a', 'b', 'c'].map((letter) =>
      this.rig.ok(bindDevice(this.ctx, this.rig.device(letter))),
    );
    for (const access of [0, 1]) {
      this.makeAccess(access);
      if (options.joined) this.moveAccess(access, access);
    }
  }

  private call<N extends CommandName>(name: N, fields: Partial<CommandFields<N>>): Result<CommandFields<N>> {
    return this.rig.run(call(this.ctx, name, fields, this.caller));
  }

  private makeIoas(): Ioas {
    const made = this.call('IOMMU_IOAS_ALLOC', {});
    const ioas = made.ok ? this.ctx.objects.peek(made.value.out_ioas_id) : undefined;
    if (ioas?.kind !== 'ioas') throw new Error('no IOAS');
    return ioas;
  }

  private makeAccess(number: number): void {
    const made = createAccess(this.ctx, {
      needsPinPages: true,
      unmap: (iova, length) => this.letGo(number, iova, iova + length - 1n),
    });
    if (!made.ok) throw new Error(made.why);
    this.accesses.push(made.value);
  }

  private *letGo(number: number, first: bigint, last: bigint) {
    for (const pin of this.model.pins.filter((each) => each.access === number)) {
      if (pin.iova > last || pin.iova + pin.length - 1n < first) continue;
      this.model.pins.splice(this.model.pins.indexOf(pin), 1);
      yield* unpinPages(this.access(number), pin.iova, pin.length);
    }
  }

  private access(number: number): Access {
    const access = this.accesses[number % this.accesses.length];
    if (!access) throw new Error('no access');
    return access;
  }

  private frame(va: bigint): number {
    return this.rig.memory.pages.get(va / 4096n)?.pfn ?? -1;
  }

  /** The `left`-th place from now on fails; 0: none. */
  arm(left: number): void {
    this.fail.left = left;
    this.fail.failed = null;
  }

  disarm(): void {
    this.fail.left = 0;
  }

  /** Where one of the areas of an IOAS starts, in grains; `at` when it has none. */
  aim(ioas: number, at: number): number {
    const areas = this.model.of(ioas);
    const area = areas[at % Math.max(1, areas.length)];
    return area ? Number((area.start - BASE) / GRAIN) : at;
  }

  /** The IOAS that an access is in. */
  ioasOf(access: number): number {
    return this.ioases.findIndex((each) => each === this.access(access).ioas);
  }

  map(ioas: number, at: number, grains: number, from: number, write: boolean): void {
    const [iova, length] = [BASE + BigInt(at) * GRAIN, BigInt(grains) * GRAIN];
    const userVa = BUFFER_VA + BigInt(from) * GRAIN;
    const flags = FIXED | READABLE | (write ? WRITEABLE : 0);
    const ioas_id = this.ioases[ioas]?.id ?? 0;
    const mapped = this.call('IOMMU_IOAS_MAP', { ioas_id, flags, iova, length, user_va: userVa });
    if (this.stays(mapped)) this.model.map(ioas, iova, length, userVa, write);
  }

  /** A structure that cannot be written back leaves the mapping. */
  private stays(mapped: Result<unknown>): boolean {
    return mapped.ok || this.fail.failed === 'copy_to_user';
  }

  copy(from: number, to: number, src: number, grains: number, dst: number, write: boolean): void {
    const [src_iova, dst_iova] = [BASE + BigInt(src) * GRAIN, BASE + BigInt(dst) * GRAIN];
    const length = BigInt(grains) * GRAIN;
    const copied = this.call('IOMMU_IOAS_COPY', {
      src_ioas_id: this.ioases[from]?.id ?? 0,
      dst_ioas_id: this.ioases[to]?.id ?? 0,
      flags: FIXED | READABLE | (write ? WRITEABLE : 0),
      length,
      src_iova,
      dst_iova,
    });
    if (this.stays(copied)) this.model.copy(from, to, src_iova, length, dst_iova);
  }

  unmap(ioas: number, at: number, grains: number): void {
    const [iova, length] = [BASE + BigInt(at) * GRAIN, BigInt(grains) * GRAIN];
    this.call('IOMMU_IOAS_UNMAP', { ioas_id: this.ioases[ioas]?.id ?? 0, iova, length });
    // Short of memory it goes in smaller steps.
    if (![null, 'copy_to_user', 'temp_kmalloc'].includes(this.fail.failed)) return;
    this.model.unmap(ioas, iova, iova + length - 1n);
  }

  attach(device: number, ioas: number): void {
    const idev = this.devices[device];
    const id = this.ioases[ioas]?.id ?? 0;
    if (!idev) return;
    if (idev.hwpt) this.rig.run(replaceDevice(idev, NO_PASID, id));
    else this.rig.run(attachDeviceTo(idev, NO_PASID, id));
  }

  detach(device: number): void {
    const idev = this.devices[device];
    if (idev) this.rig.run(detachDeviceFrom(idev, NO_PASID));
  }

  moveAccess(number: number, ioas: number): void {
    const access = this.access(number);
    const id = this.ioases[ioas]?.id ?? 0;
    this.rig.run(access.ioas ? replaceAccess(access, id) : attachAccess(access, id));
  }

  detachAccess(number: number): void {
    const access = this.access(number);
    if (access.ioas) this.rig.run(detachAccess(access));
  }

  /** Whether the frames are what the model says; true when it was refused. */
  pin(number: number, at: number, grains: number, write: boolean): boolean {
    const access = this.access(number);
    const [iova, length] = [BASE + BigInt(at) * GRAIN, BigInt(grains) * GRAIN];
    const ioas = this.ioases.findIndex((each) => each === access.ioas);
    const pinned = this.rig.run(pinPages(access, iova, length, write));
    if (!pinned.ok) return true;
    const on = this.model.pagesBehind(ioas, iova, length);
    this.model.pins.push({ access: number % 2, iova, length, on });
    return JSON.stringify(on.map((each) => this.model.frameOf(each))) === JSON.stringify(pinned.value);
  }

  unpin(index: number): void {
    const [pin] = this.model.pins.splice(index % Math.max(1, this.model.pins.length), 1);
    if (pin) this.rig.run(unpinPages(this.access(pin.access), pin.iova, pin.length));
  }

  /** Whether the bytes are what the model says; true when it was refused. */
  read(number: number, at: number, grains: number, slow: boolean): boolean {
    const access = this.access(number);
    const ioas = this.ioases.findIndex((each) => each === access.ioas);
    const iova = BASE + BigInt(at) * GRAIN + 1n;
    const data = new Uint8Array(grains * Number(GRAIN));
    const read = this.rig.run(rwAccess(access, this.rig.memory, iova, data, { write: false, slow }));
    if (!read.ok) return true;
    return data.every((byte, index) => {
      const found = this.model.find(ioas, iova + BigInt(index));
      const va = found ? found[0].va + found[1] : 0n;
      return byte === Number((va - BUFFER_VA) / 4096n) + 1;
    });
  }

  /** What differs from the model, in words; nothing when all is well. */
  wrong(): readonly string[] {
    const wrong: string[] = [];
    const inIoas = new Set<unknown>();
    this.ioases.forEach((ioas, number) => {
      const { iopt } = ioas;
      const expected = this.model.of(number).map(({ start }) => start);
      const actual = iopt.areas.all.map((each) => each.start);
      if (!sameSet(new Set(expected), new Set(actual)))
        wrong.push(`areas of IOAS ${number}: ${actual.join(' ')}`);
      if (iopt.areas.all.some((each) => !each.pages || each.preventAccess))
        wrong.push('an area is half-done');
      for (const { storageDomain, span, pages } of iopt.areas) {
        const stored = storageDomain !== null && iopt.domains.includes(storageDomain);
        if (stored !== iopt.domains.length > 0 || (!stored && storageDomain))
          wrong.push('an area is stored wrongly');
        if (pages?.areas.all.includes(span) !== stored) wrong.push('pages know another storage of an area');
      }
      const users = 1 + iopt.domains.length + iopt.accesses.size;
      if (ioas.users !== users) wrong.push(`IOAS ${number} has ${ioas.users} users, not ${users}`);
      const translations = this.model.translations(number);
      for (const domain of iopt.domains) {
        const paging = domain.paging as MockPaging;
        inIoas.add(paging);
        const leaves = new Map([...paging.leaves].map(([iova, leaf]) => [iova, leaf.pa]));
        if (!sameMap(leaves, translations)) wrong.push(`${domain.label} maps something else`);
      }
    });
    for (const paging of this.rig.unit.live) {
      if (!inIoas.has(paging) && paging.leaves.size > 0) wrong.push('a domain of no IOAS maps something');
    }
    const pins = this.model.pinned((ioas) => (this.ioases[ioas]?.iopt.domains.length ?? 0) > 0);
    if (!sameMap(this.rig.memory.pins, pins)) wrong.push(`pins: ${[...this.rig.memory.pins].join(' ')}`);
    const pinned = [...pins.values()].reduce((sum, count) => sum + count, 0);
    const counted = [this.rig.memory.pinnedVm, this.caller.user.lockedVm];
    if (counted.some((each) => each !== pinned))
      wrong.push(`${pinned} pages are pinned, ${counted.join(' and ')} count`);
    return wrong;
  }

  /** Ends everything; what is left, in words. */
  close(): readonly string[] {
    this.disarm();
    while (this.model.pins.length > 0) this.unpin(0);
    for (const access of this.accesses) this.rig.run(destroyAccess(access));
    for (const idev of this.devices) {
      this.rig.run(detachDeviceFrom(idev, NO_PASID));
      this.rig.run(unbindDevice(idev));
    }
    this.rig.run(this.ctx.put());
    const { memory, unit, iommufd } = this.rig;
    const left: string[] = [];
    if (memory.pinned > 0) left.push(`${memory.pinned} pages are pinned`);
    if (memory.pinnedVm !== 0 || this.caller.user.lockedVm !== 0) left.push('pages count');
    if ([...unit.live].some((paging) => paging.leaves.size > 0)) left.push('something is mapped');
    if (iommufd.contexts.length > 0) left.push('the context is there');
    return left;
  }
}

type MockUnitOf = ReturnType<typeof Rig.of>['unit'];

const sameSet = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean =>
  a.size === b.size && [...a].every((each) => b.has(each));

const sameMap = <K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
