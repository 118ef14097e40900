import { hiOfAddress, loOfAddress } from '../../../../lib/u64';
import {
  COMMAND_HARDWARE_ERROR,
  ILLEGAL_COMMAND_ERROR,
  INVALID_PPR_REQUEST,
  IOTLB_INV_TIMEOUT,
} from '../reasons';
import { EVENT_TYPE_SHIFT } from '../structs';
import { EVENT_LOG, Log } from './log';
import type { UnitState } from './state';

/**
 * Puts events together and logs them.
 *
 * Spec: section 2.5.2 to 2.5.10; Linux: drivers/iommu/amd/iommu.c iommu_print_event()
 */
export class Events {
  readonly log: Log;
  private readonly entry = new Int32Array(4);

  constructor(state: UnitState) {
    this.log = new Log(state, EVENT_LOG);
  }

  /** An event about a request. `tag`: the domain id, or the PASID with GN. */
  request(code: number, flags: number, rid: number, tag: number, hi: number, lo: number): boolean {
    return this.write(rid | (tag & 0xf_0000), (tag & 0xffff) | (flags << 16) | (code << 28), hi, lo);
  }

  illegalCommand(pa: number): void {
    this.at(0, ILLEGAL_COMMAND_ERROR << 28, pa);
  }

  commandHardware(pa: number, type: number): void {
    this.at(0, (COMMAND_HARDWARE_ERROR << 28) | (type << (16 + EVENT_TYPE_SHIFT)), pa);
  }

  /** `pa`: of the command. */
  invalidationTimeout(rid: number, pa: number): void {
    this.at(rid, IOTLB_INV_TIMEOUT << 28, pa);
  }

  invalidPageRequest(rid: number, pasid: number, tag: number, flags: number, hi: number, lo: number): void {
    this.write(
      rid | ((pasid & 0xffff) << 16),
      tag | (((pasid >>> 16) & 0xf) << 10) | (flags << 16) | (INVALID_PPR_REQUEST << 28),
      hi,
      lo,
    );
  }

  private at(first: number, second: number, pa: number): void {
    this.write(first, second, hiOfAddress(pa), loOfAddress(pa));
  }

  private write(first: number, second: number, hi: number, lo: number): boolean {
    this.entry[0] = first;
    this.entry[1] = second;
    this.entry[2] = lo;
    this.entry[3] = hi;
    return this.log.append(this.entry);
  }
}
