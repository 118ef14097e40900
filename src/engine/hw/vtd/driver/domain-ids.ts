/** Ids 0 and 1 are reserved. Linux: IDA_START_DID */
const FIRST = 2;
/** Of pass-through and of processes' tables. Linux: FLPT_DEFAULT_DID */
export const FIRST_LEVEL_DID = 1;

/** The unit's domain ids, lowest free first. Linux: iommu->domain_ida */
export class DomainIds {
  private readonly used = new Set<number>();

  constructor(private readonly count: number) {}

  allocate(): number | null {
    for (let did = FIRST; did < this.count; did++) {
      if (this.used.has(did)) continue;
      this.used.add(did);
      return did;
    }
    return null;
  }

  release(did: number): void {
    this.used.delete(did);
  }
}
