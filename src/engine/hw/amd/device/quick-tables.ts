import { READ, WRITE, type MemoryPort } from '../../port';
import { OF_TABLES, type QuickHostWalk } from './quick-host';
import type { UnitState } from './state';
import type { Trail } from './trail';

/** High-word bits of an entry whose frame number would not fit 31 bits. */
const FAR_HI = 0xf_f800;
/**
 * Where in memory the tables of a process lie, whose addresses are the host's guest physical ones.
 */
export class QuickTables {
  /** What the host permits of all tables since begin(), where tables are cached: it goes with the last of them. */
  perms = 0;
  private readonly memory: MemoryPort;
  private readonly caching: boolean;

  constructor(
    state: UnitState,
    private readonly hosts: QuickHostWalk,
  ) {
    this.memory = state.memory;
    this.caching = state.pdes.shape.sets > 0;
  }

  /** Begins a walk from the top of a process's tables. */
  begin(): void {
    this.perms = READ | WRITE;
  }

  /** The frame that holds a guest page; -1: given up. */
  find(page: number): number {
    const { hosts } = this;
    if (page < 0) return -1;
    const [hi, lo] = [page >>> 20, page << 12];
    const at = hosts.leaf(OF_TABLES, hi, lo);
    if (at < 0 || (hosts.perms & READ) === 0) return -1;
    const { words } = this.memory;
    const entryHi = words[at + 1] as number;
    if ((entryHi & FAR_HI) !== 0) return -1;
    if (this.caching) {
      this.perms &= hosts.perms;
      hosts.keep(hi, lo);
    }
    const frame = ((entryHi & 0x7ff) << 20) | ((words[at] as number) >>> 12);
    const inPage = (1 << (hosts.sizeLg2 - 12)) - 1;
    return (frame & ~inPage) | (page & inPage);
  }

  /** After find(), from the top: takes down the host's entries on the way. */
  note(page: number, trail: Trail): void {
    this.hosts.retrace(page >>> 20, page << 12, trail);
  }
}
