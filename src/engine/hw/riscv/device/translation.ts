import { hex, join } from '../../../../lib/u64';
import type { CacheEvent } from '../../../trace/event';
import type { Trace } from '../../../trace/trace';
import { cacheWording } from '../../../trace/wording';
import { formatBdf } from '../../common/bdf';
import {
  ATS_GLOBAL,
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  ATS_TRANSLATED,
  ATS_UNTRANSLATED_ONLY,
  BYPASSED,
  COMPLETER_ABORT,
  COMPLETION,
  EXECUTE,
  FAULTED,
  INTERRUPT,
  LEAF_LEVEL,
  LEAF_PERMS,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  REASON,
  TRANSLATED,
  UNSUPPORTED_REQUEST,
  WALKED,
  WRITE,
  type Access,
  type TranslateStatus,
} from '../../port';
import {
  ALL_INBOUND_DISALLOWED,
  causeName,
  INSTRUCTION_ACCESS_FAULT,
  INSTRUCTION_GUEST_PAGE_FAULT,
  INSTRUCTION_PAGE_FAULT,
  MSI_PTE_NOT_VALID,
  PAGE_TABLE_CORRUPT,
  PDT_NOT_VALID,
  READ_ACCESS_FAULT,
  READ_GUEST_PAGE_FAULT,
  READ_PAGE_FAULT,
  recordedDespiteDtf,
  TRANSACTION_DISALLOWED,
  TTYP_ATS_REQUEST,
  TTYP_TRANSLATED_READ,
  TTYP_UNTRANSLATED_READ,
  WRITE_ACCESS_FAULT,
  WRITE_GUEST_PAGE_FAULT,
  WRITE_PAGE_FAULT,
} from '../reasons';
import {
  DDTP,
  DDTP_BARE,
  DDTP_MODE_MASK,
  DDTP_OFF,
  EVENT_ATS_REQUEST,
  EVENT_TLB_MISS,
  EVENT_TRANSLATED,
  EVENT_UNTRANSLATED,
} from '../regs';
import { PTE_D, PTE_R, PTE_W, PTE_X, TC_DTF, TC_EN_ATS, TC_PDTV, TC_T2GPA } from '../structs';
import { DeviceDirectory } from './ddt';
import { FirstStage } from './first-stage';
import { TLB_GLOBAL, TLB_MSI, TLB_PBMT, type CachedTranslation } from './iotlb';
import { storeMessage } from './mrif';
import { MsiTables } from './msi';
import { cachedPermissions, grantsOf, PERMS_SUM, PERMS_SUPERVISOR } from './permissions';
import { PDT_GUEST_FAULT, ProcessDirectory } from './pdt';
import {
  BARE_ENTRY,
  SecondStage,
  STAGE_ACCESS_FAULT,
  STAGE_CORRUPT,
  STAGE_GUEST_FAULT,
  STAGE_OK,
  STAGE_PAGE_FAULT,
  type StageOutcome,
} from './second-stage';
import type { Service } from './service';
import { ServiceFinder } from './service-finder';
import type { UnitState } from './unit';

/** Slots of the result beyond those of every vendor: what the I/O bridge is told besides. */
export const OUT_PBMT = 8;
export const OUT_MSI = 9;
/** Of OUT_MSI: the address is that of an interrupt file, and that of one in memory. */
export const MSI_FILE = 1;
export const MSI_MRIF = 2;
export const OUT_MRIF_HI = 10;
export const OUT_MRIF_LO = 11;
export const OUT_MRIF_NID = 12;
export const OUT_IOTVAL2_HI = 13;
export const OUT_IOTVAL2_LO = 14;
export const OUT_CXL_IO = 15;
export const OUT_WORDS = 16;

/** Of enter(): the address space is known, and the answer is still to be found. */
export const SPACE_FOUND = -1;

/** Of the request: it comes from a CXL device; it comes from the debug registers. */
export const FROM_CXL = 1;
export const FOR_DEBUG = 2;

/**
 * The process to translate an IOVA, as the document has it, step by step.
 *
 * Spec: section "Process to translate an IOVA", "PCIe ATS translation request handling"
 */
export class Translation {
  readonly out = new Int32Array(OUT_WORDS);
  readonly directory: DeviceDirectory;
  readonly second: SecondStage;
  readonly first: FirstStage;
  readonly processes: ProcessDirectory;
  readonly msi: MsiTables;
  private readonly finder: ServiceFinder;
  /** The request: what kind it is, and what it asks for. */
  private access: Access = 0;
  private need: Access = 0;
  private ats = false;
  private translated = false;
  private supervisor = false;
  private rid = 0;
  private pasid = -1;
  private hi = 0;
  private lo = 0;
  private extra = 0;
  private dtf = false;

  constructor(
    private readonly unit: UnitState,
    /** Silent for looking without being seen. */
    private readonly trace: Trace,
    private readonly service: Service,
  ) {
    this.directory = new DeviceDirectory(unit, trace);
    this.second = new SecondStage(unit, trace);
    this.first = new FirstStage(unit, this.second, trace);
    this.processes = new ProcessDirectory(unit, this.second, trace);
    this.msi = new MsiTables(unit, trace);
    this.finder = new ServiceFinder(unit, this.directory, this.processes);
  }

  /** One request; the answer, or the cause of a fault, is in `out`. */
  request(rid: number, hi: number, lo: number, access: Access, pasid: number, extra = 0): TranslateStatus {
    const status = this.enter(rid, hi, lo, access, pasid, extra);
    return status === SPACE_FOUND ? this.inSpace() : status;
  }

  /** Steps 1 to 16: the answer where the request comes no further, and SPACE_FOUND where it does. */
  enter(
    rid: number,
    hi: number,
    lo: number,
    access: Access,
    pasid: number,
    extra = 0,
  ): TranslateStatus | typeof SPACE_FOUND {
    const { unit, service } = this;
    this.take(rid, hi, lo, access, pasid, extra);
    this.identify();
    unit.counters.count(
      this.ats ? EVENT_ATS_REQUEST : this.translated ? EVENT_TRANSLATED : EVENT_UNTRANSLATED,
      service,
    );
    const mode = unit.reg(DDTP) & DDTP_MODE_MASK;
    if (mode === DDTP_OFF) return this.refuse(ALL_INBOUND_DISALLOWED);
    if (mode === DDTP_BARE) {
      return this.ats || this.translated ? this.refuse(TRANSACTION_DISALLOWED) : this.pass();
    }
    if (!this.directory.reaches(rid)) return this.refuse(TRANSACTION_DISALLOWED);
    const dc = this.directory.locate(rid, service);
    if (dc < 0) return this.refuse(this.directory.cause);
    const tc = unit.contexts.dcs[dc] as number;
    this.dtf = (tc & TC_DTF) !== 0;
    if ((this.ats || this.translated) && (tc & TC_EN_ATS) === 0) return this.refuse(TRANSACTION_DISALLOWED);
    if (pasid >= 0 && ((tc & TC_PDTV) === 0 || this.finder.tooWide(dc, pasid))) {
      return this.refuse(TRANSACTION_DISALLOWED);
    }
    if (this.translated && (tc & TC_T2GPA) === 0) return this.pass();
    const cause = this.finder.find(service, dc, rid, pasid, this.supervisor, this.translated);
    if (cause === PDT_GUEST_FAULT) {
      return this.refuse(this.guestPageFault(), this.processes.faultHi, this.processes.faultLo);
    }
    if (cause !== 0) return this.refuse(cause);
    this.remember(dc);
    return SPACE_FOUND;
  }

  /**
   * Steps 17 to 20 of a plain request whose address space enter() found, for this request or an earlier one. Finding it
   * again would not be the same: what the search itself cached, and dropped from the caches, would count by then.
   */
  resume(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    this.take(rid, hi, lo, access, pasid, 0);
    this.dtf = (this.service.tc & TC_DTF) !== 0;
    return this.inSpace();
  }

  /** Finds out how the plain requests of a device are translated. False: something is in the way, and request() says what. */
  look(rid: number, pasid: number): boolean {
    const { unit, directory, service } = this;
    this.take(rid, 0, 0, READ, pasid, 0);
    this.identify();
    if (!directory.reaches(rid)) return false;
    const dc = directory.locate(rid, service);
    if (dc < 0) return false;
    const tc = unit.contexts.dcs[dc] as number;
    if (pasid >= 0 && ((tc & TC_PDTV) === 0 || this.finder.tooWide(dc, pasid))) return false;
    return this.finder.find(service, dc, rid, pasid, false, false) === 0;
  }

  /** After look(): whether the tables still say what a cached translation does. */
  agrees(entry: CachedTranslation): boolean {
    const { first, second, service: s, msi } = this;
    const vpn = (entry.iovaHi >>> 0) * 0x10_0000 + (entry.iovaLo >>> 12);
    const paPfn = (entry.paHi >>> 0) * 0x10_0000 + (entry.paLo >>> 12);
    if (first.walk(s, vpn, 0, entry.perms % 8 === 0, false) !== STAGE_OK) return false;
    const isMessage = s.msi && msi.matches(s.dc, first.gpfn);
    if (isMessage !== entry.msi) return false;
    if (isMessage) return msi.translate(s.dc, first.gpfn) === 0 && !msi.mrif && msi.pfn === paPfn;
    if (second.walk(s, first.gpfn, 0, false, false) !== STAGE_OK || second.pfn !== paPfn) return false;
    const now = cachedPermissions(first.leafLo, second.leafLo, s.firstLevels === 0);
    return now === entry.perms && Math.min(first.sizeLg2, second.sizeLg2) >= entry.sizeLg2;
  }

  /** After look(): what the tables say of an address that is cached; null: nothing. Interrupt files are told apart elsewhere. */
  answerNow({ iovaHi, iovaLo }: CachedTranslation): { pfn: number; sizeLg2: number; perms: number } | null {
    const { first, second, service: s } = this;
    const vpn = (iovaHi >>> 0) * 0x10_0000 + (iovaLo >>> 12);
    if (first.walk(s, vpn, 0, false, false) !== STAGE_OK) return null;
    if (second.walk(s, first.gpfn, 0, false, false) !== STAGE_OK) return null;
    const perms = cachedPermissions(first.leafLo, second.leafLo, s.firstLevels === 0);
    return { pfn: second.pfn, sizeLg2: Math.min(first.sizeLg2, second.sizeLg2), perms };
  }

  /** After look(): the frame of the table that holds the leaf entry of an address; -1: there is none. */
  lastTableOf(stage: 1 | 2, vpn: number): number {
    return stage === 1 ? this.first.tableOf(this.service, vpn) : this.second.tableOf(this.service, vpn);
  }

  /** The frame of the table that cached contexts lead to; null: of none. */
  rootOf(dc: number, rid: number, pasid: number): number | null {
    return this.finder.rootOf(dc, rid, pasid);
  }

  /** A cached device context in a phrase. */
  summaryOf(dc: number): string {
    return this.finder.summaryOf(dc);
  }

  /** The next plain request of the same kind need not look its contexts up: they are cached, and nothing watches. */
  private remember(dc: number): void {
    const { counters, contexts } = this.unit;
    if (this.ats || this.translated || counters.active || contexts.ddtSets === 0) return;
    if (((contexts.dcs[dc] as number) & TC_PDTV) === 0 || contexts.pdtSets > 0) this.service.rid = this.rid;
  }

  /** Takes the request apart. */
  private take(rid: number, hi: number, lo: number, access: Access, pasid: number, extra: number): void {
    this.rid = rid;
    this.pasid = pasid;
    this.hi = hi;
    this.lo = lo;
    this.access = access;
    this.extra = extra;
    this.ats = (access & ATS_REQUEST) !== 0;
    this.translated = (access & ATS_TRANSLATED) !== 0;
    this.supervisor = pasid >= 0 && (access & PRIVILEGED) !== 0;
    this.dtf = false;
    this.need = this.needs();
    this.out.fill(0);
    this.out[ATS_SIZE_LG2] = 12;
  }

  /** The permissions that the request stands for. */
  private needs(): Access {
    const asked = this.access & (READ | WRITE | EXECUTE);
    // Reads for execution need no read permission, and writes do not execute.
    if (!this.ats && !this.translated) {
      if ((asked & WRITE) !== 0) return asked & ~EXECUTE;
      return (asked & EXECUTE) !== 0 ? EXECUTE : READ;
    }
    const execute = (asked & EXECUTE) !== 0 && this.pasid >= 0;
    if (this.translated) return (asked & WRITE) !== 0 ? WRITE : READ | (execute ? EXECUTE : 0);
    return (asked & (READ | WRITE)) | (execute ? EXECUTE : 0);
  }

  /** For events before any context is known. */
  private identify(): void {
    const { service } = this;
    service.forget();
    service.pasid = this.pasid;
    service.did = this.rid;
    service.pid = this.pasid;
    service.gscid = -1;
    service.pscid = -1;
  }

  /** Steps 17 to 19: the address space is known. */
  private inSpace(): TranslateStatus {
    const { unit, service: s, ats } = this;
    const bare = s.firstLevels === 0 && s.secondLevels === 0;
    const cached =
      ats || bare || unit.iotlb.sets === 0 ? -1 : unit.iotlb.find(s.spaceA, s.spaceB, this.hi, this.lo);
    if (cached >= 0) {
      const usable = this.usable(cached);
      if (this.trace.on) this.traceIotlb(usable ? 'hit' : 'miss');
      if (usable) return this.hit(cached);
      // The tables may grant more by now, or have to be marked dirty.
      unit.iotlb.drop(cached);
    } else if (this.trace.on && !ats && !bare && unit.iotlb.sets > 0) this.traceIotlb('miss');
    unit.counters.count(EVENT_TLB_MISS, s);
    return this.walk();
  }

  private usable(at: number): boolean {
    const shift = !this.supervisor ? 0 : this.service.sum ? PERMS_SUM : PERMS_SUPERVISOR;
    return ((this.unit.iotlb.perms(at) >>> shift) & this.need) === this.need;
  }

  private hit(at: number): TranslateStatus {
    const { out } = this;
    const { iotlb } = this.unit;
    const flags = iotlb.flags(at);
    out[PA_LO] = iotlb.paLo(at, this.lo);
    out[PA_HI] = iotlb.paHi(at);
    out[ATS_SIZE_LG2] = iotlb.sizeLg2(at);
    out[OUT_PBMT] = flags & TLB_PBMT;
    out[OUT_MSI] = (flags & TLB_MSI) !== 0 ? MSI_FILE : 0;
    return TRANSLATED;
  }

  private walk(): TranslateStatus {
    const { service: s, first, second, ats } = this;
    const vpn = (this.hi >>> 0) * 0x10_0000 + (this.lo >>> 12);
    const found = first.walk(s, vpn, this.need, this.supervisor, !ats);
    if (found !== STAGE_OK) return this.refuseStage(found);
    if (s.msi && this.msi.matches(s.dc, first.gpfn)) return this.message();
    const outcome = second.walk(s, first.gpfn, this.need, false, !ats);
    if (outcome === STAGE_PAGE_FAULT) {
      const gpa = BigInt(first.gpfn) * 4096n + BigInt(this.lo & 0xffc);
      return this.refuse(
        this.guestPageFault(),
        Number(BigInt.asIntN(32, gpa >> 32n)),
        Number(BigInt.asIntN(32, gpa)),
      );
    }
    if (outcome !== STAGE_OK) return this.refuseStage(outcome);
    first.remember(s, vpn);
    const secondLg2 = s.msi ? this.msi.clearOfFiles(s.dc, first.gpfn, second.sizeLg2) : second.sizeLg2;
    const pbmt = first.pbmt !== 0 ? first.pbmt : second.pbmt;
    return this.answer(second.pfn, second.leafLo, Math.min(first.sizeLg2, secondLg2), pbmt, 0);
  }

  /** The guest physical address is that of an interrupt file. */
  private message(): TranslateStatus {
    const { out, msi, first, service: s } = this;
    const cause = msi.translate(s.dc, first.gpfn);
    if (cause !== 0) return this.refuse(cause);
    if ((this.need & EXECUTE) !== 0 && !this.ats) return this.refuse(INSTRUCTION_ACCESS_FAULT);
    if (!msi.mrif) return this.answer(msi.pfn, BARE_ENTRY & ~PTE_X, 12, first.pbmt, MSI_FILE);
    if ((this.extra & FOR_DEBUG) !== 0) return this.refuse(TRANSACTION_DISALLOWED);
    out[OUT_MRIF_HI] = Math.floor(msi.mrifPfn / 0x10_0000);
    out[OUT_MRIF_LO] = ((msi.mrifPfn % 0x10_0000) << 12) | msi.mrifOffset;
    out[OUT_MRIF_NID] = msi.nid;
    this.answer(msi.pfn, BARE_ENTRY & ~PTE_X, 12, first.pbmt, MSI_FILE | MSI_MRIF);
    return this.ats ? WALKED : INTERRUPT;
  }

  /** Stores a message where the last request was told that it goes. */
  deliver(inPage: number, data: Uint8Array): boolean {
    const { out, unit, msi } = this;
    if (((out[OUT_MSI] as number) & MSI_MRIF) === 0) return false;
    const target = { pfn: msi.mrifPfn, offset: msi.mrifOffset, noticePfn: msi.pfn, nid: msi.nid };
    const cause = storeMessage(unit, target, inPage, data);
    if (cause !== 0) this.refuse(cause);
    return cause === 0;
  }

  /** Step 20. `leafLo`: what the second stage grants. */
  private answer(pfn: number, leafLo: number, sizeLg2: number, pbmt: number, msi: number): TranslateStatus {
    const { out, service: s, first } = this;
    const returned = this.ats && (s.tc & TC_T2GPA) !== 0 && msi !== (MSI_FILE | MSI_MRIF) ? first.gpfn : pfn;
    out[PA_HI] = Math.floor(returned / 0x10_0000);
    out[PA_LO] = ((returned % 0x10_0000) << 12) | (msi === (MSI_FILE | MSI_MRIF) ? 0 : this.lo & 0xfff);
    // What the second stage was asked last is no part of a message's way.
    const below = msi === 0 ? Math.max(0, this.second.level) : 0;
    out[LEAF_LEVEL] = first.level >= 0 ? first.level : below;
    out[LEAF_PERMS] = grantsOf(first.leafLo & leafLo);
    out[ATS_SIZE_LG2] = sizeLg2;
    out[OUT_PBMT] = pbmt;
    out[OUT_MSI] = msi;
    if (this.ats) {
      this.grant(leafLo, pbmt, msi);
      return WALKED;
    }
    if ((msi & MSI_MRIF) === 0) this.fill(leafLo, sizeLg2, pbmt, msi);
    return s.firstLevels === 0 && s.secondLevels === 0 ? BYPASSED : WALKED;
  }

  /** Permissions and attributes of the answer to an ATS request. */
  private grant(leafLo: number, pbmt: number, msi: number): void {
    const { out, first, service: s } = this;
    const both = first.leafLo & leafLo;
    const read = (both & PTE_R) !== 0;
    const execute = read && (both & PTE_X) !== 0 && (this.access & EXECUTE) !== 0;
    // Without D the device may not write: it asks again, and then it is marked.
    const write = (both & PTE_W) !== 0 && (both & PTE_D) !== 0;
    const global = this.pasid >= 0 && msi === 0 && first.global;
    out[ATS_GRANTS] =
      (read ? READ : 0) |
      (write ? WRITE : 0) |
      (execute ? EXECUTE : 0) |
      (global ? ATS_GLOBAL : 0) |
      ((msi & MSI_MRIF) !== 0 ? ATS_UNTRANSLATED_ONLY : 0) |
      (this.supervisor ? PRIVILEGED : 0);
    const uncached = pbmt !== 0 || msi !== 0 || (s.tc & TC_T2GPA) !== 0;
    out[OUT_CXL_IO] = (this.extra & FROM_CXL) !== 0 && uncached ? 1 : 0;
  }

  private fill(leafLo: number, sizeLg2: number, pbmt: number, msi: number): void {
    const { unit, service: s, first } = this;
    if (unit.iotlb.sets === 0 || (s.firstLevels === 0 && s.secondLevels === 0)) return;
    if (this.trace.on) {
      const gone = unit.iotlb.victim(this.hi, this.lo, sizeLg2);
      if (gone !== null) this.traceIotlb('evict', gone.gscid, gone.pscid, gone.iovaHi, gone.iovaLo);
      this.traceIotlb('fill');
    }
    const { out } = this;
    const flags = pbmt | (s.firstLevels > 0 && first.global ? TLB_GLOBAL : 0) | (msi !== 0 ? TLB_MSI : 0);
    const perms = cachedPermissions(first.leafLo, leafLo, s.firstLevels === 0);
    unit.iotlb.fill(s, this.hi, this.lo, sizeLg2, out[PA_HI] as number, out[PA_LO] as number, flags, perms);
  }

  /** Nothing to translate: the address goes out as it came. */
  private pass(): TranslateStatus {
    this.out[PA_HI] = this.hi;
    this.out[PA_LO] = this.lo;
    return BYPASSED;
  }

  private refuseStage(outcome: StageOutcome): TranslateStatus {
    const { first } = this;
    if (outcome === STAGE_CORRUPT) return this.refuse(PAGE_TABLE_CORRUPT);
    if (outcome === STAGE_ACCESS_FAULT) {
      return this.refuse(this.byKind(INSTRUCTION_ACCESS_FAULT, READ_ACCESS_FAULT, WRITE_ACCESS_FAULT));
    }
    if (outcome !== STAGE_GUEST_FAULT) {
      return this.refuse(this.byKind(INSTRUCTION_PAGE_FAULT, READ_PAGE_FAULT, WRITE_PAGE_FAULT));
    }
    // The document lets iotval2[11:2] be 0: the table's address is told, not the entry's.
    const hi = Math.floor(first.faultFrame / 0x10_0000);
    return this.refuse(this.guestPageFault(), hi, ((first.faultFrame % 0x10_0000) << 12) | first.faultBits);
  }

  private guestPageFault(): number {
    return this.byKind(INSTRUCTION_GUEST_PAGE_FAULT, READ_GUEST_PAGE_FAULT, WRITE_GUEST_PAGE_FAULT);
  }

  private byKind(execute: number, read: number, write: number): number {
    if ((this.need & EXECUTE) !== 0) return execute;
    // Of requests that read and write at once: those of the ATS say read, atomic operations write.
    const writes = (this.need & WRITE) !== 0 && ((this.need & READ) === 0 || !this.ats);
    return writes ? write : read;
  }

  /** The process stops with a fault: recorded, or answered without permissions. */
  private refuse(cause: number, hi2 = 0, lo2 = 0): TranslateStatus {
    const { out, unit } = this;
    out[REASON] = cause;
    out[OUT_IOTVAL2_HI] = hi2;
    out[OUT_IOTVAL2_LO] = lo2;
    if (this.ats && isDenial(cause)) {
      out[ATS_GRANTS] = this.supervisor ? PRIVILEGED : 0;
      const forwards = (this.service.tc & TC_T2GPA) !== 0;
      out[OUT_CXL_IO] = (this.extra & FROM_CXL) !== 0 && forwards ? 1 : 0;
      return WALKED;
    }
    out[COMPLETION] = this.ats && !isUnsupported(cause) ? COMPLETER_ABORT : UNSUPPORTED_REQUEST;
    const report = !this.dtf || recordedDespiteDtf(cause);
    if (this.trace.on) this.traceFault(cause, report && unit.faults.hasRoom(), hi2, lo2);
    if (report) {
      const privileged = (this.access & PRIVILEGED) !== 0;
      unit.faults
        .blame(this.rid, this.pasid, privileged)
        .record(cause, this.transactionType(), this.hi, this.lo, hi2, lo2);
    }
    return FAULTED;
  }

  private transactionType(): number {
    if (this.ats) return TTYP_ATS_REQUEST;
    const base = this.translated ? TTYP_TRANSLATED_READ : TTYP_UNTRANSLATED_READ;
    if ((this.need & WRITE) !== 0) return base + 1;
    return (this.need & EXECUTE) !== 0 ? base - 1 : base;
  }

  private traceFault(cause: number, recorded: boolean, hi2: number, lo2: number): void {
    const { config } = this.unit;
    const iova = join(this.hi, this.lo);
    const pid = this.pasid < 0 ? 0n : (BigInt(this.pasid) << 12n) | (1n << 32n);
    const privileged = this.supervisor ? 1n << 33n : 0n;
    const type = BigInt(this.transactionType()) << 34n;
    const header = BigInt(cause) | pid | privileged | type | (BigInt(this.rid) << 40n);
    this.trace.emit({
      kind: 'fault',
      unit: config.unit,
      device: formatBdf(config.segment, this.rid),
      access: (this.need & WRITE) !== 0 ? 'write' : 'read',
      ...(this.pasid >= 0 ? { pasid: this.pasid } : {}),
      iova,
      reason: cause,
      name: causeName(cause),
      recorded,
      ...(recorded ? { words: [header, 0n, iova, join(hi2, lo2)] } : {}),
    });
  }

  /** Of the device that was served last: its context is cached, and so is the page. */
  tellHit(hi: number, lo: number): void {
    const { did, gscid, pscid } = this.service;
    this.directory.emitCache('hit', did);
    this.traceIotlb('hit', gscid, pscid, hi, lo);
  }

  private traceIotlb(
    op: CacheEvent['op'],
    gscid = this.service.gscid,
    pscid = this.service.pscid,
    hi = this.hi,
    lo = this.lo,
  ): void {
    this.trace.note(ofIotlb, this.unit.config.unit, op, gscid, pscid, hi, lo);
  }
}

const ofIotlb = cacheWording('iotlb', (gscid, pscid, hi, lo) => {
  const guest = gscid < 0 ? '' : `GSCID ${gscid} `;
  const process = pscid < 0 ? '' : `PSCID ${pscid} `;
  return `${guest}${process}iova ${hex(join(hi, lo & ~0xfff))}`;
});

/** An ATS request that ends so is answered with success and without permissions. Spec: "PCIe ATS translation request handling" */
const isDenial = (cause: number): boolean =>
  (cause >= INSTRUCTION_PAGE_FAULT && cause <= WRITE_GUEST_PAGE_FAULT) ||
  cause === PDT_NOT_VALID ||
  cause === MSI_PTE_NOT_VALID;

const isUnsupported = (cause: number): boolean => cause >= 256 && cause <= 260;
