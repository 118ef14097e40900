import type { IommuClient, IommuDomain } from './ops';

/**
 * What a device asks for when a page is not there, and what it is answered.
 *
 * Linux: include/linux/iommu.h struct iommu_fault_page_request, struct iopf_fault, struct iommu_page_response
 */
export interface PageFault {
  /** Null: the request carried no PASID. */
  readonly pasid: number | null;
  /** Requests of one group are answered together. */
  readonly grpid: number;
  /** IOMMU_PGFAULT_PERM_* bits. */
  readonly perm: number;
  readonly addr: bigint;
  readonly lastPage: boolean;
}

/** Linux: enum iommu_page_response_code */
export type PageResponse = 'success' | 'invalid' | 'failure';

/** Faults that wait for one answer. Linux: struct iopf_group */
export interface IopfGroup {
  readonly device: IommuClient;
  /** In the order of arrival, the last page last. */
  readonly faults: readonly PageFault[];
  /** Of the attachment whose domain the faults belong to. */
  readonly handle: { readonly domain: IommuDomain };
  /** Number under which a user answers; 0 until a queue hands it out. Linux: iopf_group::cookie */
  cookie: number;
}
