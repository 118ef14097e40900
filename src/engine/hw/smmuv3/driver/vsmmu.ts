import { done } from '../../../../lib/result';
import { hex } from '../../../../lib/u64';
import type { IommuClient, IommuDomain, IommuOps, UserData, UserDataArray } from '../../../iommu/ops';
import type { ViommuHandle, ViommuOps } from '../../../iommu/viommu-ops';
import { err, ok, type Result } from '../../../kernel/errno';
import { EVT_0, prep } from './bits';
import { BATCH_ENTRIES, commandOf } from './command-queue';
import { OP } from './commands';
import type { SmmuDomain } from './domain';
import type { Master, Vmaster } from './master';
import { NestedSmmuDomain, readVirtualSte } from './nested';

/** Linux: enum iommu_viommu_type, iommu_viommu_invalidate_data_type, iommu_veventq_type, iommu_hw_info_type: ARM_SMMUV3 */
export const VIOMMU_TYPE_ARM_SMMUV3 = 1;
const INVALIDATE_DATA_ARM_SMMUV3 = 1;
const VEVENTQ_TYPE_ARM_SMMUV3 = 1;

const COMMAND_BYTES = 16;
const OP_MASK = 0xffn;
const VMID = 0xffff_0000_0000n;
const SID = 0xffff_ffff_0000_0000n;

type Words = readonly [bigint, bigint];

/**
 * A slice of a unit for a VM: page tables of its own over one stage-2 domain, whose VMID is the VM's.
 *
 * Linux: arm-smmu-v3-iommufd.c struct arm_vsmmu, arm_vsmmu_ops
 */
export class Vsmmu implements ViommuOps {
  constructor(
    private readonly viommu: ViommuHandle,
    private readonly owner: IommuOps,
    private readonly parent: SmmuDomain,
    private readonly nextLabel: () => string,
    private readonly masterOf: (device: IommuClient) => Result<Master>,
  ) {}

  /** Linux: arm_vsmmu_alloc_domain_nested() */
  allocDomainNested(flags: number, data: UserData): Result<IommuDomain> {
    const ste = readVirtualSte(flags, data);
    if (!ste.ok) return ste;
    const label = this.nextLabel();
    return ok(new NestedSmmuDomain(label, this.owner, this.viommu, this.parent, ste.value, this.masterOf));
  }

  /**
   * All commands are read, then each is made one of ours, and they go out in batches. When one cannot be, those before it
   * that had not gone out yet never do, although they count as handled.
   *
   * Linux: arm_vsmmu_cache_invalidate()
   */
  cacheInvalidate(array: UserDataArray): Result<undefined> {
    array.handled = 0;
    const commands = readCommands(array);
    if (!commands.ok) return commands;
    const { cmdq } = this.parent.smmuState.smmu;
    let batch: Words[] = [];
    let at = 0;
    for (const command of commands.value) {
      const converted = this.convert(command);
      if (!converted.ok) {
        array.handled = at;
        return converted;
      }
      batch.push(converted.value);
      at++;
      if (at !== commands.value.length && batch.length !== BATCH_ENTRIES - 1) continue;
      for (const [first, second] of batch) cmdq.add(commandOf(first, second));
      batch = [];
      const sent = cmdq.submit();
      if (sent.ok) continue;
      array.handled = at - 1;
      return sent;
    }
    array.handled = at;
    return done;
  }

  /** VMID and StreamID are ours, whatever the VM says. Linux: arm_vsmmu_convert_user_cmd() */
  private convert([first, second]: Words): Result<Words> {
    const vmid = BigInt(this.parent.smmuState.id) << 32n;
    switch (Number(first & OP_MASK)) {
      case OP.TLBI_NSNH_ALL:
        return ok([BigInt(OP.TLBI_NH_ALL) | vmid, 0n]);
      case OP.TLBI_NH_VA:
      case OP.TLBI_NH_VAA:
      case OP.TLBI_NH_ALL:
      case OP.TLBI_NH_ASID:
        return ok([(first & ~VMID) | vmid, second]);
      case OP.ATC_INV:
      case OP.CFGI_CD:
      case OP.CFGI_CD_ALL: {
        const sid = this.sidOf(first >> 32n);
        return sid.ok ? ok([(first & ~SID) | (BigInt(sid.value) << 32n), second]) : sid;
      }
      default:
        return err('EIO', `command ${hex(first & OP_MASK)} is not the VM's to send`, {
          rule: 'arm_vsmmu_convert_user_cmd',
        });
    }
  }

  /** Linux: arm_vsmmu_vsid_to_sid() */
  private sidOf(vsid: bigint): Result<number> {
    const device = this.viommu.findDevice(vsid);
    const master = device && this.masterOf(device);
    const [sid] = master?.ok === true ? master.value.sids : [];
    if (sid !== undefined) return ok(sid);
    return err('EIO', `the VM has no device with StreamID ${hex(vsid)}`, { rule: 'arm_vsmmu_vsid_to_sid' });
  }
}

/** Linux: iommu_copy_struct_from_full_user_array() */
function readCommands(array: UserDataArray): Result<readonly Words[]> {
  const rule = 'iommu_copy_struct_from_full_user_array';
  if (array.type !== INVALIDATE_DATA_ARM_SMMUV3)
    return err('EINVAL', `data type ${array.type} is not that of SMMUv3 commands`, { rule });
  if (array.entryCount === 0) return err('EINVAL', 'there is no command', { rule });
  const commands: Words[] = [];
  for (let index = 0; index < array.entryCount; index++) {
    const bytes = array.readStruct(index, COMMAND_BYTES);
    if (!bytes.ok) return bytes;
    const view = new DataView(bytes.value.buffer, bytes.value.byteOffset);
    commands.push([view.getBigUint64(0, true), view.getBigUint64(8, true)]);
  }
  return ok(commands);
}

/** The record as the unit wrote it, with the VM's StreamID. Linux: arm_vmaster_report_event() */
export function reportVmasterEvent({ viommu, vsid }: Vmaster, record: readonly bigint[]): Result<undefined> {
  const bytes = new Uint8Array(record.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of record.entries()) {
    const told = index === 0 ? (word & ~EVT_0.SID) | prep(EVT_0.SID, vsid) : word;
    view.setBigUint64(index * 8, told, true);
  }
  return viommu.reportEvent(VEVENTQ_TYPE_ARM_SMMUV3, bytes);
}
