import { silent } from '../../../trace/trace';
import {
  EXECUTE,
  FAULTED,
  LEAF_LEVEL,
  LEAF_PERMS,
  NO_PASID,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  WALKED,
  WRITE,
  type TranslateStatus,
} from '../../port';
import {
  DEV_TAB_HARDWARE_ERROR,
  ILLEGAL_DEV_TABLE_ENTRY,
  IO_PAGE_FAULT,
  PAGE_TAB_HARDWARE_ERROR,
} from '../reasons';
import { EVENT_I, EVENT_NX, EVENT_PE, EVENT_PR, EVENT_RZ, EVENT_TYPE_SHIFT, V1_U } from '../structs';
import {
  D_HAD,
  D_ID,
  D_KIND,
  D_LEVELS,
  D_PERMS,
  D_ROOT,
  DeviceTable,
  DTE_BEYOND,
  DTE_RESERVED,
  DTE_UNREADABLE,
  DTE_VALID,
  DTE_WORDS,
  HAD_DIRTY,
  KIND_FORWARD,
  KIND_GUEST,
  KIND_HOST,
} from './dte';
import {
  CTX_HIGH,
  CTX_HOST_HAD,
  CTX_HOST_LEVELS,
  CTX_ID,
  CTX_PERMS,
  CTX_WORDS,
  Gcr3Tables,
  HOST_DENIES,
} from './gcr3';
import { GuestWalk, LEAF_GLOBAL } from './guest-walk';
import {
  BAD_LEVEL,
  BEYOND_WIDTH,
  FOR_ITSELF,
  HARDWARE,
  HostWalk,
  LEAF_HI,
  LEAF_SIZE,
  NOT_PRESENT,
  RESERVED_BIT,
} from './host-walk';
import { ABSENT, GLOBAL, GRANT_SHIFT, NESTED, READY_USER, tagHigh, UNTRANSLATED_ONLY } from './iotlb';
import { NO_ENTRY, type Reporter } from './report';
import { needOf, type Request } from './request';
import { htSpanOf, isSpecial } from './special-range';
import type { UnitState } from './state';
import { TAGS } from './tag-cache';

const HOST_HIGH = tagHigh(NO_PASID);
/** The leaf of an absent page. */
const NOTHING = new Int32Array(LEAF_SIZE + 1).fill(12, LEAF_SIZE);

/** What a miss comes to: reads the structures, judges, and fills the caches. */
export class Walker {
  readonly table: DeviceTable;
  readonly hosts: HostWalk;
  readonly guests: GuestWalk;
  readonly processes: Gcr3Tables;
  private readonly htSpan: number;

  constructor(
    private readonly state: UnitState,
    private readonly report: Reporter,
    private readonly request: Request,
    private readonly result: Int32Array,
  ) {
    const { memory, regs, config, pdes, trace } = state;
    this.htSpan = htSpanOf(config);
    this.table = new DeviceTable(memory, regs, config);
    this.hosts = new HostWalk(memory, config, pdes, trace);
    this.guests = new GuestWalk(memory, regs, config, this.hosts, pdes, trace);
    this.processes = new Gcr3Tables(memory, regs, config, this.hosts, trace);
  }

  /** Index of a device's entry in the cache, reading it when it is not there; -1 after a fault. */
  device(): number {
    const { state, request } = this;
    const at = state.dtes.find(request.rid | DTE_VALID, 0, 0);
    if (state.trace.on) this.report.cache('dte', at >= 0 ? 'hit' : 'miss', request.rid);
    return at >= 0 ? at : this.fillDevice(false);
  }

  /** Whether a device's requests without a PASID count as those of PASID 0: DTE.GIoV. Looking is no request: nothing is logged. */
  servesAsZero(rid: number): boolean {
    const { dtes } = this.state;
    const at = dtes.find(rid | DTE_VALID, 0, 0);
    if (at >= 0) return dtes.entries[at + D_KIND] === KIND_GUEST;
    return this.table.read(rid) === 0 && this.table.out[D_KIND] === KIND_GUEST;
  }

  fillDevice(interrupt: boolean): number {
    const { state, report, request, table } = this;
    const outcome = table.read(request.rid, state.trace);
    const flags = interrupt ? EVENT_I : 0;
    switch (outcome) {
      case 0:
        return this.keepDevice();
      case DTE_BEYOND:
        report.fail(IO_PAGE_FAULT, flags, NO_ENTRY);
        return -1;
      case DTE_UNREADABLE:
        report.failHardware(
          DEV_TAB_HARDWARE_ERROR,
          flags | (table.problem << EVENT_TYPE_SHIFT),
          NO_ENTRY,
          table.pa,
        );
        return -1;
      default:
        // Interrupts have bits 255:128 for themselves.
        if (interrupt) return this.keepDevice(false);
        report.fail(ILLEGAL_DEV_TABLE_ENTRY, outcome === DTE_RESERVED ? EVENT_RZ : 0, NO_ENTRY);
        return -1;
    }
  }

  /** Index of a process's context in the cache, reading it when it is not there; -1 after a fault. */
  fillProcess(at: number): number {
    const c = this.process(at);
    if (c < 0) this.refuse(-c, at, this.processes.problem, this.processes.failedPa);
    return c < 0 ? -1 : c;
  }

  /** As fillProcess(), but tells nobody: below 0 it is the outcome, negated. */
  process(at: number): number {
    const { state, report, request, processes } = this;
    const { pasids, dtes } = state;
    const { rid, pasid } = request;
    const known = pasids.find(rid | DTE_VALID, pasid, 0);
    if (state.trace.on) report.cache('pasid', known >= 0 ? 'hit' : 'miss', rid, pasid);
    if (known >= 0) return known;
    const outcome = processes.read(dtes.entries, at, pasid);
    if (outcome !== 0) return -outcome;
    if (state.trace.on && pasids.shape.sets > 0) report.cache('pasid', 'fill', rid, pasid);
    const c = pasids.claim(rid | DTE_VALID, pasid, 0);
    for (let n = TAGS; n < CTX_WORDS; n++) pasids.entries[c + n] = processes.out[n] as number;
    return c;
  }

  failProcess(at: number): TranslateStatus {
    return this.failHardware(at, this.processes.problem, this.processes.failedPa);
  }

  failHardware(at: number, problem: number, failedPa: number): TranslateStatus {
    return this.refuse(HARDWARE, at, problem, failedPa);
  }

  /** A request for the host's tables; `entry`: what the IOTLB had without permission, or -1. */
  host(at: number, entry: number): TranslateStatus {
    const { state, request, result, hosts, report } = this;
    const { iotlb, trace } = state;
    const dte = state.dtes.entries;
    const { hi, lo } = request;
    const id = dte[at + D_ID] as number;
    if (trace.on) report.translation(entry >= 0 ? 'hit' : 'miss', id, NO_PASID, hi, lo);
    if (entry >= 0 && (iotlb.flags(entry) & ABSENT) !== 0) return this.refuse(NOT_PRESENT, at, 0, 0);
    const outcome = hosts.search(
      dte[at + D_ROOT] as number,
      dte[at + D_LEVELS] as number,
      id,
      hi,
      lo,
      FOR_ITSELF,
    );
    if (outcome !== 0) return this.missing(outcome, at, id, HOST_HIGH, 0, hosts.problem, hosts.failedPa);
    const { out } = hosts;
    const need = needOf(request.access);
    const perms = out[LEAF_PERMS] as number;
    if ((need & ~perms) !== 0) return this.denied(at);
    const had = dte[at + D_HAD] as number;
    if (had !== 0 && !hosts.mark((need & WRITE) !== 0 && (had & HAD_DIRTY) !== 0))
      return this.refuse(HARDWARE, at, hosts.problem, hosts.failedPa);
    // Until the dirty bit is set, a write has to come back here.
    const ready = (had & HAD_DIRTY) !== 0 && (perms & WRITE) !== 0 && !hosts.isDirty ? perms & ~WRITE : perms;
    const flags = ready | READY_USER | (perms << GRANT_SHIFT) | untranslatedOnly(out[LEAF_HI] as number);
    if (trace.on) this.tellFill(id, HOST_HIGH, out[LEAF_SIZE] as number);
    result[PA_LO] = out[PA_LO] as number;
    result[PA_HI] = out[PA_HI] as number;
    result[LEAF_LEVEL] = out[LEAF_LEVEL] as number;
    result[LEAF_PERMS] = perms & (dte[at + D_PERMS] as number);
    iotlb.fill(id, HOST_HIGH, hi, lo, out, flags, entry);
    return WALKED;
  }

  /** A request of a process; `c`: its context. */
  guest(at: number, c: number, entry: number): TranslateStatus {
    const { state, request, result, guests, report } = this;
    const { iotlb, trace, pasids } = state;
    const ctx = pasids.entries;
    const { hi, lo, access } = request;
    const id = ctx[c + CTX_ID] as number;
    const high = ctx[c + CTX_HIGH] as number;
    const nested = (ctx[c + CTX_HOST_LEVELS] as number) > 0;
    if (trace.on) report.translation(entry >= 0 ? 'hit' : 'miss', id, request.pasid, hi, lo);
    if (entry >= 0 && (iotlb.flags(entry) & ABSENT) !== 0) return this.refuse(NOT_PRESENT, at, 0, 0);
    const outcome = guests.search(ctx, c, hi, lo);
    if (outcome !== 0)
      return this.missing(outcome, at, id, high, nested ? NESTED : 0, guests.problem, guests.failedPa);
    const { out } = guests;
    const perms = out[LEAF_PERMS] as number;
    const need = (access & 7) | ((access & PRIVILEGED) === 0 ? READY_USER : 0);
    const lacks = need & ~perms;
    if (lacks !== 0)
      return report.fail(IO_PAGE_FAULT, EVENT_PR | EVENT_PE | ((lacks & EXECUTE) !== 0 ? EVENT_NX : 0), at);
    const write = (need & WRITE) !== 0;
    const marked = guests.mark(write);
    if (marked !== 0) return this.refuse(marked, at, guests.problem, guests.failedPa);
    const had = nested ? (ctx[c + CTX_HOST_HAD] as number) : 0;
    const hostDirty = (had & HAD_DIRTY) !== 0;
    if (had !== 0 && !this.hosts.mark(write && hostDirty))
      return this.refuse(HARDWARE, at, this.hosts.problem, this.hosts.failedPa);
    const clean = !guests.isDirty || (hostDirty && !this.hosts.isDirty);
    const flags =
      (clean ? perms & ~WRITE : perms) |
      (perms << GRANT_SHIFT) |
      (nested ? NESTED : 0) |
      untranslatedOnly(out[LEAF_HI] as number) |
      (out[LEAF_GLOBAL] !== 0 ? GLOBAL : 0);
    if (trace.on) this.tellFill(id, high, out[LEAF_SIZE] as number);
    result[PA_LO] = out[PA_LO] as number;
    result[PA_HI] = out[PA_HI] as number;
    result[LEAF_LEVEL] = out[LEAF_LEVEL] as number;
    result[LEAF_PERMS] = perms & ((ctx[c + CTX_PERMS] as number) | 0xc);
    iotlb.fill(id, high, hi, lo, out, flags, entry);
    return WALKED;
  }

  /** A page that is there, without the permission. */
  denied(at: number): TranslateStatus {
    return this.report.fail(IO_PAGE_FAULT, EVENT_PR | EVENT_PE, at);
  }

  /** TV = 0, or a PASID where there are no tables for one. */
  blocked(at: number): TranslateStatus {
    return this.report.fail(IO_PAGE_FAULT, 0, at);
  }

  /** Fetches one page ahead, in silence: nothing is logged. Spec: section 2.4.6 "PREFETCH_IOMMU_PAGES" */
  prefetch(rid: number, pasid: number, hi: number, lo: number): boolean {
    const { state, table, hosts } = this;
    // Only the host's tables: a process's translation is fetched when it is asked for. Special addresses have none.
    if (isSpecial(hi, lo, this.htSpan)) return false;
    if (pasid >= 0 || table.read(rid, silent) !== 0) return false;
    const dte = table.out;
    if (dte[D_KIND] !== KIND_HOST) return false;
    const id = dte[D_ID] as number;
    if (hosts.search(dte[D_ROOT] as number, dte[D_LEVELS] as number, id, hi, lo, FOR_ITSELF) !== 0)
      return false;
    const perms = hosts.out[LEAF_PERMS] as number;
    const had = dte[D_HAD] as number;
    if (had !== 0 && !hosts.mark(false)) return false;
    const ready = (had & HAD_DIRTY) !== 0 && !hosts.isDirty ? perms & READ : perms;
    const flags =
      ready | READY_USER | (perms << GRANT_SHIFT) | untranslatedOnly(hosts.out[LEAF_HI] as number);
    state.iotlb.fill(id, HOST_HIGH, hi, lo, hosts.out, flags, 0);
    return true;
  }

  /** A walk that found nothing: kept where the unit keeps absent entries. */
  private missing(
    outcome: number,
    at: number,
    id: number,
    high: number,
    nested: number,
    problem: number,
    failedPa: number,
  ): TranslateStatus {
    const { state, request } = this;
    if (outcome === NOT_PRESENT && state.config.npCache)
      state.iotlb.fill(id, high, request.hi, request.lo, NOTHING, ABSENT | nested, 0);
    return this.refuse(outcome, at, problem, failedPa);
  }

  private refuse(outcome: number, at: number, problem: number, failedPa: number): TranslateStatus {
    const { report } = this;
    switch (outcome) {
      case HARDWARE:
        return report.failHardware(PAGE_TAB_HARDWARE_ERROR, problem << EVENT_TYPE_SHIFT, at, failedPa);
      case RESERVED_BIT:
        return report.fail(IO_PAGE_FAULT, EVENT_PR | EVENT_RZ, at);
      case BAD_LEVEL:
        return report.fail(IO_PAGE_FAULT, EVENT_PR, at);
      case HOST_DENIES:
        return this.denied(at);
      case NOT_PRESENT:
      case BEYOND_WIDTH:
        return report.fail(IO_PAGE_FAULT, 0, at);
      default:
        return FAULTED;
    }
  }

  /** V = 0 means that nothing is there: such entries are kept only where absent ones are. */
  private keepDevice(valid = true): number {
    const { state, request, table } = this;
    const { dtes, config } = state;
    const keeps = valid && (table.out[D_KIND] !== KIND_FORWARD || config.npCache);
    const at = keeps ? dtes.claim(request.rid | DTE_VALID, 0, 0) : dtes.aside();
    for (let n = D_KIND; n < DTE_WORDS; n++) dtes.entries[at + n] = table.out[n] as number;
    if (keeps && state.trace.on && dtes.shape.sets > 0) this.report.cache('dte', 'fill', request.rid);
    return at;
  }

  private tellFill(id: number, high: number, size: number): void {
    const { iotlb } = this.state;
    const { hi, lo, pasid } = this.request;
    if (iotlb.sets === 0) return;
    const gone = iotlb.victim(id, high, hi, lo, size);
    if (gone !== null)
      this.report.translation(
        'evict',
        (gone.domain << 16) | (gone.pasid < 0 ? 0 : 1 << 15),
        gone.pasid,
        gone.iovaHi,
        gone.iovaLo,
      );
    this.report.translation('fill', id, pasid, hi, lo);
  }
}

const untranslatedOnly = (leafHi: number): number => ((leafHi & V1_U) !== 0 ? UNTRANSLATED_ONLY : 0);
