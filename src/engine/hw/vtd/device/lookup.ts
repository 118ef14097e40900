import {
  CONTEXT_INVALID,
  CONTEXT_NOT_PRESENT,
  CONTEXT_RESERVED,
  PASID_INVALID,
  PASID_NOT_PRESENT,
  PASID_RESERVED,
  SM_CONTEXT_INVALID,
  SM_CONTEXT_NOT_PRESENT,
  SM_CONTEXT_RESERVED,
} from '../reasons';
import { ContextReader } from './context';
import { CTX_DID, CTX_FPD } from './context-cache';
import { emitCache } from './emit';
import { PE_DID, PE_FPD } from './pasid-cache';
import type { RowCache } from './row-cache';
import { ScalableReader } from './scalable';
import { ofContexts, ofPasids, ofPasidVictims } from './tags';
import type { UnitState } from './unit';

/** Reasons that lie in an entry itself: a unit in caching mode may keep such entries. Spec: section 6.1 "Caching Mode" */
const KEPT_WHEN_CACHING = new Set([
  CONTEXT_NOT_PRESENT,
  CONTEXT_RESERVED,
  CONTEXT_INVALID,
  SM_CONTEXT_NOT_PRESENT,
  SM_CONTEXT_RESERVED,
  SM_CONTEXT_INVALID,
  PASID_NOT_PRESENT,
  PASID_RESERVED,
  PASID_INVALID,
]);

/** Finds what a request is to be translated by: in a cache, or in memory. */
export class Lookup {
  readonly contexts: ContextReader;
  readonly scalable: ScalableReader;
  /** Not 0: the structures that the last look-up read have FPD set. */
  fpd = 0;

  constructor(private readonly state: UnitState) {
    this.contexts = new ContextReader(state);
    this.scalable = new ScalableReader(state);
  }

  /** Index in the context cache, or minus the reason of a fault. */
  legacyContext(rid: number): number {
    const { state, contexts } = this;
    const cache = state.contextCache;
    const known = cache.find(rid);
    if (state.trace.on) this.tellContext(known >= 0 ? 'hit' : 'miss', rid);
    if (known >= 0) return known;
    const reason = contexts.read(state.rootPfn, rid, state.trace);
    this.fpd = contexts.out[CTX_FPD] as number;
    return this.keepContext(rid, contexts.out, reason);
  }

  scalableContext(rid: number): number {
    const { state, scalable } = this;
    const cache = state.contextCache;
    const known = cache.find(rid);
    if (state.trace.on) this.tellContext(known >= 0 ? 'hit' : 'miss', rid);
    if (known >= 0) return known;
    const reason = scalable.readContext(state.rootPfn, rid, state.trace);
    this.fpd = scalable.context[CTX_FPD] as number;
    return this.keepContext(rid, scalable.context, reason);
  }

  /** Index in the PASID cache, or minus the reason of a fault. */
  pasidEntry(rid: number, context: number, pasid: number): number {
    const { state, scalable } = this;
    const cache = state.pasidCache;
    const known = cache.find(rid, pasid);
    if (state.trace.on) this.tellPasid(known >= 0 ? 'hit' : 'miss', rid, pasid);
    if (known >= 0) return known;
    const reason = scalable.readPasid(state.contextCache.entries, context, pasid, state.trace);
    this.fpd = scalable.pasid[PE_FPD] as number;
    if (reason !== 0) {
      if (!state.config.cachingMode || !KEPT_WHEN_CACHING.has(reason)) return -reason;
      // The domain id that no domain has.
      scalable.pasid[PE_DID] = 0;
    }
    if (state.trace.on && cache.ways > 0) {
      this.tellVictim('pasid', cache, rid, pasid);
      this.tellPasid('fill', rid, pasid);
    }
    return cache.fill(rid, pasid, scalable.pasid);
  }

  private keepContext(rid: number, entry: Int32Array, reason: number): number {
    const { state } = this;
    const cache = state.contextCache;
    if (reason !== 0) {
      if (!state.config.cachingMode || !KEPT_WHEN_CACHING.has(reason)) return -reason;
      entry[CTX_DID] = 0;
    }
    if (state.trace.on && cache.ways > 0) {
      this.tellVictim('context', cache, rid, 0);
      this.tellContext('fill', rid);
    }
    return cache.fill(rid, 0, entry);
  }

  private tellVictim(name: 'context' | 'pasid', cache: RowCache, tag: number, tag2: number): void {
    const gone = cache.victim(tag, tag2);
    const wording = name === 'pasid' ? ofPasidVictims : ofContexts;
    if (gone >= 0) emitCache(this.state, wording, 'evict', this.state.config.segment, gone);
  }

  private tellContext(op: 'hit' | 'miss' | 'fill', rid: number): void {
    emitCache(this.state, ofContexts, op, this.state.config.segment, rid);
  }

  private tellPasid(op: 'hit' | 'miss' | 'fill', rid: number, pasid: number): void {
    emitCache(this.state, ofPasids, op, this.state.config.segment, rid, pasid);
  }
}
