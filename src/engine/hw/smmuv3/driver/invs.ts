/**
 * What a domain has to tell whom when its table changes: one entry a tag of the IOTLB, and one a stream with an ATC.
 * Sorted, because commands go out in this order: the IOTLB before the devices, and stage 2 before what stands on it.
 *
 * Linux: arm-smmu-v3.h enum arm_smmu_inv_type, struct arm_smmu_invs; arm-smmu-v3.c arm_smmu_invs_merge(), _unref(), _purge()
 *
 * A domain belongs to one unit here, so entries do not say which.
 */
export const S1_ASID = 0;
export const S2_VMID = 1;
export const S2_VMID_S1_CLEAR = 2;
export const ATS = 3;
/** The whole ATC: of a nesting parent nobody knows which of the VM's addresses an address of it is behind. */
export const ATS_FULL = 4;
export type InvType =
  typeof S1_ASID | typeof S2_VMID | typeof S2_VMID_S1_CLEAR | typeof ATS | typeof ATS_FULL;

/** Linux: struct arm_smmu_inv */
export interface Inv {
  readonly type: InvType;
  /** ASID, VMID or StreamID. */
  readonly id: number;
  readonly ssid: number;
  /** log2 of the smallest page; 0 where ranges cannot be invalidated by one command. */
  readonly pageLg2: number;
  /** 0: to be taken out at the next purge. */
  users: number;
}

export const isAts = ({ type }: Inv): boolean => type === ATS || type === ATS_FULL;

/** Linux: struct arm_smmu_invs */
export class Invs {
  trashes = 0;

  constructor(readonly list: Inv[] = []) {}

  /** Whom to tell, in order. Linux: arm_smmu_invs_iter_next() */
  *live(): Generator<Inv> {
    for (const inv of this.list) if (inv.users > 0) yield inv;
  }

  /** A new list that has more users; the old one stays as it is. Linux: arm_smmu_invs_merge() */
  merge(added: readonly Inv[]): Invs {
    const merged: Inv[] = [];
    const left = [...this.live()];
    let [at, from] = [0, 0];
    while (at < left.length || from < added.length) {
      const [mine, theirs] = [left[at], added[from]];
      const order = compareEnds(mine, theirs);
      if (order <= 0) at++;
      if (order >= 0) from++;
      if (mine && order < 0) merged.push({ ...mine });
      else if (mine && order === 0) merged.push({ ...mine, users: mine.users + 1 });
      else if (theirs) merged.push({ ...theirs, users: 1 });
    }
    return new Invs(merged);
  }

  /**
   * Gives users back, in place, and cannot fail; returns those entries that nobody uses any more. They stay in the middle
   * of the list, and go at its end.
   *
   * Linux: arm_smmu_invs_unref()
   */
  unref(removed: readonly Inv[]): readonly Inv[] {
    const gone: Inv[] = [];
    for (const each of removed) {
      const found = this.list.find((inv) => inv.users > 0 && compare(inv, each) === 0);
      if (!found) continue;
      found.users--;
      if (found.users === 0) gone.push(found);
    }
    this.list.length = this.list.findLastIndex((inv) => inv.users > 0) + 1;
    this.trashes = this.list.filter((inv) => inv.users === 0).length;
    return gone;
  }

  /** A new list without what nobody uses; null when there is nothing of that kind. Linux: arm_smmu_invs_purge() */
  purge(): Invs | null {
    return this.trashes === 0 ? null : new Invs([...this.live()].map((inv) => ({ ...inv })));
  }
}

/** Whichever list is at its end leaves the turn to the other. Linux: arm_smmu_invs_iter_next_cmp() */
function compareEnds(left: Inv | undefined, right: Inv | undefined): number {
  if (!left) return 1;
  return right ? compare(left, right) : -1;
}

/** Linux: arm_smmu_inv_cmp() */
function compare(left: Inv, right: Inv): number {
  if (left.type !== right.type) return left.type - right.type;
  if (left.id !== right.id) return left.id - right.id;
  return isAts(left) ? left.ssid - right.ssid : 0;
}
