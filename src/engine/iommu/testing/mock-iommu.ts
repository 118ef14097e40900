import { done } from '../../../lib/result';
import type {
  IommuCap,
  IommuClient,
  IommuDomain,
  IommuOps,
  PagingDomain,
  PagingFlags,
  Prot,
  ResvRegion,
} from '../ops';
import { err, ok, type Errno, type Result } from '../../kernel/errno';

interface Leaf {
  readonly pa: number;
  readonly prot: Prot;
}

/** A page table that is a map from its smallest pages. Complains about what no caller should do. */
export class MockPaging implements PagingDomain {
  readonly leaves = new Map<bigint, Leaf>();
  /** Every run given to map(), to see whether runs were joined. */
  readonly runs: { iova: bigint; pa: number; bytes: number }[] = [];
  freed = false;

  constructor(
    readonly unit: MockUnit,
    readonly pageSizesLg2: readonly number[],
    readonly apertureStart: bigint,
    readonly apertureLast: bigint,
  ) {}

  private get step(): number {
    return 2 ** (this.pageSizesLg2[0] ?? 12);
  }

  map(iova: bigint, pa: number, bytes: number, prot: Prot): Result<undefined> {
    const { step } = this;
    if (Number(iova % BigInt(step)) || pa % step || bytes % step || bytes === 0)
      throw new Error('misaligned map');
    if (iova < this.apertureStart || iova + BigInt(bytes) - 1n > this.apertureLast)
      throw new Error('outside');
    const refused = this.unit.fails('map');
    if (refused) return refused;
    for (let at = 0; at < bytes; at += step) {
      const key = iova + BigInt(at);
      if (this.leaves.has(key)) throw new Error(`mapped twice: 0x${key.toString(16)}`);
      this.leaves.set(key, { pa: pa + at, prot });
    }
    this.runs.push({ iova, pa, bytes });
    return done;
  }

  unmap(iova: bigint, bytes: number): number {
    let at = 0;
    for (; at < bytes; at += this.step) if (!this.leaves.delete(iova + BigInt(at))) break;
    return at;
  }

  iovaToPhys(iova: bigint): number | null {
    const offset = iova % BigInt(this.step);
    const leaf = this.leaves.get(iova - offset);
    return leaf ? leaf.pa + Number(offset) : null;
  }

  enforceCacheCoherency(): boolean {
    return this.unit.capabilities.has('ENFORCE_CACHE_COHERENCY');
  }

  free(): void {
    if (this.freed || this.leaves.size > 0) throw new Error('freed twice, or not empty');
    this.freed = true;
    this.unit.live.delete(this);
  }
}

export interface MockOptions {
  readonly driver?: string;
  readonly pageSizesLg2?: readonly number[];
  readonly apertureStart?: bigint;
  readonly apertureLast?: bigint;
  readonly staticBlocked?: boolean;
  readonly isolatedMsi?: boolean;
  readonly pagingExtras?: readonly ('pasid' | 'user-data')[];
}

/** An IOMMU of the tests: refuses when told to, and remembers what every device is attached to. */
export class MockUnit implements IommuOps {
  readonly unit: string;
  readonly driver: string;
  readonly isolatedMsi: boolean;
  readonly identityDomain: IommuDomain;
  readonly blockedDomain: IommuDomain | null;
  readonly pagingExtras: readonly ('pasid' | 'user-data')[];
  readonly capabilities = new Set<IommuCap>(['CACHE_COHERENCY', 'DEFERRED_FLUSH', 'DIRTY_TRACKING']);
  readonly resv = new Map<string, readonly ResvRegion[]>();
  readonly forced = new Map<string, 'identity' | 'DMA'>();
  /** Devices of this unit; all when empty. */
  readonly scope = new Set<string>();
  /** What hardware would do for a device. */
  readonly attached = new Map<string, IommuDomain>();
  /** attach_dev calls that succeeded, `device→domain`. */
  readonly moves: string[] = [];
  readonly live = new Set<MockPaging>();
  /** The k-th call from now on fails, once. */
  private readonly failing = new Map<string, { after: number; errno: Errno; times: number }>();
  /** Pairs that never attach. */
  refuses: (device: string, domain: IommuDomain) => Errno | null = () => null;
  private made = 0;

  constructor(
    name: string,
    readonly options: MockOptions = {},
  ) {
    this.unit = `iommu:${name}`;
    this.driver = options.driver ?? 'mock';
    this.isolatedMsi = options.isolatedMsi ?? true;
    this.pagingExtras = options.pagingExtras ?? [];
    this.identityDomain = this.staticDomain('identity');
    this.blockedDomain = options.staticBlocked === false ? null : this.staticDomain('blocked');
  }

  failNth(what: 'attach' | 'map' | 'alloc', nth: number, errno: Errno, times = 1): void {
    this.failing.set(what, { after: nth, errno, times });
  }

  fails(what: 'attach' | 'map' | 'alloc'): ReturnType<typeof err> | null {
    const plan = this.failing.get(what);
    if (!plan || --plan.after > 0) return null;
    if (--plan.times === 0) this.failing.delete(what);
    return err(plan.errno, `told to fail this ${what}`);
  }

  capable(_device: IommuClient, cap: IommuCap): boolean {
    return this.capabilities.has(cap);
  }

  probeDevice(device: IommuClient): Result<undefined> {
    if (this.scope.size === 0 || this.scope.has(device.name)) return done;
    return err('ENODEV', 'out of scope');
  }

  releaseDevice(device: IommuClient): void {
    this.attached.delete(device.name);
  }

  domainAllocPaging(_device: IommuClient, _flags: PagingFlags): Result<IommuDomain> {
    const refused = this.fails('alloc');
    if (refused) return refused;
    const { pageSizesLg2, apertureStart, apertureLast } = this.options;
    const paging = new MockPaging(
      this,
      pageSizesLg2 ?? [12, 21, 30],
      apertureStart ?? 0n,
      apertureLast ?? 2n ** 48n - 1n,
    );
    return ok(this.domainOver(paging));
  }

  protected domainOver(paging: MockPaging): IommuDomain {
    this.live.add(paging);
    return this.domain(`domain ${++this.made}`, 'unmanaged', paging);
  }

  getResvRegions(device: IommuClient): readonly ResvRegion[] {
    return this.resv.get(device.name) ?? [];
  }

  defDomainType(device: IommuClient): 'identity' | 'DMA' | null {
    return this.forced.get(device.name) ?? null;
  }

  private staticDomain(type: 'identity' | 'blocked'): IommuDomain {
    return this.domain(type, type, null);
  }

  private domain(label: string, type: IommuDomain['type'], paging: PagingDomain | null): IommuDomain {
    const domain: IommuDomain = {
      label,
      type,
      owner: this,
      paging,
      attachDev: (device) => {
        const errno = this.refuses(device.name, domain);
        if (errno) return err(errno, `${device.name} never takes ${label}`);
        const refused = this.fails('attach');
        if (refused) return refused;
        this.attached.set(device.name, domain);
        this.moves.push(`${device.name}→${label}`);
        return done;
      },
    };
    return domain;
  }
}
