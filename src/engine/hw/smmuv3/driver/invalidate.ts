import type { CommandQueue } from './command-queue';
import { invalidateAddress, invalidateAtc, invalidateTag, OP, type TlbiRange } from './commands';
import type { DomainState } from './domain-state';
import { ATS, ATS_FULL, isAts, S1_ASID, S2_VMID, S2_VMID_S1_CLEAR, type Inv } from './invs';
import { FEAT, has } from './probe';
import type { Smmu } from './smmu';

/** Pages that one range command may cover in units of its scale. Linux: CMDQ_TLBI_RANGE_NUM_MAX */
const NUM_MASK = 31;

/** Nothing left of the domain in any cache. Linux: arm_smmu_domain_inv() */
export const invalidateDomain = (state: DomainState): void => invalidateRange(state, 0, 0, 0, false);

/**
 * What caches know of a range goes: first of the IOTLB, and of devices only when that is done.
 *
 * `bytes` 0: all of it. `granule`: bytes of the pages that went; `leaf` when no table did.
 *
 * Linux: arm_smmu_domain_inv_range(), __arm_smmu_domain_inv_range()
 */
export function invalidateRange(
  { smmu, invs }: DomainState,
  iova: number,
  bytes: number,
  granule: number,
  leaf: boolean,
): void {
  const { cmdq } = smmu;
  const range = { iova, bytes, granule, leaf };
  let previous: Inv | null = null;
  for (const inv of invs.live()) {
    if (previous && endsBatch(previous, inv) && cmdq.pending > 0) cmdq.submit();
    addCommands(smmu, inv, range);
    previous = inv;
  }
  if (cmdq.pending > 0) cmdq.submit();
}

interface Range {
  readonly iova: number;
  readonly bytes: number;
  readonly granule: number;
  readonly leaf: boolean;
}

/** Linux: arm_smmu_invs_end_batch() */
const endsBatch = (current: Inv, next: Inv): boolean =>
  (current.type !== S2_VMID_S1_CLEAR && next.type === S2_VMID_S1_CLEAR) || (!isAts(current) && isAts(next));

function addCommands(smmu: Smmu, inv: Inv, range: Range): void {
  const { cmdq } = smmu;
  switch (inv.type) {
    case S1_ASID:
    case S2_VMID:
      addTlbi(smmu, inv, range);
      break;
    case S2_VMID_S1_CLEAR:
      // S12_VMALL has taken those of stage 1 too.
      if (!isTooBig(smmu, range)) cmdq.add(invalidateTag(OP.TLBI_NH_ALL, 0, inv.id));
      break;
    case ATS:
      cmdq.add(invalidateAtc(inv.id, inv.ssid, range.iova, range.bytes));
      break;
    case ATS_FULL:
      cmdq.add(invalidateAtc(inv.id, 0, 0, 0));
      break;
  }
}

/** Operations for a range, and for all of a tag. Linux: arm_smmu_master_build_inv() size_opcode, nsize_opcode */
function opsOf(smmu: Smmu, { type }: Inv): { readonly sized: number; readonly all: number } {
  if (type === S2_VMID) return { sized: OP.TLBI_S2_IPA, all: OP.TLBI_S12_VMALL };
  return has(smmu.caps, FEAT.E2H)
    ? { sized: OP.TLBI_EL2_VA, all: OP.TLBI_EL2_ASID }
    : { sized: OP.TLBI_NH_VA, all: OP.TLBI_NH_ASID };
}

const tagsOf = ({ type, id }: Inv): { readonly asid: number; readonly vmid: number } =>
  type === S1_ASID ? { asid: id, vmid: 0 } : { asid: 0, vmid: id };

/** Linux: arm_smmu_inv_to_cmdq_batch() */
function addTlbi(smmu: Smmu, inv: Inv, range: Range): void {
  const { sized, all } = opsOf(smmu, inv);
  const tags = tagsOf(inv);
  if (isTooBig(smmu, range)) {
    smmu.cmdq.add(invalidateTag(all, tags.asid, tags.vmid));
    return;
  }
  const base = { op: sized, ...tags, leaf: range.leaf, num: 0, scale: 0, ttl: 0, tg: 0 };
  if (has(smmu.caps, FEAT.RANGE_INV)) addRanges(smmu.cmdq, base, range, inv.pageLg2);
  else
    for (let at = 0; at < range.bytes; at += range.granule)
      smmu.cmdq.add(invalidateAddress({ ...base, address: range.iova + at }));
}

/** Of so many pages one command for everything is cheaper. Linux: arm_smmu_inv_size_too_big() */
function isTooBig({ caps }: Smmu, { bytes, granule }: Range): boolean {
  if (bytes === 0) return true;
  if (has(caps, FEAT.RANGE_INV)) return false;
  return bytes >= 2 ** (Math.log2(granule) - 3) * granule;
}

/** Linux: arm_smmu_cmdq_batch_add_range() */
function addRanges(
  cmdq: CommandQueue,
  base: Omit<TlbiRange, 'address'>,
  { iova, bytes, granule, leaf }: Range,
  pageLg2: number,
): void {
  let pages = Math.floor(bytes / 2 ** pageLg2);
  const tg = (pageLg2 - 10) / 2;
  // The level of the leaves; of tables it is not known. Some errata want a range command all the same, hence never one page.
  const ttl = leaf ? 4 - Math.floor((Math.log2(granule) - 3) / (pageLg2 - 3)) : 0;
  if (!leaf && (pages & NUM_MASK) === 1) pages++;
  for (let address = iova; pages > 0;) {
    const scale = trailingZeros(pages);
    const chunks = Math.floor(pages / 2 ** scale) & NUM_MASK;
    cmdq.add(invalidateAddress({ ...base, address, num: chunks - 1, scale, ttl, tg }));
    address += chunks * 2 ** (scale + pageLg2);
    pages -= chunks * 2 ** scale;
  }
}

function trailingZeros(n: number): number {
  let zeros = 0;
  while (n > 0 && n % 2 ** (zeros + 1) === 0) zeros++;
  return zeros;
}

/** A tag that no list has is clean in the IOTLB: it may be given out again. Linux: arm_smmu_inv_flush_iotlb_tag() */
export function flushTag(smmu: Smmu, inv: Inv): void {
  if (inv.type !== S1_ASID && inv.type !== S2_VMID) return;
  const { asid, vmid } = tagsOf(inv);
  smmu.cmdq.issueSync(invalidateTag(opsOf(smmu, inv).all, asid, vmid));
}
