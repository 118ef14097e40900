import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { DeviceControl, PageRequestGate } from '../../unit';
import type { UnitCaps } from './caps';
import type { ContextTables } from './context-table';
import type { DeviceInfo } from './device-info';
import type { DomainIds } from './domain-ids';
import type { FaultHandler } from './faults';
import type { Flusher } from './flush';
import type { KernelLog } from './log';
import type { PageRequestQueue } from './page-requests';
import type { RegisterIo } from './register-io';

/** What the driver holds of a running unit. Linux: struct intel_iommu */
export interface IntelIommu {
  /** World id. */
  readonly unit: string;
  /** As the kernel calls it, e.g. `dmar0`. */
  readonly name: string;
  readonly memory: PhysicalMemory;
  readonly log: KernelLog;
  readonly io: RegisterIo;
  readonly caps: UnitCaps;
  readonly tables: ContextTables;
  readonly flush: Flusher;
  readonly faults: FaultHandler;
  /** Null: the unit has no page requests. */
  readonly requests: PageRequestQueue | null;
  readonly ids: DomainIds;
  /** Its devices, and those that may be named by what hardware reports. Linux: intel_iommu::device_rbtree */
  readonly devices: Map<string, DeviceInfo>;
  readonly byRid: Map<number, DeviceInfo>;
  readonly interruptRemapping: boolean;
  readonly control: DeviceControl | null;
  readonly pageRequestGate: PageRequestGate | null;
  /** Fault injection: unmap forgets to tell the caches. */
  skipInvalidation: boolean;
  /** See clearContexts(). */
  readonly flushEveryAlias: boolean;
}
