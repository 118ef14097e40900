import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ATS_GRANTS, PA_LO, READ, RESULT_WORDS, WRITE, WALKED, NO_PASID } from '../port';
import type { DeviceTlbEntry } from './endpoint';
import { contradicts, questionOf, rehearse } from './rehearsal';

const FRAME = 0x100;
const at = (pfn: number): number => pfn * 4096;

describe('a rehearsal', () => {
  it('leaves memory as it was, whatever the twin wrote, before the next question', () => {
    const memory = new PhysicalMemory();
    memory.writeU64(at(FRAME) + 8, 0x1234n);
    const used = memory.materialised;
    const seen: (bigint | null)[] = [];
    const answers = rehearse(
      memory,
      (port) => ({
        result: new Int32Array(RESULT_WORDS),
        translate(rid) {
          seen.push(memory.readU64(at(FRAME) + 8));
          port.store32(at(FRAME) + 8, -1);
          port.words[port.frameToWrite(FRAME) + 3] = -1;
          // A frame that was never written gets no words of its own.
          expect(port.store32(at(FRAME + 1), 1)).toBe(false);
          this.result[PA_LO] = rid << 12;
          this.result[ATS_GRANTS] = READ;
          return WALKED;
        },
        interrupt: () => false,
      }),
      [1, 2].map((rid) => ({ rid, pasid: NO_PASID, iova: 0n, access: READ })),
    );
    expect(seen).toEqual([0x1234n, 0x1234n]);
    expect(memory.readU64(at(FRAME) + 8)).toBe(0x1234n);
    expect(memory.materialised).toBe(used);
    expect(answers).toEqual([
      { pa: 0x1000, sizeLg2: 12, grants: READ },
      { pa: 0x2000, sizeLg2: 12, grants: READ },
    ]);
  });
});

// PCIe 6.0, section 10.3.1: an entry must go when what it says is no longer so; that more is granted now is no reason.
describe('an entry of a device contradicts the tables', () => {
  const entry: DeviceTlbEntry = {
    pasid: NO_PASID,
    iova: 0x20_0000n,
    sizeLg2: 12,
    pa: 0x5000,
    grants: READ,
    status: WALKED,
  };
  it.each([
    ['not when they say the same', entry, { pa: 0x5000, sizeLg2: 12, grants: READ }, false],
    ['not when they grant more', entry, { pa: 0x5000, sizeLg2: 12, grants: READ | WRITE }, false],
    ['not when a larger page leads there', entry, { pa: 0x5000, sizeLg2: 12, grants: READ }, false],
    ['when they refuse', entry, null, true],
    ['when they grant nothing', entry, { pa: 0, sizeLg2: 12, grants: 0 }, true],
    [
      'when they grant less',
      { ...entry, grants: READ | WRITE },
      { pa: 0x5000, sizeLg2: 12, grants: READ },
      true,
    ],
    ['when they lead elsewhere', entry, { pa: 0x6000, sizeLg2: 12, grants: READ }, true],
    [
      'not when a larger page leads to the same place',
      { ...entry, iova: 0x20_3000n, pa: 0x40_3000 },
      { pa: 0x40_3000, sizeLg2: 21, grants: READ },
      false,
    ],
    [
      'when a larger page leads elsewhere',
      { ...entry, iova: 0x20_3000n, pa: 0x5000 },
      { pa: 0x40_3000, sizeLg2: 21, grants: READ },
      true,
    ],
    [
      'when their pages are smaller',
      { ...entry, sizeLg2: 21, pa: 0x40_0000 },
      { pa: 0x40_0000, sizeLg2: 12, grants: READ },
      true,
    ],
  ])('%s', (_, kept, now, stale) => {
    expect(contradicts(kept, now)).toBe(stale);
  });

  it('and is asked for as the device would ask again', () => {
    expect(questionOf(0x10, { ...entry, grants: WRITE | 0x40 })).toEqual({
      rid: 0x10,
      pasid: NO_PASID,
      iova: 0x20_0000n,
      access: READ | WRITE,
    });
  });
});
