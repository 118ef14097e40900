/** What the kernel took frames for, as whoever took them says. For people: nothing is decided by it. */
export interface FrameUse {
  readonly kind: 'page-table' | 'structure' | 'queue' | 'buffer';
  /** `context table`, `command queue`. */
  readonly what: string;
  /** Of a page table: levels count from 0, which holds only leaves. */
  readonly level: number | null;
  /** Whose: the world id of a unit, or a page table's token, compared by identity. Null: whose the memory's `taker` says. */
  readonly owner: object | string | null;
}

export const tableUse = (level: number, owner: object): FrameUse => ({
  kind: 'page-table',
  what: 'page table',
  level,
  owner,
});

export const structure = (what: string, owner: FrameUse['owner'] = null): FrameUse => ({
  kind: 'structure',
  what,
  level: null,
  owner,
});

export const queue = (what: string): FrameUse => ({ kind: 'queue', what, level: null, owner: null });

/** Pages that a process or a file has, taken together. */
export interface UserFrames {
  /** The process's name, or the file's. */
  readonly holder: string;
  readonly isFile: boolean;
  /** Where a process has its first byte. */
  readonly userVa: number | null;
  readonly framesPerPage: number;
  /** First frame of each page. */
  readonly pfns: ArrayLike<number>;
  /** False: gone from where it was, and there only because somebody has it pinned. */
  readonly mapped: boolean;
}
