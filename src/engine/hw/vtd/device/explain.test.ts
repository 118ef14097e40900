import { describe, expect, it } from 'vitest';
import type { FaultEvent } from '../../../trace/event';
import type { WalkStep } from '../../common/view';
import { explainVtd, explainVtdFault } from './explain';
import {
  FIRST,
  firstStage,
  IOVA,
  nested,
  PAGE,
  ScalableFixture,
  secondStage,
} from './scalable-fixture.conformance';

function walk(f: ScalableFixture, iova: bigint, write = false, pasid = -1) {
  f.trace.take();
  f.outcome(iova, write, pasid);
  const events = f.trace.take();
  const steps = explainVtd(f.device, events);
  const fault = events.find((event): event is FaultEvent => event.kind === 'fault');
  const told = fault === undefined ? null : explainVtdFault(f.device, fault, steps);
  return { steps, told };
}

const titles = (steps: readonly WalkStep[]): string[] =>
  steps.map(({ title, outcome }) => `${title} (${outcome})`);

describe('one request in words', () => {
  it('second stage: caches, structures, four levels; then the IOTLB alone', () => {
    const f = new ScalableFixture().attach(secondStage());
    f.second(4, 1, IOVA, PAGE);
    expect(titles(walk(f, IOVA).steps)).toEqual([
      'Context cache miss: 0000:01:00.0 (miss)',
      'Root entry of bus 01 (table)',
      'Context entry 0 of its half of the bus (table)',
      'PASID cache miss: 0000:01:00.0 pasid 0x0 (miss)',
      'PASID directory entry 0 (table)',
      'PASID entry 0 of its table (table)',
      'IOTLB miss: did 48879 iova 0x123456789000 (miss)',
      'Level 4 entry 36 (table)',
      'Level 3 entry 209 (table)',
      'Level 2 entry 179 (table)',
      'Level 1 entry 393 (leaf)',
    ]);
    const again = walk(f, IOVA).steps;
    expect(again.map(({ structure, outcome }) => `${structure} ${outcome}`)).toEqual([
      'context hit',
      'pasid hit',
      'iotlb hit',
    ]);
  });

  it('tables: level, permissions, neighbours, decoded by the right stage', () => {
    const second = new ScalableFixture().attach(secondStage());
    second.put(second.second(4, 1, IOVA, PAGE)[3] ?? 0, PAGE | 1n);
    const leaf = walk(second, IOVA).steps.at(-1);
    expect(leaf).toMatchObject({ level: 1, allows: 'R', stage: null, forLevel: null });
    expect(leaf?.occupancy?.filter((cell) => cell === 2)).toHaveLength(1);
    expect(leaf?.fields.map((field) => field.name)).toContain('SNP');

    const first = new ScalableFixture().attach(firstStage());
    first.put(first.first(4, 2, IOVA, 0x20_0000n)[2] ?? 0, 0x20_0085n | (1n << 63n));
    const large = walk(first, IOVA).steps.at(-1);
    // P and U/S are set, R/W is not, XD is.
    expect(large).toMatchObject({ level: 2, allows: 'RU', outcome: 'leaf', stage: null, sizeLg2: 21 });
    expect(large?.fields.map((field) => field.name)).toContain('U/S');
    // The entry is read again from the paging-structure cache's table: no new decode of the PASID entry is needed.
    first.put(FIRST + 0x3000, 0n);
    expect(walk(first, IOVA + 0x20_0000n).steps.at(-1)).toMatchObject({ outcome: 'fault', allows: '' });
  });

  it('nested: stages, and whose address the second stage is about', () => {
    const off = { sets: 0, ways: 0 };
    const f = new ScalableFixture(0x0100, { walkCache: off }).attach(nested());
    for (const gpa of [0, 1, 2, 3].map((n) => BigInt(FIRST + n * 4096))) f.second(4, 1, gpa, gpa);
    const page = f.second(4, 1, 0x5000n, PAGE)[3] ?? 0;
    f.first(4, 1, 0xabcn, 0x5000n);
    const { steps } = walk(f, 0xabcn);
    const reads = steps.filter((step) => step.structure === 'table');
    expect(reads.map(({ stage, level, forLevel }) => `${stage}:${level}:${forLevel}`)).toEqual(
      [4, 3, 2, 1, 0].flatMap((whose) => [
        ...[4, 3, 2, 1].map((level) => `2:${level}:${whose}`),
        ...(whose === 0 ? [] : [`1:${whose}:null`]),
      ]),
    );
    expect(reads[0]?.title).toBe('Second stage for the level 4 table, level 4 entry 0');
    expect(reads[4]?.title).toBe('First stage, level 4 entry 0');
    expect(reads[23]?.title).toBe('Second stage for the page, level 1 entry 5');
    expect(reads[4]?.fields.find((field) => field.name === 'ADDR')?.meaning).toMatch(/guest-physical/);

    f.flush();
    f.put(page, 0n);
    const refused = walk(f, 0xabcn);
    expect(refused.steps.at(-1)).toMatchObject({ stage: 2, forLevel: 0, outcome: 'fault' });
    expect(refused.told?.why).toBe(
      'The second stage maps nothing at the guest-physical address of the page: its level 1 entry is empty.',
    );
  });
});

describe('why a request was refused', () => {
  it('nothing is mapped, or not for this', () => {
    const f = new ScalableFixture().attach(secondStage());
    expect(walk(f, IOVA).told).toEqual({
      why: 'Nothing is mapped at this IOVA: the level 4 entry is empty.',
      kernelLine:
        'DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x123456789000 [fault reason 0x79] SM: Read/Write permission error in second-level paging entry',
    });
    f.put(f.second(4, 1, IOVA, PAGE)[3] ?? 0, PAGE | 1n);
    expect(walk(f, IOVA, true).told?.why).toBe(
      "The page is mapped, but not for writing: the table's permissions do not allow it.",
    );
    const first = new ScalableFixture().attach(firstStage());
    expect(walk(first, IOVA, true).told?.why).toBe(
      'Nothing is mapped at this IOVA: the level 4 entry is empty.',
    );
  });

  it('names the PASID as the kernel does', () => {
    const f = new ScalableFixture().attach(firstStage(), { flags: 8n, ridPasid: 1n });
    f.put(f.pasidEntry + 3 * 64, f.word(f.pasidEntry) & ~1n);
    expect(walk(f, IOVA, true, 3).told).toEqual({
      why: 'Nothing is attached to this PASID of the device: its PASID entry is not present.',
      kernelLine:
        'DMAR: [DMA Write PASID 0x3] Request device [01:00.0] fault addr 0x123456789000 [fault reason 0x59] SM: Present bit in PASID Table Entry is clear',
    });
  });
});
