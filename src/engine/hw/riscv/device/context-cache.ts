import type { CacheShape } from '../../common/cache-shape';
import { ATP_MODE_SHIFT } from '../structs';

/** Words of a cached device context: as it is in memory, 64 bytes. */
const DC_WORDS = 16;
/** Words that count where addresses of interrupt files are told apart: the root, mask and pattern. */
const ONLY_MSI = [8, 10, 11, 12, 13] as const;
const DC_SHIFT = 4;
/** Of a cached process context: the context itself, 16 bytes, and who it belongs to. */
export const PC_WORDS = 8;
const PC_DID = 4;
const PC_PID = 5;
const VALID = 1 << 24;
/** Ways that a look-up compares in one go. */
const AT_ONCE = 4;

export interface CachedContext {
  readonly set: number;
  readonly way: number;
  readonly did: number;
  /** -1: a device context. */
  readonly pid: number;
  /** Index of its first word. */
  readonly at: number;
}

/**
 * Cached device contexts, by device_id, and process contexts, by device_id and process_id.
 *
 * Spec: section "Caching in-memory data structures"
 *
 * Only valid ones that passed every check are in it. An empty way goes first, then the ways in turn.
 */
export class ContextCache {
  /** Words of device contexts and of process contexts; behind the last entry is the place for one that is not cached. */
  readonly dcs: Int32Array;
  readonly pcs: Int32Array;
  /** Tags of device contexts, by way; behind them as many empty ones as a look-up may see beyond the last set. */
  private readonly tags: Int32Array;
  readonly ddtSets: number;
  readonly ddtWays: number;
  readonly pdtSets: number;
  readonly pdtWays: number;
  private readonly ddtTurn: Int32Array;
  /** Device contexts that would find an empty way somewhere. */
  private ddtHoles: number;
  private readonly pdtTurn: Int32Array;

  constructor(ddt: CacheShape, pdt: CacheShape) {
    this.ddtSets = ddt.sets;
    this.ddtWays = ddt.sets === 0 ? 0 : ddt.ways;
    this.pdtSets = pdt.sets;
    this.pdtWays = pdt.sets === 0 ? 0 : pdt.ways;
    this.dcs = new Int32Array((this.ddtSets * this.ddtWays + 1) * DC_WORDS);
    this.tags = new Int32Array(this.ddtSets * this.ddtWays + AT_ONCE);
    this.pcs = new Int32Array((this.pdtSets * this.pdtWays + 1) * PC_WORDS);
    this.ddtTurn = new Int32Array(this.ddtSets);
    this.ddtHoles = this.ddtSets * this.ddtWays;
    this.pdtTurn = new Int32Array(this.pdtSets);
  }

  /** Index in `dcs` of a device's context, or -1. */
  findDevice(did: number): number {
    const { tags } = this;
    const tag = did | VALID;
    const first = (did & (this.ddtSets - 1)) * this.ddtWays;
    const end = first + this.ddtWays;
    // Four ways at a time: beyond the set there may be any other device, but not this one.
    for (let n = first; n < end; n += AT_ONCE) {
      if (tags[n] === tag || tags[n + 1] === tag || tags[n + 2] === tag || tags[n + 3] === tag) {
        let way = n;
        while (tags[way] !== tag) way++;
        return way << DC_SHIFT;
      }
    }
    return -1;
  }

  /**
   * Enters a device context, the words from `from` on, and returns its index. `extended`: of 64 bytes. What its modes make
   * meaningless is left out.
   */
  fillDevice(did: number, words: Int32Array, from: number, extended: boolean): number {
    const { dcs } = this;
    const at = this.claimDevice(did);
    const iohgatp = words[from + 3] as number;
    const msiptp = extended ? (words[from + 9] as number) : 0;
    dcs[at] = words[from] as number;
    dcs[at + 3] = iohgatp;
    dcs[at + 4] = words[from + 4] as number;
    dcs[at + 6] = words[from + 6] as number;
    dcs[at + 7] = words[from + 7] as number;
    dcs[at + 9] = msiptp;
    if ((iohgatp | msiptp) >>> ATP_MODE_SHIFT === 0) return at;
    dcs[at + 2] = words[from + 2] as number;
    if (extended) for (const n of ONLY_MSI) dcs[at + n] = words[from + n] as number;
    return at;
  }

  /** fillDevice() of a context whose iohgatp and msiptp are 0. */
  fillPlain(did: number, tc: number, ta: number, fscHi: number, fscLo: number): void {
    const { dcs } = this;
    const at = this.claimDevice(did);
    dcs[at] = tc;
    dcs[at + 3] = 0;
    dcs[at + 4] = ta;
    dcs[at + 6] = fscLo;
    dcs[at + 7] = fscHi;
    dcs[at + 9] = 0;
  }

  /** Whether a cached device context means the same as the words from `from` on. */
  sameDevice(at: number, words: Int32Array, from: number, extended: boolean): boolean {
    const { dcs } = this;
    const same = (n: number): boolean => dcs[at + n] === words[from + n];
    const mode = (n: number): number => (dcs[at + n] as number) >>> ATP_MODE_SHIFT;
    if (![0, 3, 4, 6, 7].every(same) || (mode(3) !== 0 && !same(2))) return false;
    return !extended || (same(9) && (mode(9) === 0 || ONLY_MSI.every(same)));
  }

  findProcess(did: number, pid: number): number {
    const { pcs } = this;
    const first = this.processSet(did, pid) * this.pdtWays * PC_WORDS;
    for (let way = 0; way < this.pdtWays; way++) {
      const at = first + way * PC_WORDS;
      if (pcs[at + PC_DID] === did && pcs[at + PC_PID] === (pid | VALID)) return at;
    }
    return -1;
  }

  fillProcess(did: number, pid: number, words: Int32Array): number {
    const { pcs } = this;
    const at = this.claimProcess(did, pid);
    for (let n = 0; n < 4; n++) pcs[at + n] = words[n] as number;
    pcs[at + PC_DID] = did;
    pcs[at + PC_PID] = this.pdtSets === 0 ? 0 : pid | VALID;
    return at;
  }

  /** IODIR.INVAL_DDT. `did`: -1 for every device. Returns how many device and process contexts are gone. */
  invalidateDevice(did: number): number {
    let dropped = 0;
    for (let n = 0; n < this.tags.length; n++) {
      const tag = this.tags[n] as number;
      if (tag === 0 || (did >= 0 && tag !== (did | VALID))) continue;
      this.tags[n] = 0;
      this.ddtHoles++;
      dropped++;
    }
    return dropped + this.invalidateProcess(did, -1);
  }

  /** IODIR.INVAL_PDT. `pid`: -1 for every process. */
  invalidateProcess(did: number, pid: number): number {
    let dropped = 0;
    for (let at = 0; at < this.pcs.length; at += PC_WORDS) {
      const tag = this.pcs[at + PC_PID] as number;
      if (tag === 0 || (did >= 0 && this.pcs[at + PC_DID] !== did)) continue;
      if (pid >= 0 && tag !== (pid | VALID)) continue;
      this.pcs[at + PC_PID] = 0;
      dropped++;
    }
    return dropped;
  }

  listDevices(): readonly CachedContext[] {
    const found: CachedContext[] = [];
    for (let n = 0; n < this.ddtSets * this.ddtWays; n++) {
      const tag = this.tags[n] as number;
      if (tag === 0) continue;
      const set = Math.floor(n / this.ddtWays);
      found.push({ set, way: n % this.ddtWays, did: tag & ~VALID, pid: -1, at: n << DC_SHIFT });
    }
    return found;
  }

  listProcesses(): readonly CachedContext[] {
    const found: CachedContext[] = [];
    for (let n = 0; n < this.pdtSets * this.pdtWays; n++) {
      const at = n * PC_WORDS;
      const tag = this.pcs[at + PC_PID] as number;
      if (tag === 0) continue;
      const set = Math.floor(n / this.pdtWays);
      found.push({ set, way: n % this.pdtWays, did: this.pcs[at + PC_DID] as number, pid: tag & ~VALID, at });
    }
    return found;
  }

  private processSet(did: number, pid: number): number {
    return (did ^ pid) & (this.pdtSets - 1);
  }

  private claimDevice(did: number): number {
    if (this.ddtSets === 0) return 0;
    const set = did & (this.ddtSets - 1);
    const n = this.ddtHoles === 0 ? this.nextWay(set) : this.emptyWay(set);
    this.tags[n] = did | VALID;
    return n << DC_SHIFT;
  }

  /** The way of a set whose turn it is. */
  private nextWay(set: number): number {
    const { ddtTurn } = this;
    const turn = ddtTurn[set] as number;
    ddtTurn[set] = (turn + 1) & (this.ddtWays - 1);
    return set * this.ddtWays + turn;
  }

  /** An empty way of a set goes first, where it has one. */
  private emptyWay(set: number): number {
    const first = set * this.ddtWays;
    for (let n = first; n < first + this.ddtWays; n++) {
      if (this.tags[n] !== 0) continue;
      this.ddtHoles--;
      // Ways that an invalidation emptied are nobody's turn.
      return n - first === this.ddtTurn[set] ? this.nextWay(set) : n;
    }
    return this.nextWay(set);
  }

  private claimProcess(did: number, pid: number): number {
    if (this.pdtSets === 0) return 0;
    const set = this.processSet(did, pid);
    for (let way = 0; way < this.pdtWays; way++) {
      const at = (set * this.pdtWays + way) * PC_WORDS;
      if (this.pcs[at + PC_PID] === 0) return at;
    }
    const way = this.pdtTurn[set] as number;
    this.pdtTurn[set] = (way + 1) % this.pdtWays;
    return (set * this.pdtWays + way) * PC_WORDS;
  }
}
