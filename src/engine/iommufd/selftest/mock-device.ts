import { invariant } from '../../../lib/invariant';
import type { IommuClient, IommuDomain } from '../../iommu/ops';
import { Mutex } from '../../kernel/task';
import { IOMMU_TEST_DEV_CACHE_DEFAULT, MOCK_DEV_CACHE_NUM } from '../../uapi/iommufd-test';
import type { MockViommu } from './mock-viommu';

/** A device on the bus `iommufd_mock`, with what the mock IOMMU remembers of it. Linux: selftest.c struct mock_dev */
export class MockDevice implements IommuClient {
  readonly name: string;
  readonly rid = 0;
  readonly selftestMock = true;
  readonly aliasRids: readonly number[] = [];
  /** Words of an imaginary cache that a user's vIOMMU invalidates. */
  readonly cache: number[] = new Array<number>(MOCK_DEV_CACHE_NUM).fill(IOMMU_TEST_DEV_CACHE_DEFAULT);
  readonly viommuRwsem = new Mutex('mdev->viommu_rwsem');
  /** Of the nested domain that it is on, and the number that the VM has for it there. */
  viommu: MockViommu | null = null;
  vdevId = 0n;
  /** Domains with a page fault handler that it is on, over all PASIDs. */
  iopfRefs = 0;
  domain: IommuDomain | null = null;
  /** The next attach of the reserved PASID fails. */
  pasid1024FakeError = false;

  constructor(
    readonly id: number,
    readonly noDirty: boolean,
  ) {
    this.name = `iommufd_mock${id}`;
  }
}

/** The mock IOMMU accepts no other devices. Linux: to_mock_dev() */
export function mockDevice(client: IommuClient): MockDevice {
  invariant(client instanceof MockDevice, `${client.name} is not a mock device`);
  return client;
}
