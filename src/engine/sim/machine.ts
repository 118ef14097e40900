import { IommuCore } from '../iommu/core';
import { Iommufd } from '../iommufd/ctx';
import { runTask, type Task } from '../kernel/task';
import { PhysicalMemory } from '../memory/physical-memory';
import { ProcessMemory } from '../memory/process-memory';
import { PciTopology } from '../pci/topology';
import { TraceBuffer } from '../trace/trace';
import { Vfio } from '../vfio/vfio';
import { Names } from './names';
import type { Unit } from './unit';

/** What the `machine` line says. */
export interface MachineOptions {
  readonly iommu: 'vtd' | 'none';
  readonly widthBits: 39 | 48 | 57;
  readonly iotlb: { readonly sets: number; readonly ways: number };
}

export const DEFAULT_MACHINE: MachineOptions = {
  iommu: 'vtd',
  widthBits: 48,
  iotlb: { sets: 64, ways: 4 },
};

/** One computer with its kernel and its processes, put together from the floors below. */
export class Machine {
  readonly trace = new TraceBuffer();
  readonly memory = new PhysicalMemory();
  readonly processes = new Map<string, ProcessMemory>();
  readonly names = new Names();
  readonly topology: PciTopology;
  readonly core: IommuCore;
  readonly iommufd: Iommufd;
  readonly vfio = new Vfio();
  /** The IOMMU, from boot on; null where there is none. */
  unit: Unit | null = null;
  /** Why a function is in no unit's scope, by PCI name. */
  readonly outOfScope = new Map<string, string>();
  booted = false;
  /** The drivers of boot are bound: from now on binding is somebody's wish. */
  started = false;

  constructor(readonly options: MachineOptions) {
    this.topology = new PciTopology(options.iommu !== 'none');
    this.core = new IommuCore(this.trace);
    this.iommufd = new Iommufd(this.core);
  }

  run<T>(task: Task<T>): T {
    return runTask(task, this.trace);
  }

  /** A process comes into being when it is first named. */
  process(name: string): ProcessMemory {
    let process = this.processes.get(name);
    if (process === undefined) {
      process = new ProcessMemory(name, this.memory);
      this.processes.set(name, process);
    }
    return process;
  }
}
