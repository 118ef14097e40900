import { silent } from '../../../trace/trace';
import { LEAF_LEVEL, LEAF_PERMS, PA_HI, PA_LO } from '../../port';
import {
  D_GUEST,
  D_ID,
  D_KIND,
  D_LEVELS,
  D_RAW,
  D_ROOT,
  DeviceTable,
  KIND_BLOCKED,
  KIND_GUEST,
  KIND_HOST,
} from './dte';
import { CTX_WORDS, Gcr3Tables } from './gcr3';
import { GuestWalk } from './guest-walk';
import { FOR_ITSELF, HostWalk, LEAF_SIZE, PDE_WORDS } from './host-walk';
import type { UnitState } from './state';
import { TagCache, TAGS } from './tag-cache';

/** What the tables say of an address now. */
export interface Found {
  readonly paHi: number;
  readonly paLo: number;
  readonly sizeLg2: number;
  readonly perms: number;
  /** 0 holds only leaves. */
  readonly level: number;
}

/**
 * The structures as they stand in memory, past every cache: nothing is filled, told or marked.
 *
 * A cached entry is stale when it says something else.
 */
export class Uncached {
  readonly table: DeviceTable;
  readonly hosts: HostWalk;
  readonly guests: GuestWalk;
  readonly processes: Gcr3Tables;

  constructor(private readonly state: UnitState) {
    const { memory, regs, config } = state;
    const none = new TagCache({ sets: 0, ways: 1 }, PDE_WORDS);
    this.table = new DeviceTable(memory, regs, config);
    this.hosts = new HostWalk(memory, config, none, silent);
    this.guests = new GuestWalk(memory, regs, config, this.hosts, none, silent);
    this.processes = new Gcr3Tables(memory, regs, config, this.hosts, silent);
  }

  /** A device's entry, decoded; null where the unit would not take it. */
  device(rid: number): Int32Array | null {
    return this.table.read(rid) === 0 ? this.table.out : null;
  }

  /** A process's context; null where there is none. */
  context(rid: number, pasid: number): Int32Array | null {
    const dte = this.device(rid);
    if (dte === null || dte[D_GUEST] === 0 || dte[D_KIND] === KIND_BLOCKED) return null;
    return this.processes.read(dte, 0, pasid) === 0 ? this.processes.out : null;
  }

  host(rid: number, hi: number, lo: number): Found | null {
    const dte = this.device(rid);
    if (dte === null || (dte[D_LEVELS] as number) === 0) return null;
    const { hosts } = this;
    const root = dte[D_ROOT] as number;
    const found = hosts.search(root, dte[D_LEVELS] as number, dte[D_ID] as number, hi, lo, FOR_ITSELF);
    return found === 0 ? leafOf(hosts.out) : null;
  }

  guest(rid: number, pasid: number, hi: number, lo: number): Found | null {
    const ctx = this.context(rid, pasid);
    if (ctx === null || this.guests.search(ctx, 0, hi, lo) !== 0) return null;
    return leafOf(this.guests.out);
  }

  /**
   * Which device has a domain in its entry now: the devices with cached entries first, then the whole table.
   */
  owners(domains: ReadonlySet<number>): ReadonlyMap<number, number> {
    const owners = new Map<number, number>();
    const { dtes } = this.state;
    for (const at of dtes.list()) this.own(owners, domains, (dtes.entries[at] as number) & 0xffff);
    for (let rid = 0; rid < 0x1_0000 && owners.size < domains.size; rid += DTES_PER_FRAME) {
      const pa = this.table.locate(rid);
      const base = pa < 0 ? -1 : this.state.memory.frameBase(Math.floor(pa / 4096));
      // A frame that was never written holds no valid entry.
      if (base <= 0) continue;
      for (let n = 0; n < DTES_PER_FRAME; n++) {
        const valid = ((this.state.memory.words[base + n * 8] as number) & 3) === 3;
        if (valid) this.own(owners, domains, rid + n);
      }
    }
    return owners;
  }

  private own(owners: Map<number, number>, domains: ReadonlySet<number>, rid: number): void {
    const dte = this.device(rid);
    if (dte === null) return;
    const kind = dte[D_KIND] as number;
    const domain = (dte[D_RAW + 2] as number) & 0xffff;
    const translates = kind === KIND_HOST || kind === KIND_GUEST || dte[D_GUEST] !== 0;
    if (translates && domains.has(domain) && !owners.has(domain)) owners.set(domain, rid);
  }
}

const DTES_PER_FRAME = 128;

const leafOf = (out: Int32Array): Found => ({
  paHi: out[PA_HI] as number,
  paLo: out[PA_LO] as number,
  sizeLg2: out[LEAF_SIZE] as number,
  perms: out[LEAF_PERMS] as number,
  level: out[LEAF_LEVEL] as number,
});

/** Whether two contexts say the same. */
export function sameContext(one: Int32Array, a: number, other: Int32Array): boolean {
  for (let n = TAGS; n < CTX_WORDS; n++) if (one[a + n] !== other[n]) return false;
  return true;
}
