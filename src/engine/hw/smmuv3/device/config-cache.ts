import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from '../../common/cache-shape';

/** The first words of every entry: StreamID + 1 (0: empty), and SubstreamID (0 in a cache of stream table entries). */
export const TAG_SID = 0;
export const TAG_SSID = 1;

/**
 * Cached configuration: stream table entries by StreamID, or context descriptors by StreamID and SubstreamID.
 *
 * Spec: section 16.2 "Caching"; section 4.3 "Configuration structure invalidation"
 *
 * Only valid structures are cached. The document leaves replacement open: an empty way first, then the ways in turn. A
 * unit without the cache keeps one entry behind the others, for the transaction under way.
 */
export class ConfigCache {
  /** All entries, decoded; one more than sets × ways. */
  readonly entries: Int32Array;
  private readonly setMask: number;
  private readonly turn: Int32Array;
  /** Index of the last hit: a device's requests come in rows. */
  private last = 0;

  constructor(
    readonly shape: CacheShape,
    private readonly entryWords: number,
    /** Something is cached that was not, or is no longer. */
    private readonly changed: () => void,
  ) {
    invariant(cacheShapeProblem(shape) === null, 'configuration cache: sets and ways');
    this.setMask = shape.sets - 1;
    this.entries = new Int32Array((shape.sets * shape.ways + 1) * entryWords);
    this.turn = new Int32Array(shape.sets);
  }

  /** Index of an entry in `entries`, or -1. */
  find(sid: number, ssid: number): number {
    const { entries, last } = this;
    const tag = sid + 1;
    if (entries[last] === tag && entries[last + TAG_SSID] === ssid) return last;
    return this.probe(tag, ssid);
  }

  /** Enters a decoded structure and returns its index. */
  fill(sid: number, ssid: number, decoded: Int32Array): number {
    this.changed();
    const at = this.place(sid, ssid);
    this.entries.set(decoded, at);
    if (this.shape.sets === 0) return at;
    this.entries[at + TAG_SID] = sid + 1;
    this.entries[at + TAG_SSID] = ssid;
    return at;
  }

  dropAll(): number {
    return this.dropWhere(() => true);
  }

  dropStreams(first: number, last: number): number {
    return this.dropWhere((at) => {
      const sid = (this.entries[at] as number) - 1;
      return sid >= first && sid <= last;
    });
  }

  dropSubstream(sid: number, ssid: number): number {
    return this.dropWhere((at) => this.entries[at] === sid + 1 && this.entries[at + TAG_SSID] === ssid);
  }

  /** Indices of the valid entries, with their places. */
  list(): readonly { readonly at: number; readonly set: number; readonly way: number }[] {
    const found: { readonly at: number; readonly set: number; readonly way: number }[] = [];
    const { ways } = this.shape;
    for (let n = 0; n < this.shape.sets * ways; n++) {
      const at = n * this.entryWords;
      if (this.entries[at] !== 0) found.push({ at, set: Math.floor(n / ways), way: n % ways });
    }
    return found;
  }

  private probe(tag: number, ssid: number): number {
    const { entries, entryWords } = this;
    if (this.shape.sets === 0) return -1;
    const base = this.setOf(tag - 1, ssid) * this.shape.ways * entryWords;
    const end = base + this.shape.ways * entryWords;
    for (let at = base; at < end; at += entryWords) {
      if (entries[at] === tag && entries[at + TAG_SSID] === ssid) return (this.last = at);
    }
    return -1;
  }

  /** An empty way of the entry's set, or the one whose turn it is. */
  private place(sid: number, ssid: number): number {
    const { entryWords, shape } = this;
    if (shape.sets === 0) return 0;
    const set = this.setOf(sid, ssid);
    const base = set * shape.ways * entryWords;
    for (let way = 0; way < shape.ways; way++) {
      if (this.entries[base + way * entryWords] === 0) return base + way * entryWords;
    }
    const way = this.turn[set] as number;
    this.turn[set] = (way + 1) % shape.ways;
    return base + way * entryWords;
  }

  private setOf(sid: number, ssid: number): number {
    // Most functions are number 0 of their device: the low three bits alone would crowd one set.
    return (sid ^ (sid >>> 3) ^ (sid >>> 8) ^ ssid) & this.setMask;
  }

  private dropWhere(matches: (at: number) => boolean): number {
    this.changed();
    let dropped = 0;
    for (const { at } of this.list()) {
      if (!matches(at)) continue;
      this.entries[at] = 0;
      dropped++;
    }
    return dropped;
  }
}
