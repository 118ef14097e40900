import { done } from '../../../lib/result';
import type {
  DomainCookie,
  DomainType,
  IommuClient,
  IommuDomain,
  IommuOps,
  NestedDomain,
  UserData,
  UserDataArray,
} from '../../iommu/ops';
import type { IopfGroup } from '../../iommu/page-fault';
import { err, ok, type Result } from '../../kernel/errno';
import {
  IOMMU_HWPT_DATA_SELFTEST,
  IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
  IOMMU_TEST_INVALIDATE_FLAG_ALL,
  iommu_hwpt_invalidate_selftest,
  iommu_hwpt_selftest,
  MOCK_NESTED_DOMAIN_IOTLB_NUM,
} from '../../uapi/iommufd-test';
import { decode, endOf } from '../../uapi/struct';
import type { MockUnit } from './mock-unit';
import type { MockViommu } from './mock-viommu';
import { copyStructFromUser } from './user-data';

/**
 * A stage-1 domain of the mock IOMMU: nothing but four words of an imaginary IOTLB.
 *
 * Linux: selftest.c struct mock_iommu_domain_nested, domain_nested_ops
 */
export class MockNested implements IommuDomain, NestedDomain {
  type: DomainType = 'nested';
  readonly paging = null;
  readonly nested: NestedDomain = this;
  cookie: DomainCookie | null = null;
  iopfHandler: ((group: IopfGroup) => Result<undefined>) | null = null;
  readonly iotlb: number[];

  constructor(
    readonly label: string,
    private readonly unit: MockUnit,
    readonly parent: IommuDomain,
    iotlb: number,
    readonly viommu: MockViommu | null,
  ) {
    this.iotlb = new Array<number>(MOCK_NESTED_DOMAIN_IOTLB_NUM).fill(iotlb);
  }

  get owner(): IommuOps {
    return this.unit;
  }

  attachDev(device: IommuClient): Result<undefined> {
    return this.unit.attach(this, device);
  }

  setDevPasid(device: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    return this.unit.setDevPasid(this, device, pasid, old);
  }

  /** Linux: mock_domain_cache_invalidate_user() */
  cacheInvalidate(array: UserDataArray): Result<undefined> {
    const rule = 'mock_domain_cache_invalidate_user';
    array.handled = 0;
    if (array.type !== IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
      return err('EINVAL', 'the entries are not of the mock IOMMU', { rule });
    for (let index = 0; index < array.entryCount; index++) {
      const entry = copyEntry(array, index);
      if (!entry.ok) return entry;
      const { flags, iotlb_id } = decode(iommu_hwpt_invalidate_selftest, entry.value);
      if ((flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL) !== 0)
        return err('EOPNOTSUPP', `entry ${index} has an unknown flag`, { rule });
      if (iotlb_id >= MOCK_NESTED_DOMAIN_IOTLB_NUM)
        return err('EINVAL', `entry ${index} names word ${iotlb_id} of ${this.iotlb.length}`, { rule });
      if ((flags & IOMMU_TEST_INVALIDATE_FLAG_ALL) !== 0) this.iotlb.fill(0);
      else this.iotlb[iotlb_id] = 0;
      array.handled = index + 1;
    }
    return done;
  }

  free(): void {
    this.unit.gone(this);
  }
}

/** Exactly one entry long: this interface cannot grow. Linux: iommu_copy_struct_from_user_array() */
function copyEntry(array: UserDataArray, index: number): Result<Uint8Array> {
  if (array.entryLength === iommu_hwpt_invalidate_selftest.bytes) return array.read(index);
  return err(
    'EINVAL',
    `an entry has ${iommu_hwpt_invalidate_selftest.bytes} bytes, not ${array.entryLength}`,
    {
      rule: 'iommu_copy_struct_from_user_array',
    },
  );
}

/** The words of a nested domain from its user's data. Linux: __mock_domain_alloc_nested() */
export function nestedIotlb(data: UserData): Result<number> {
  if (data.type !== IOMMU_HWPT_DATA_SELFTEST) {
    return err('EOPNOTSUPP', `data type ${data.type} is not the mock IOMMU's`, {
      rule: '__mock_domain_alloc_nested',
    });
  }
  const config = copyStructFromUser(iommu_hwpt_selftest, data, endOf(iommu_hwpt_selftest, 'iotlb'));
  return config.ok ? ok(config.value.iotlb) : config;
}
