/** Numbers given out, lowest free first; 0 is never one. Linux: arm_smmu_asid_xa, smmu->vmid_map */
export class IdSpace {
  private readonly used = new Set<number>();

  /** `bits`: of the unit that asks; null when it has none left. */
  allocate(bits: number): number | null {
    for (let id = 1; id < 2 ** bits; id++) {
      if (this.used.has(id)) continue;
      this.used.add(id);
      return id;
    }
    return null;
  }

  release(id: number): void {
    this.used.delete(id);
  }
}
