import { done } from '../../../../lib/result';
import type { IommuClient } from '../../../iommu/ops';
import type { Result } from '../../../kernel/errno';
import { cap } from '../regs';
import type { ContextTarget } from './context-table';
import type { VtdDomain } from './domain';
import { PASS_THROUGH_DID } from './domain-ids';
import type { VtdUnitParts } from './init';

/** What the driver keeps of a device. Linux: struct device_domain_info */
export interface Attachment {
  readonly client: IommuClient;
  domain: VtdDomain | null;
  /** Attached to anything but the blocking domain. */
  attached: boolean;
}

/** Writes the context entries of a device, one for every requester id it may use. */
export class DeviceContexts {
  /** Linux: context_setup_pass_through(): AW names the largest width of the unit. */
  readonly passThrough: ContextTarget;

  constructor(
    private readonly parts: VtdUnitParts,
    private readonly flushEveryAlias: boolean,
  ) {
    const sagaw = cap.sagaw(parts.cap);
    this.passThrough = { did: PASS_THROUGH_DID, aw: 31 - Math.clz32(sagaw), rootPa: null };
  }

  /** Not present → present needs no invalidation while CAP.CM = 0. Linux: domain_context_mapping() */
  set(info: Attachment, target: ContextTarget): Result<undefined> {
    const { tables } = this.parts;
    for (const rid of info.client.aliasRids) {
      const entry = tables.entry(rid, true);
      if (!entry.ok) return entry;
      // Another device behind the same bridge has set the shared alias already.
      if (entry.value === null || tables.isPresent(entry.value)) continue;
      tables.set(entry.value, target);
    }
    return done;
  }

  /**
   * Takes the entries away: not present first, then the caches forget, then the rest is cleared.
   *
   * Linux: domain_context_clear_one(), pasid.c intel_context_flush_no_pasid()
   *
   * The kernel's context-cache invalidation names the device's own requester id for every alias, so a cached entry of an
   * alias survives (`flushEveryAlias` is what one would expect instead).
   */
  clear(info: Attachment): void {
    const { tables, flush } = this.parts;
    for (const rid of info.client.aliasRids) {
      const found = tables.entry(rid, false);
      if (!found.ok || found.value === null) continue;
      const entry = found.value;
      const did = tables.domainId(entry);
      tables.clearPresent(entry);
      flush.contextDevice(did, this.flushEveryAlias ? rid : info.client.rid);
      flush.iotlbDomain(did);
      tables.clear(entry);
    }
  }
}
