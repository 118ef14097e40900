import type { Capability } from '../../engine/kernel/caller';
import type { Request } from './packets';

/** Linux: include/uapi/linux/capability.h */
const BIT: Record<Capability, bigint> = {
  CAP_IPC_LOCK: 1n << 14n,
  CAP_SYS_RAWIO: 1n << 17n,
  CAP_SYS_ADMIN: 1n << 21n,
  CAP_SYS_RESOURCE: 1n << 24n,
};

/**
 * Who may do what. A host can withhold capabilities from root altogether (a container, a sandbox), in ways that the
 * program is not to notice: what the session's first process lacks although it is root counts as held by root.
 */
export class Capabilities {
  private withheld: bigint | null = null;

  has({ euid, capEffective }: Request, capability: Capability): boolean {
    const bit = BIT[capability];
    return (capEffective & bit) !== 0n || (euid === 0 && ((this.withheld ?? 0n) & bit) !== 0n);
  }

  /** Every request passes here; the first one decides. */
  meet({ euid, capEffective }: Request): void {
    this.withheld ??= euid === 0 ? ~capEffective : 0n;
  }
}
