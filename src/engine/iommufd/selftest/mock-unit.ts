import { done } from '../../../lib/result';
import type { IommuCore } from '../../iommu/core';
import type { Device } from '../../iommu/device';
import type {
  IommuCap,
  IommuClient,
  IommuDomain,
  IommuOps,
  PagingFlags,
  ResvRegion,
  UserData,
} from '../../iommu/ops';
import { IopfQueue, iopfQueueAddDevice, iopfQueueRemoveDevice } from '../../iommu/page-fault-report';
import type { ViommuHandle, ViommuOps } from '../../iommu/viommu-ops';
import { err, ok, type Failure, type Result } from '../../kernel/errno';
import type { PhysicalMemory } from '../../memory/physical-memory';
import { mockTable } from '../../pt/fmt/amdv1';
import { PageTable } from '../../pt/page-table';
import type { Trace } from '../../trace/trace';
import { IOMMU_HWPT_ALLOC_PASID } from '../../uapi/iommufd';
import {
  IOMMU_HW_INFO_SELFTEST_REGVAL,
  IOMMU_HW_INFO_TYPE_SELFTEST,
  IOMMU_HWPT_DATA_SELFTEST,
  iommu_hwpt_selftest,
  IOMMU_TEST_PASID_RESERVED,
  iommu_test_hw_info,
  IOMMU_VIOMMU_TYPE_SELFTEST,
  MOCK_IOMMUPT_HUGE,
  MOCK_PASID_WIDTH,
} from '../../uapi/iommufd-test';
import { encode, endOf } from '../../uapi/struct';
import { MockBlocked } from './mock-blocked';
import { MockDevice, mockDevice } from './mock-device';
import { MockDomain } from './mock-domain';
import { MockNested, nestedIotlb } from './mock-nested';
import { MockViommu } from './mock-viommu';
import { copyStructFromUser } from './user-data';

/**
 * The kernel's mock IOMMU: translates nothing for anybody, but keeps every promise that iommufd relies on, so that all
 * of it can be tried without hardware.
 *
 * Linux: drivers/iommu/iommufd/selftest.c mock_ops
 */
export class MockUnit implements IommuOps {
  readonly unit = 'iommu:iommufd_selftest_iommu';
  readonly driver = 'mock';
  /** Nobody asks: the test of isolated interrupts is left out for mock devices. */
  readonly isolatedMsi = true;
  readonly identityDomain = null;
  readonly blockedDomain: IommuDomain = new MockBlocked(this);
  readonly defaultDomain: IommuDomain = this.blockedDomain;
  readonly pagingExtras = ['pasid', 'user-data'] as const;
  readonly maxPasids = 2 ** MOCK_PASID_WIDTH;
  readonly userPasidTable = true;
  /** Domains that nobody has freed. */
  readonly live = new Set<IommuDomain>();
  private readonly iopfQueue = new IopfQueue('mock-iopfq');
  private made = 0;

  constructor(
    private readonly core: IommuCore,
    private readonly memory: PhysicalMemory,
  ) {}

  get trace(): Trace {
    return this.core.trace;
  }

  /** Whether an allocation is to fail here. */
  outOfMemory(rule: string): Failure | null {
    return this.core.fail.hit(rule) ? err('ENOMEM', 'the kernel has no memory left', { rule }) : null;
  }

  /** Linux: mock_domain_capable() */
  capable(device: IommuClient, cap: IommuCap): boolean {
    if (cap === 'CACHE_COHERENCY') return true;
    return cap === 'DIRTY_TRACKING' && !mockDevice(device).noDirty;
  }

  /** Linux: mock_probe_device() */
  probeDevice(device: IommuClient): Result<undefined> {
    if (device instanceof MockDevice) return done;
    return err('ENODEV', `${device.name} is not on the bus iommufd_mock`, { rule: 'mock_probe_device' });
  }

  releaseDevice(): void {
    // The mock has nothing to release.
  }

  getResvRegions(): readonly ResvRegion[] {
    return [];
  }

  defDomainType(): null {
    return null;
  }

  pageResponse(): void {
    // Nobody waits for an answer.
  }

  /** Linux: mock_domain_hw_info() */
  hwInfo(_device: IommuClient, type: number): Result<{ readonly type: number; readonly bytes: Uint8Array }> {
    const rule = 'mock_domain_hw_info';
    if (type !== 0 && type !== IOMMU_HW_INFO_TYPE_SELFTEST)
      return err('EOPNOTSUPP', `the mock IOMMU has no information of type ${type}`, { rule });
    const failed = this.outOfMemory(rule);
    if (failed) return failed;
    return ok({
      type: IOMMU_HW_INFO_TYPE_SELFTEST,
      bytes: encode(iommu_test_hw_info, { test_reg: IOMMU_HW_INFO_SELFTEST_REGVAL }),
    });
  }

  /** Linux: mock_domain_alloc_paging_flags() */
  domainAllocPaging(device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    const rule = 'mock_domain_alloc_paging_flags';
    const { userData } = flags;
    if (flags.dirtyTracking === true && mockDevice(device).noDirty)
      return err('EOPNOTSUPP', `${device.name} cannot track dirty pages`, { rule });
    if (userData && userData.type !== IOMMU_HWPT_DATA_SELFTEST)
      return err('EOPNOTSUPP', `data type ${userData.type} is not the mock IOMMU's`, { rule });
    const kind = userData ? tableKind(userData) : ok(0);
    if (!kind.ok) return kind;
    const failed = this.outOfMemory('mock_domain_alloc_pgtable');
    if (failed) return failed;
    if (kind.value > MOCK_IOMMUPT_HUGE) {
      return err('EOPNOTSUPP', `there is no page table type ${kind.value}`, {
        rule: 'mock_domain_alloc_pgtable',
      });
    }
    const huge = kind.value === MOCK_IOMMUPT_HUGE;
    const noRoot = this.outOfMemory('pt_iommu_init');
    if (noRoot) return noRoot;
    const table = PageTable.create(mockTable(this.memory, huge ? 'huge' : 'default'));
    if (!table.ok) return table;
    return ok(
      this.born(
        new MockDomain(this.nextLabel(), this, table.value, {
          huge,
          dirtyTracking: flags.dirtyTracking === true,
        }),
      ),
    );
  }

  /** Linux: mock_domain_alloc_nested() */
  domainAllocNested(
    _device: IommuClient,
    parent: IommuDomain,
    flags: number,
    data: UserData,
  ): Result<IommuDomain> {
    return this.allocNested(flags, parent, data, null);
  }

  allocNested(
    flags: number,
    parent: IommuDomain,
    data: UserData,
    viommu: MockViommu | null,
  ): Result<IommuDomain> {
    const rule = viommu ? 'mock_viommu_alloc_domain_nested' : 'mock_domain_alloc_nested';
    if ((flags & ~IOMMU_HWPT_ALLOC_PASID) !== 0)
      return err('EOPNOTSUPP', 'a nested domain takes no flag but PASID', { rule });
    if (!parent.paging) return err('EINVAL', `${parent.label} has no page table`, { rule });
    const iotlb = nestedIotlb(data);
    if (!iotlb.ok) return iotlb;
    const failed = this.outOfMemory('__mock_domain_alloc_nested');
    if (failed) return failed;
    return ok(this.born(new MockNested(this.nextLabel(), this, parent, iotlb.value, viommu)));
  }

  supportsViommu(_device: IommuClient, type: number): boolean {
    return type === IOMMU_VIOMMU_TYPE_SELFTEST;
  }

  viommuInit(handle: ViommuHandle, parent: IommuDomain, data: UserData | null): Result<ViommuOps> {
    const viommu = new MockViommu(this, handle, parent);
    const initialised = viommu.init(data);
    return initialised.ok ? ok(viommu) : initialised;
  }

  /**
   * What all mock domains do as attach_dev. That the device's vIOMMU changes before the page fault queue can refuse is
   * the kernel's way.
   *
   * Linux: mock_domain_nop_attach()
   */
  attach(domain: IommuDomain, client: IommuClient): Result<undefined> {
    const device = mockDevice(client);
    const rule = 'mock_domain_nop_attach';
    if (domain.paging?.dirty && device.noDirty)
      return err('EINVAL', `${domain.label} tracks dirty pages, which ${device.name} cannot`, { rule });
    const viommu = domain instanceof MockNested ? domain.viommu : null;
    let vdevId = 0n;
    if (viommu) {
      const found = viommu.handle.virtIdOf(device);
      if (found === null)
        return err('ENOENT', `${device.name} has no virtual device in the vIOMMU of ${domain.label}`, {
          rule,
        });
      vdevId = found;
    }
    if (viommu !== device.viommu) {
      device.viommu = viommu;
      device.vdevId = vdevId;
    }
    const enabled = this.enableIopf(device, domain);
    if (!enabled.ok) return enabled;
    this.disableIopf(device, device.domain);
    device.domain = domain;
    return done;
  }

  /** Linux: mock_domain_set_dev_pasid_nop() */
  setDevPasid(
    domain: IommuDomain,
    client: IommuClient,
    pasid: number,
    old: IommuDomain | null,
  ): Result<undefined> {
    const device = mockDevice(client);
    if (pasid === IOMMU_TEST_PASID_RESERVED) {
      if (domain.type === 'blocked') {
        device.pasid1024FakeError = false;
      } else if (device.pasid1024FakeError) {
        device.pasid1024FakeError = false;
        return err('ENOMEM', `every second attach of PASID ${pasid} fails, to try the way back`, {
          rule: 'mock_domain_set_dev_pasid_nop',
        });
      } else {
        device.pasid1024FakeError = true;
      }
    }
    const enabled = this.enableIopf(device, domain);
    if (!enabled.ok) return enabled;
    this.disableIopf(device, old);
    return done;
  }

  gone(domain: IommuDomain): void {
    this.live.delete(domain);
  }

  /** Linux: mock_dev_enable_iopf() */
  private enableIopf(device: MockDevice, domain: IommuDomain): Result<undefined> {
    if (!domain.iopfHandler) return done;
    if (device.iopfRefs === 0) {
      const known = this.deviceOf(device);
      const added = known ? iopfQueueAddDevice(this.core, this.iopfQueue, known) : done;
      if (!added.ok) return added;
    }
    device.iopfRefs++;
    return done;
  }

  /** Linux: mock_dev_disable_iopf() */
  private disableIopf(device: MockDevice, domain: IommuDomain | null): void {
    if (!domain?.iopfHandler || --device.iopfRefs !== 0) return;
    const known = this.deviceOf(device);
    if (known) iopfQueueRemoveDevice(this.core, this.iopfQueue, known);
  }

  private deviceOf(device: MockDevice): Device | undefined {
    return this.core.devices.get(device.name);
  }

  private born<T extends IommuDomain>(domain: T): T {
    this.live.add(domain);
    return domain;
  }

  private nextLabel(): string {
    return `mock domain ${++this.made}`;
  }
}

/** Which of the two kinds of page table the user wants. */
function tableKind(data: UserData): Result<number> {
  const config = copyStructFromUser(iommu_hwpt_selftest, data, endOf(iommu_hwpt_selftest, 'iotlb'));
  return config.ok ? ok(config.value.pagetable_type) : config;
}
