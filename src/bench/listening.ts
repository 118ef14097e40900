import { transfer } from '../engine/hw/common/dma';
import type { DmaTranslator } from '../engine/hw/port';
import type { PhysicalMemory } from '../engine/memory/physical-memory';
import { TraceBuffer } from '../engine/trace/trace';
import { timed, type Clock } from './measure';

/** Nobody listens; every event is noted, and nobody looks; every event is put into words, as somebody takes them now and then. */
const LISTENING = ['silent', 'noted', 'told'] as const;

/** A machine whose first 256 pages are mapped, all that its unit does told to one trace. */
export interface Listened {
  readonly iommu: DmaTranslator;
  readonly memory: PhysicalMemory;
  readonly rid: number;
  readonly firstIova: bigint;
}

const COUNT = 300_000;

/**
 * DMAs of 64 bytes a second, as the simulator does them, listened to in the way with that index. In a process of its own, as
 * the scenarios.
 */
export function dmaRate(now: Clock, index: number, make: (trace: TraceBuffer) => Listened): number {
  const listening = LISTENING[index];
  if (listening === undefined) throw new Error(`nobody listens in way ${index}`);
  const trace = new TraceBuffer();
  const { iommu, memory, rid, firstIova } = make(trace);
  trace.on = listening !== 'silent';
  const run = (): void => {
    for (let n = 0; n < COUNT; n++) {
      const iova = firstIova + BigInt((n & 255) * 4096);
      const [part] = transfer(iommu, memory, { device: '0000:01:00.0', rid, iova, bytes: 64 }, trace);
      if (part?.pa === null) throw new Error('a DMA was blocked');
      if (n % 100 < 99) continue;
      if (listening === 'told') trace.take();
      else trace.drop();
    }
  };
  return COUNT / timed(now, run);
}
