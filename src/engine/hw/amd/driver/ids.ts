/** Linux: MAX_DOMAIN_ID */
const MAX_DOMAIN_ID = 65536;

/** Domain ids of all units, lowest free first; 0 is no domain. Linux: pdom_ids, amd_iommu_pdom_id_alloc() */
export class DomainIds {
  private readonly used = new Set<number>();
  /** No id below it is free. */
  private lowest = 1;

  allocate(): number | null {
    for (let id = this.lowest; id < MAX_DOMAIN_ID; id++) {
      if (this.used.has(id)) continue;
      this.used.add(id);
      this.lowest = id + 1;
      return id;
    }
    return null;
  }

  /** Linux: amd_iommu_pdom_id_free() */
  release(id: number): void {
    this.used.delete(id);
    this.lowest = Math.min(this.lowest, id);
  }

  get count(): number {
    return this.used.size;
  }
}
