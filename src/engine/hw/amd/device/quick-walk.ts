import { EXECUTE, LEAF_LEVEL, LEAF_PERMS, PA_HI, PA_LO, READ, WRITE, type MemoryPort } from '../../port';
import { V1_U, V2_G } from '../structs';
import { GLOBAL, GRANT_SHIFT, NESTED, READY_USER, UNTRANSLATED_ONLY, type Iotlb } from './iotlb';
import { QuickGuestWalk } from './quick-guest';
import { OF_REQUESTS, QuickHostWalk } from './quick-host';
import { QuickTables } from './quick-tables';
import {
  GUEST_ONLY,
  HOST_ONLY,
  NESTED_TABLES,
  S_GUEST_DIRTY,
  S_HIGH,
  S_HOST_DIRTY,
  S_ID,
  S_KIND,
} from './service';
import type { UnitState } from './state';
import type { TagCache } from './tag-cache';

const OA_HI_MASK = 0xf_ffff;

/**
 * The walk of a plain request, where nothing stands in its way: everything is there, permitted, in memory's reach, and
 * there is no accessed or dirty bit to set. Whatever else it meets, it gives up, and the walk of the document says what it
 * is. Until it succeeds it changes nothing.
 *
 * It finds what the walk of the document finds, which the tests hold it to. All of it is integers: a miss costs little more
 * than its loads.
 */
export class QuickWalk {
  private readonly s: Int32Array;
  private readonly memory: MemoryPort;
  private readonly iotlb: Iotlb;
  private readonly pdes: TagCache;
  private readonly caching: boolean;
  private readonly hosts: QuickHostWalk;
  private readonly guests: QuickGuestWalk;

  constructor(
    state: UnitState,
    /** Where the answer goes. */
    private readonly out: Int32Array,
  ) {
    this.s = state.service;
    this.memory = state.memory;
    this.iotlb = state.iotlb;
    this.pdes = state.pdes;
    this.caching = state.pdes.shape.sets > 0;
    this.hosts = new QuickHostWalk(state);
    this.guests = new QuickGuestWalk(state, new QuickTables(state, this.hosts));
  }

  /**
   * Whether it found the way; then the answer is in `out`, and cached. `need`: READ, WRITE, EXECUTE, and READY_USER of who
   * has no privilege.
   */
  find(hi: number, lo: number, need: number): boolean {
    const found = this.walk(hi, lo, need);
    if (this.caching) {
      if (found) this.pdes.commit();
      else this.pdes.rollBack();
    }
    return found;
  }

  /** What tables the device that is served has. */
  get kind(): number {
    return this.s[S_KIND] as number;
  }

  private walk(hi: number, lo: number, need: number): boolean {
    switch (this.kind) {
      case HOST_ONLY:
        // Host tables know of no privilege.
        return this.host(hi, lo, need & ~READY_USER);
      case GUEST_ONLY:
        return this.guest(hi, lo, need);
      case NESTED_TABLES:
        return this.nested(hi, lo, need);
      default:
        return false;
    }
  }

  /** Host tables alone. */
  private host(hi: number, lo: number, need: number): boolean {
    const { s, hosts, out } = this;
    const at = hosts.leaf(OF_REQUESTS, hi, lo);
    if (at < 0) return false;
    const { words } = this.memory;
    const { perms, sizeLg2, level } = hosts;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    const clean = (s[S_HOST_DIRTY] as number) & ~entryLo;
    if ((need & ~perms) !== 0 || (clean !== 0 && (need & WRITE) !== 0)) return false;
    hosts.keep(hi, lo);
    const offset = (1 << sizeLg2) - 1;
    const paLo = (entryLo & ~0xfff & ~offset) | (lo & offset);
    const paHi = entryHi & OA_HI_MASK;
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = level - 1;
    out[LEAF_PERMS] = perms;
    const flags =
      (clean !== 0 ? perms & ~WRITE : perms) |
      READY_USER |
      (perms << GRANT_SHIFT) |
      ((entryHi & V1_U) !== 0 ? UNTRANSLATED_ONLY : 0);
    this.iotlb.enter(s[S_ID] as number, s[S_HIGH] as number, hi, lo, paHi, paLo, sizeLg2, flags);
    return true;
  }

  /** A process's tables alone. */
  private guest(hi: number, lo: number, need: number): boolean {
    const { s, guests, out } = this;
    const at = guests.leaf(hi, lo, false);
    if (at < 0) return false;
    const { words } = this.memory;
    const { level } = guests;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    const perms = guests.above & guests.grants(entryHi, entryLo);
    const clean = (s[S_GUEST_DIRTY] as number) & ~entryLo;
    if ((need & ~perms) !== 0 || (clean !== 0 && (need & WRITE) !== 0)) return false;
    guests.keep(hi, lo, false);
    const sizeLg2 = 9 * level + 3;
    const offset = (1 << sizeLg2) - 1;
    const paLo = (entryLo & ~0xfff & ~offset) | (lo & offset);
    const paHi = entryHi & OA_HI_MASK;
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = level - 1;
    out[LEAF_PERMS] = perms;
    const ready = clean !== 0 ? perms & ~WRITE : perms;
    const flags = ready | (perms << GRANT_SHIFT) | ((entryLo & V2_G) !== 0 ? GLOBAL : 0);
    this.iotlb.enter(s[S_ID] as number, s[S_HIGH] as number, hi, lo, paHi, paLo, sizeLg2, flags);
    return true;
  }

  /** A process's tables over the host's. */
  private nested(hi: number, lo: number, need: number): boolean {
    const { s, guests, hosts, out } = this;
    const guestAt = guests.leaf(hi, lo, true);
    if (guestAt < 0) return false;
    guests.keep(hi, lo, true);
    const { words } = this.memory;
    const { level } = guests;
    const guestLo = words[guestAt] as number;
    const guestHi = words[guestAt + 1] as number;
    const inGuestPage = (1 << (9 * level + 3)) - 1;
    const gpaLo = (guestLo & ~0xfff & ~inGuestPage) | (lo & inGuestPage);
    const gpaHi = guestHi & OA_HI_MASK;
    const at = hosts.leaf(OF_REQUESTS, gpaHi, gpaLo);
    if (at < 0) return false;
    const entryLo = words[at] as number;
    const entryHi = words[at + 1] as number;
    // What may be read may be executed.
    const granted = hosts.perms | READY_USER | ((hosts.perms & READ) !== 0 ? EXECUTE : 0);
    const perms = guests.above & guests.grants(guestHi, guestLo) & granted;
    const clean = ((s[S_GUEST_DIRTY] as number) & ~guestLo) | ((s[S_HOST_DIRTY] as number) & ~entryLo);
    if ((need & ~perms) !== 0 || (clean !== 0 && (need & WRITE) !== 0)) return false;
    hosts.keep(gpaHi, gpaLo);
    const inPage = (1 << hosts.sizeLg2) - 1;
    const paLo = (entryLo & ~0xfff & ~inPage) | (gpaLo & inPage);
    const paHi = entryHi & OA_HI_MASK;
    out[PA_LO] = paLo;
    out[PA_HI] = paHi;
    out[LEAF_LEVEL] = level - 1;
    out[LEAF_PERMS] = perms;
    const flags =
      (clean !== 0 ? perms & ~WRITE : perms) |
      (perms << GRANT_SHIFT) |
      NESTED |
      ((entryHi & V1_U) !== 0 ? UNTRANSLATED_ONLY : 0) |
      ((guestLo & V2_G) !== 0 ? GLOBAL : 0);
    const sizeLg2 = 9 * level + 3 < hosts.sizeLg2 ? 9 * level + 3 : hosts.sizeLg2;
    this.iotlb.enter(s[S_ID] as number, s[S_HIGH] as number, hi, lo, paHi, paLo, sizeLg2, flags);
    return true;
  }
}
