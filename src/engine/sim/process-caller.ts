import type { Caller, Capability } from '../kernel/caller';
import type { KernelFile } from '../kernel/file';
import { Descriptors } from '../kernel/file-table';
import { ScratchMemory } from '../iommufd/caller';
import type { ProcessMemory } from '../memory/process-memory';

const NO_LIMIT = 2n ** 64n - 1n;

/** A process of the scenario as a caller: its descriptors, and what it is allowed. As root, unless it was told otherwise. */
export class ProcessCaller implements Caller {
  readonly files = new Descriptors();
  readonly user = { uid: 0, lockedVm: 0 };
  readonly process;
  /** RLIMIT_MEMLOCK in bytes. */
  memlock = NO_LIMIT;
  readonly lacks = new Set<Capability>();

  constructor(
    readonly mm: ProcessMemory,
    pid: number,
  ) {
    this.process = { pid, memlockLimit: () => this.memlock };
  }

  get bytes(): ProcessMemory {
    return this.mm;
  }

  readonly capable = (capability: Capability): boolean => !this.lacks.has(capability);

  /** The same caller with room beside its memory, for the structures of one call. */
  withScratch(): { readonly caller: Caller; readonly scratch: ScratchMemory } {
    const scratch = new ScratchMemory(this.mm);
    const { mm, capable, process, user, files } = this;
    return { scratch, caller: { mm, bytes: scratch, capable, process, user, files } };
  }

  /** The number of an open file; the file is open. */
  fdOf(file: KernelFile): number | null {
    return this.files.find((each) => each.kind === 'kernel' && each.file === file);
  }
}
