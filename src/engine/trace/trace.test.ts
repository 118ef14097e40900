import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../memory/physical-memory';
import { NO_PASID, READ } from '../hw/port';
import { RiscvIommu } from '../hw/riscv/device/device';
import type { TraceEvent } from './event';
import { noteEntry } from './notes';
import { listener, silent, TraceBuffer, type Trace } from './trace';
import { cacheWording } from './wording';

const LOG: TraceEvent = { kind: 'log', level: 'info', text: 'hello' };
const ofIotlb = cacheWording('iotlb', (asid, hi, lo) => `asid ${asid} iova ${hi}:${lo}`);

/** One of each kind, in an order that tells them apart. */
function say(trace: Trace, words: Int32Array): void {
  trace.note(ofIotlb, 'iommu:0', 'miss', 7, -1, 0x1000);
  trace.emit(LOG);
  noteEntry(trace, 'iommu:0', 'table', 2, 511, 0x8_0000_0000_0ff8, -1, 1);
  noteEntry(trace, 'iommu:0', 'table', 0, 3, 0x18, 0, -1, 2, -1, 16);
  noteEntry(trace, 'iommu:0', 'gcr3', 1, 0, 0, 0, 0, 1, 4);
  trace.noteStructure('iommu:0', 'context', 5, 0x2050, words, 1, 4);
  trace.note(ofIotlb, 'iommu:0', 'fill', 8);
}

/** Written by hand from event.ts. */
const SAID: readonly TraceEvent[] = [
  { kind: 'cache', unit: 'iommu:0', cache: 'iotlb', op: 'miss', tag: 'asid 7 iova -1:4096' },
  LOG,
  {
    kind: 'read',
    unit: 'iommu:0',
    structure: 'table',
    level: 2,
    index: 511,
    pa: 0x8_0000_0000_0ff8,
    words: [0xffff_ffff_0000_0001n],
  },
  {
    kind: 'read',
    unit: 'iommu:0',
    structure: 'table',
    level: 0,
    stage: 2,
    forLevel: -1,
    granuleLg2: 16,
    index: 3,
    pa: 0x18,
    words: [0xffff_ffffn],
  },
  {
    kind: 'read',
    unit: 'iommu:0',
    structure: 'gcr3',
    level: 1,
    stage: 1,
    forLevel: 4,
    index: 0,
    pa: 0,
    words: [0n],
  },
  {
    kind: 'read',
    unit: 'iommu:0',
    structure: 'context',
    level: -1,
    index: 5,
    pa: 0x2050,
    words: [0x8000_0000_0000_0001n, 0x3_0000_0002n],
  },
  { kind: 'cache', unit: 'iommu:0', cache: 'iotlb', op: 'fill', tag: 'asid 8 iova 0:0' },
];

const words = (): Int32Array => Int32Array.of(99, 1, -0x8000_0000, 2, 3, 99);

describe('a trace buffer', () => {
  it('says notes and events in the order in which they came, with no key that does not apply', () => {
    const buffer = new TraceBuffer();
    say(buffer, words());
    expect(buffer.take()).toStrictEqual(SAID);
    expect(buffer.take()).toEqual([]);
  });

  it('says what was so then, not what is so when somebody looks', () => {
    const buffer = new TraceBuffer();
    const source = words();
    say(buffer, source);
    source.fill(-1);
    expect(buffer.take()).toStrictEqual(SAID);
  });

  it('a look from a mark on leaves everything there, and the same event is said again', () => {
    const buffer = new TraceBuffer();
    say(buffer, words());
    const mark = buffer.mark();
    say(buffer, Int32Array.of(0, 0, 0, 0, 0));
    const since = buffer.since(mark);
    expect(since[0]).toStrictEqual(SAID[0]);
    const taken = buffer.take();
    expect(taken).toHaveLength(2 * SAID.length);
    expect(taken.slice(0, SAID.length)).toStrictEqual(SAID);
    for (const [n, event] of since.entries()) expect(taken[SAID.length + n]).toBe(event);
  });

  it('drops what nobody looked at', () => {
    const buffer = new TraceBuffer();
    buffer.emit(LOG);
    say(buffer, Int32Array.of(0, 9, 9, 9, 9));
    buffer.drop();
    expect(buffer.mark()).toBe(0);
    say(buffer, words());
    expect(buffer.take()).toStrictEqual(SAID);
  });

  it('has room for any number, again and again', () => {
    const buffer = new TraceBuffer();
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 3000; n++) say(buffer, words());
      const taken = buffer.take();
      expect(taken).toHaveLength(3000 * SAID.length);
      for (const n of [0, 1, 584, 585, 586, 1170, 2999])
        expect(taken.slice(n * SAID.length, (n + 1) * SAID.length)).toStrictEqual(SAID);
    }
  });

  it('is silent while it is off', () => {
    const buffer = new TraceBuffer();
    buffer.on = false;
    say(buffer, words());
    expect(buffer.take()).toEqual([]);
  });
});

describe('other traces', () => {
  it('a listener hears each event at once', () => {
    const heard: TraceEvent[] = [];
    const source = words();
    say(
      listener((event) => heard.push(event)),
      source,
    );
    source.fill(-1);
    expect(heard).toStrictEqual(SAID);
  });

  it('nobody hears a silent one', () => {
    expect(() => say(silent, words())).not.toThrow();
  });
});

describe('what a unit noted', () => {
  /** A directory of one level, and a table of three: Sv39. RISC-V IOMMU specification, "Device-context fields"; RWUAD. */
  const DDT = 0x1000;
  const TABLES = [0x2000, 0x3000, 0x4000] as const;

  function walked(after: (memory: PhysicalMemory, unit: RiscvIommu) => void): readonly TraceEvent[] {
    const memory = new PhysicalMemory([{ startPfn: 0, lastPfn: 0xff }]);
    const trace = new TraceBuffer();
    memory.writeU64(DDT, 1n);
    memory.writeU64(DDT + 24, (8n << 60n) | BigInt(TABLES[0] / 4096));
    memory.writeU64(TABLES[0], (BigInt(TABLES[1] / 4096) << 10n) | 1n);
    memory.writeU64(TABLES[1], (BigInt(TABLES[2] / 4096) << 10n) | 1n);
    memory.writeU64(TABLES[2] + 40, (0x77n << 10n) | 0xdfn);
    const unit = new RiscvIommu({}, { memory, trace });
    unit.registers.write64(0x10, (BigInt(DDT / 4096) << 10n) | 2n);
    trace.drop();
    unit.translate(0, 0, 0x5123, READ, NO_PASID);
    trace.on = false;
    after(memory, unit);
    return trace.take();
  }

  it('reads the same after its tables, its contexts and its caches changed', () => {
    const atOnce = walked(() => undefined);
    expect(atOnce.map((event) => event.kind)).toContain('read');
    expect(atOnce.filter((event) => event.kind === 'cache').length).toBeGreaterThanOrEqual(4);
    const later = walked((memory, unit) => {
      for (const pa of [DDT, ...TABLES]) memory.write(pa, new Uint8Array(4096).fill(0xff));
      unit.flush();
      unit.translate(5, -1, 0x9000, READ, 3);
      unit.translate(0, 0, 0x5123, READ, NO_PASID);
    });
    expect(later).toStrictEqual(atOnce);
    // The words as they were written above.
    const tables = later.flatMap((e) => (e.kind === 'read' && e.structure === 'table' ? [e.words[0]] : []));
    expect(tables).toEqual([(3n << 10n) | 1n, (4n << 10n) | 1n, (0x77n << 10n) | 0xdfn]);
  });
});
