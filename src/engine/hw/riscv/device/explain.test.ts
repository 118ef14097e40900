import { describe, expect, it } from 'vitest';
import type { FaultEvent } from '../../../trace/event';
import { TraceBuffer } from '../../../trace/trace';
import { EXECUTE, READ, WRITE, type Access } from '../../port';
import { explainRiscv, explainRiscvFault } from './explain';
import { Bench, FIRST, FREE, leaf, pointer, root, SECOND, type From } from './fixture.conformance';

// Expected: what the walk that the Privileged ISA describes meets, said in one sentence; an entry is read as often as it is told.
const [FIRST_1, FIRST_0] = [FIRST + 0x1000n, FIRST + 0x2000n] as const;
const GSCID = 1n;

function traced(): { b: Bench; told: (iova: bigint, access: Access, from?: From) => Told } {
  const trace = new TraceBuffer();
  const b = new Bench({}, trace).start();
  b.put(FIRST, pointer(FIRST_1)).put(FIRST_1, pointer(FIRST_0));
  const told = (iova: bigint, access: Access, from: From = {}): Told => {
    trace.take();
    b.ask(iova, access, from);
    const events = trace.take();
    const steps = explainRiscv(b.device, events);
    const fault = events.find((event): event is FaultEvent => event.kind === 'fault');
    const why = fault === undefined ? null : explainRiscvFault(b.device, fault, steps).why;
    return { steps: steps.map(({ title, outcome }) => `${outcome}: ${title}`), why };
  };
  return { b, told };
}

interface Told {
  readonly steps: readonly string[];
  readonly why: string | null;
}

describe('a refused request in words', () => {
  it('says why a walk by the walk cache begins anew at the root', () => {
    const { b, told } = traced();
    b.put(FIRST_0, leaf(FREE), 0n).context(0, { fsc: root(FIRST, 3) });
    expect(told(0n, READ).why).toBeNull();
    const { steps, why } = told(0x1000n, READ);
    expect(steps.slice(2)).toEqual([
      'hit: Walk cache hit: PSCID 0 iova 0x0',
      'fault: Level 1 entry 1',
      'miss: Walk cache: by this entry the access does not pass; the table is dropped, and the walk begins at the root',
      'table: Level 3 entry 0',
      'table: Level 2 entry 0',
      'fault: Level 1 entry 1',
    ]);
    expect(why).toBe('Nothing is mapped at this IOVA: the level 1 entry has V = 0.');
  });

  it('says the same where the tables of the first stage go through a second', () => {
    const { b, told } = traced();
    b.identity().put(FIRST_0, leaf(FREE), 0n);
    b.context(0, { iohgatp: root(SECOND, 3, GSCID), fsc: root(FIRST, 3) });
    expect(told(0n, READ).why).toBeNull();
    const { steps } = told(0x1000n, READ);
    const anew = steps.findIndex((step) => step.includes('begins at the root'));
    expect(steps[anew - 1]).toBe('fault: First stage, level 1 entry 1');
    expect(steps.filter((step) => step.includes('First stage, level 1'))).toHaveLength(2);
    // A page that is found by the walk cache begins nothing anew.
    b.put(FIRST_0 + 8n, leaf(FREE));
    told(0x1000n, READ);
    b.put(FIRST_0 + 16n, leaf(FREE));
    expect(told(0x2000n, READ).steps.filter((step) => step.includes('root'))).toEqual([]);
  });

  it.each([
    [3, 1n << 38n, 'Sv39, bits 63 to 39 are copies of bit 38'],
    [4, 1n << 47n, 'Sv48, bits 63 to 48 are copies of bit 47'],
    [5, 1n << 63n, 'Sv57, bits 63 to 57 are copies of bit 56'],
  ])('of an address that is not canonical: %i levels', (levels, iova, rule) => {
    const { b, told } = traced();
    b.context(0, { fsc: root(FIRST, levels) });
    expect(told(iova, READ).why).toBe(
      `The address is not canonical: in ${rule}, and here they are not. No table is read for it.`,
    );
  });

  it('of a guest physical address that is too wide: the device’s own, a page’s, a table’s', () => {
    const { b, told } = traced();
    const wide = 1n << 41n;
    const why = (gpa: bigint): string =>
      `The guest physical address 0x${gpa.toString(16)} does not fit the 41 bits that Sv39x4 translates.`;
    b.identity()
      .put(FIRST_0, leaf(wide))
      .put(FIRST_1 + 8n, pointer(wide));
    b.context(0, { iohgatp: root(SECOND, 3, GSCID) });
    b.context(1, { iohgatp: root(SECOND, 3, GSCID), fsc: root(FIRST, 3) });
    expect(told(wide, READ).why).toBe(why(wide));
    expect(told(0n, READ, { did: 1 }).why).toBe(why(wide));
    expect(told(0x20_0000n, READ, { did: 1 }).why).toBe(why(wide));
  });

  it('of what a valid entry does not allow, and of marks that cannot be set', () => {
    const { b, told } = traced();
    b.put(
      FIRST_0,
      leaf(FREE, 0xd7n),
      leaf(FREE, 0xc7n),
      leaf(FREE, 0xd3n),
      leaf(FREE, 0x97n),
      leaf(FREE, 0x57n),
    );
    b.put(FIRST_1 + 8n, leaf(0x1000n, 0xd7n));
    b.context(0, { fsc: root(FIRST, 3) });
    const denied = (what: string): string =>
      `The page is mapped, but not for ${what}: the entry does not allow it.`;
    expect(told(0n, EXECUTE).why).toBe(denied('executing'));
    expect(told(0x1000n, READ).why).toBe(
      'The entry has U = 0: the page is not one for users, and the request is one of a user.',
    );
    expect(told(0x2000n, WRITE).why).toBe(denied('writing'));
    expect(told(0x3000n, READ).why).toBe('The entry has A = 0, and hardware may not set it.');
    expect(told(0x4000n, WRITE).why).toBe('The entry has D = 0, and hardware may not set it.');
    expect(told(0x20_0000n, READ).why).toBe('The level 2 entry is malformed.');
    // The second stage lets the first stage's table be read, and not be marked.
    b.put(SECOND + 16n, leaf(0x8000_0000n, 0xdbn));
    b.context(1, { tc: 0x101n, iohgatp: root(SECOND, 3, GSCID), fsc: root(FIRST, 3) });
    expect(told(0x3000n, READ, { did: 1 }).why).toBe(
      'The first-stage entry has to be marked with A or D, and the second stage does not let its table be written.',
    );
  });
});
