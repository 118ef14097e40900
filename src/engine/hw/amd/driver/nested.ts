import { done } from '../../../../lib/result';
import type {
  DomainCookie,
  DomainType,
  IommuClient,
  IommuDomain,
  IommuOps,
  NestedDomain,
  UserData,
} from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';
import { guestFields, setHostTable, takeGuestTables, type Dte } from './dte';
import { updateEntry } from './entry';
import type { ProbedDevice } from './globals';
import type { AmdViommu, GuestDomainId } from './viommu';

/** Linux: include/uapi/linux/iommufd.h IOMMU_HWPT_DATA_AMD_GUEST, struct iommu_hwpt_amd_guest */
export const HWPT_DATA_AMD_GUEST = 3;
const GUEST_BYTES = 32;

/** Linux: GUEST_PGTABLE_5_LEVEL */
const FIVE_LEVELS = 1;

/** What a nested domain needs of the driver. */
export interface NestedHost {
  readonly owner: IommuOps;
  readonly label: () => string;
  readonly deviceOf: (device: IommuClient) => Result<ProbedDevice>;
}

/**
 * A guest's own tables, as its device table entry names them, over the nesting parent's host table.
 *
 * Linux: drivers/iommu/amd/nested.c struct nested_domain
 */
export class AmdNestedDomain implements IommuDomain {
  readonly label: string;
  type: DomainType = 'nested';
  readonly owner: IommuOps;
  readonly paging = null;
  readonly nested: NestedDomain;
  cookie: DomainCookie | null = null;

  constructor(
    private readonly host: NestedHost,
    readonly viommu: AmdViommu,
    private readonly guest: Dte,
    private readonly guestId: number,
    readonly hostId: GuestDomainId,
  ) {
    this.label = host.label();
    this.owner = host.owner;
    this.nested = { parent: viommu.parent.domain };
  }

  /** The device stays in the list of the domain that it was in before. Linux: nested_attach_device() */
  attachDev(client: IommuClient): Result<undefined> {
    const device = this.host.deviceOf(client);
    if (!device.ok) return device;
    if (device.value.pasidEnabled) {
      const why = `PASIDs of ${client.name} are in use by the host, so a guest cannot have them`;
      return err('EINVAL', why, { rule: 'nested_attach_device', culprit: `dev:${client.name}` });
    }
    updateEntry(device.value, this.entryFor(device.value));
    device.value.shown = this;
    return done;
  }

  /** Linux: nested_domain_free() */
  free(): void {
    const { viommu, guestId, hostId } = this;
    if (--hostId.users > 0) return;
    viommu.domainIds.delete(guestId);
    viommu.iommu.globals.ids.release(hostId.hostId);
  }

  /** Linux: set_dte_nested() */
  private entryFor(device: ProbedDevice): Dte {
    const { parent } = this.viommu;
    const entry = device.iommu.segment.table.clearEntry(device.rid);
    setHostTable(entry, parent.hostTable, {
      domid: this.hostId.hostId,
      dirtyTracking: parent.dirtyTracking,
      ats: device.atsEnabled,
    });
    takeGuestTables(entry, this.guest);
    return entry;
  }
}

/**
 * Domains of one VM with the same guest id share a host id: by it their translations are tagged.
 *
 * Linux: amd_iommu_alloc_domain_nested()
 */
export function allocNested(host: NestedHost, viommu: AmdViommu, data: UserData): Result<AmdNestedDomain> {
  const rule = 'amd_iommu_alloc_domain_nested';
  if (data.type !== HWPT_DATA_AMD_GUEST)
    return err('EOPNOTSUPP', 'the data is not a guest’s AMD device table entry', { rule });
  const guest = copyGuestEntry(data);
  if (!guest.ok) return guest;
  const checked = validate(guest.value, viommu.iommu.features.guestLevels);
  if (!checked.ok) return checked;
  const { domid } = guestFields(guest.value);
  let known = viommu.domainIds.get(domid);
  if (known === undefined) {
    const hostId = viommu.iommu.globals.ids.allocate();
    if (hostId === null) return err('ENOSPC', 'no free domain ids', { rule });
    known = { hostId, users: 0 };
    viommu.domainIds.set(domid, known);
  }
  known.users++;
  return ok(new AmdNestedDomain(host, viommu, guest.value, domid, known));
}

/** Linux: iommu_copy_struct_from_user() */
function copyGuestEntry(data: UserData): Result<Dte> {
  if (data.length !== GUEST_BYTES) {
    const why = `struct iommu_hwpt_amd_guest has ${GUEST_BYTES} bytes, not ${data.length}`;
    return err('EINVAL', why, { rule: 'iommu_copy_struct_from_user' });
  }
  const bytes = data.read();
  if (!bytes.ok) return bytes;
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, GUEST_BYTES);
  return ok(Int32Array.from({ length: 8 }, (_, n) => view.getInt32(n * 4, true)));
}

/** Linux: validate_gdte_nested() */
function validate(guest: Dte, hostLevels: 4 | 5): Result<undefined> {
  const rule = 'validate_gdte_nested';
  const entry = guestFields(guest);
  if (entry.mode !== 0 || entry.hasHostTable)
    return err('EINVAL', 'a guest’s entry must not name a host table: Mode and table root must be 0', {
      rule,
    });
  if (entry.valid && entry.gv && !entry.hasGcr3)
    return err('EINVAL', 'the entry has GV = 1, but no GCR3 table', { rule });
  if (entry.gptMode > FIVE_LEVELS)
    return err('EINVAL', 'guest paging modes are 0 and 1: four and five levels', { rule });
  if (entry.glx === 3) return err('EINVAL', 'GLX = 3 is reserved', { rule });
  if (entry.gptMode === FIVE_LEVELS && hostLevels < 5)
    return err('EOPNOTSUPP', 'the guest wants tables of five levels, the host has four', { rule });
  return done;
}
