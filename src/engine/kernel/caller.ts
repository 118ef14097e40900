import type { UserMemory } from '../memory/user-memory';
import type { FileTable } from './file';

/** Linux: include/uapi/linux/capability.h */
export type Capability = 'CAP_SYS_RESOURCE' | 'CAP_IPC_LOCK' | 'CAP_SYS_RAWIO' | 'CAP_SYS_ADMIN';

/** What copy_from_user() and copy_to_user() reach. */
export type UserBytes = Pick<UserMemory, 'read' | 'write'>;

/** Against whom pinned pages count when a context accounts by user. Linux: struct user_struct */
export interface UserAccount {
  readonly uid: number;
  /** 4 KiB pages. Linux: user->locked_vm */
  lockedVm: number;
}

/** Linux: current->group_leader, whose limits count */
export interface Process {
  readonly pid: number;
  /** RLIMIT_MEMLOCK in bytes, as it is now. Linux: task_rlimit() */
  memlockLimit(): bigint;
}

/** The process that makes a call. Linux: current */
export interface Caller {
  /** Whose pages are pinned. Linux: current->mm */
  readonly mm: UserMemory;
  /** Where the call's structures lie: in `mm`, or beside it. */
  readonly bytes: UserBytes;
  readonly capable: (capability: Capability) => boolean;
  readonly process: Process;
  readonly user: UserAccount;
  readonly files: FileTable;
}
