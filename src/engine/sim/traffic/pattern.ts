import type { TrafficPattern } from '../world';
import { Random } from './random';

/** Where a device's next access goes. */
export interface Piece {
  readonly iova: bigint;
  readonly bytes: number;
}

export interface PatternSpec {
  readonly pattern: TrafficPattern;
  readonly start: bigint;
  readonly last: bigint;
  /** Bytes of an access; the range holds at least one. */
  readonly size: number;
  readonly seed: number;
}

/** An endless row of accesses; the same spec gives the same row. */
export function patternOf(spec: PatternSpec): () => Piece {
  switch (spec.pattern) {
    case 'ring':
      return ring(spec);
    case 'random':
      return anywhere(spec);
    case 'scatter':
      return scatter(spec);
  }
}

/** How many accesses lie beside each other in the range. */
const slotsOf = ({ start, last, size }: PatternSpec): bigint => (last - start + 1n) / BigInt(size);

/** One access behind the other, and round again: the descriptors of a NIC's ring. */
function ring(spec: PatternSpec): () => Piece {
  const { start, size } = spec;
  const slots = Number(slotsOf(spec));
  let next = 0;
  return () => {
    const iova = start + BigInt(next) * BigInt(size);
    next = (next + 1) % slots;
    return { iova, bytes: size };
  };
}

/** Any of the places that lie beside each other in the range: a disk under random reads. */
function anywhere(spec: PatternSpec): () => Piece {
  const { start, size, seed } = spec;
  const slots = slotsOf(spec);
  const random = new Random(seed);
  return () => ({ iova: start + random.belowWide(slots) * BigInt(size), bytes: size });
}

/** Segments of a list are as many eighths of SIZE long, and begin at a doubleword. */
const EIGHTHS = 8;
const DWORD = 4;
const MOST_SEGMENTS = 5;

/**
 * Lists of two to five segments, as an NVMe controller's PRP lists or the fragments of a network packet: the range is cut
 * into as many parts, and somewhere in each lies a segment of one to eight eighths of SIZE.
 */
function scatter({ start, last, size, seed }: PatternSpec): () => Piece {
  const random = new Random(seed);
  const length = last - start + 1n;
  let segments = 0;
  let at = 0;
  return () => {
    if (at === segments) {
      segments = 2 + random.below(MOST_SEGMENTS - 1);
      at = 0;
    }
    const from = (length * BigInt(at)) / BigInt(segments);
    const room = (length * BigInt(at + 1)) / BigInt(segments) - from;
    at++;
    const eighths = 1 + random.below(EIGHTHS);
    const wanted = Math.ceil((size * eighths) / EIGHTHS / DWORD) * DWORD;
    const bytes = Math.min(wanted, size, Number(room < 1n ? 1n : room));
    const free = room - BigInt(bytes);
    const steps = (free < 0n ? 0n : free) / BigInt(DWORD) + 1n;
    return { iova: start + from + random.belowWide(steps) * BigInt(DWORD), bytes };
  };
}
