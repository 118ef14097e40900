import { describe, expect, it } from 'vitest';
import type { LineEvents } from '../../engine/sim/batch';
import type { TraceEvent } from '../../engine/trace/event';
import { fixtureObjects } from '../../testing/fixture-world';
import { entriesOf, entriesOfLines, FINE, kindsOf } from './entries';
import { callsOf, concerns } from './follow';

const fixtureWorld = Object.fromEntries(fixtureObjects.map((object) => [object.id, object]));
const unit = 'iommu:dmar0';
const lock: TraceEvent = { kind: 'lock', op: 'acquire', lock: 'group->mutex', of: 'group:7' };
const domain: TraceEvent = { kind: 'domain', device: '0000:01:00.0', from: 'domain 1', to: 'domain 9' };
const map: TraceEvent = { kind: 'map', domain: 'domain 9', iova: 0n, last: 0xfffn, entries: 1 };
const log: TraceEvent = { kind: 'log', level: 'info', text: 'pci 0000:01:00.0: Adding to iommu group 7' };
const write: TraceEvent = { kind: 'register', unit, op: 'write', name: 'GCMD', offset: 24, value: 1n };
const events = [lock, domain, map, log, write];

const all = { hidden: new Set<TraceEvent['kind']>(), text: '', calls: null };
const told = [{ line: 4, first: 100, events }];
const texts = (wanted: Partial<typeof all>) =>
  entriesOf(told, { ...all, ...wanted }).map((entry) => (entry.kind === 'event' ? entry.index : -1));

describe('events that are wanted', () => {
  it('are all, each with its place in the line, unless a kind is hidden', () => {
    expect(texts({})).toEqual([100, 101, 102, 103, 104]);
    expect(texts({ hidden: new Set(FINE) })).toEqual([101, 102, 103]);
  });
  it('hold every typed word', () => {
    expect(texts({ text: 'DOMAIN 9' })).toEqual([101, 102]);
    expect(texts({ text: 'kernel adding' })).toEqual([103]);
  });
  it('of a line with too many to send are a number, and exact', () => {
    const many: LineEvents = { line: 5, count: 30_003, kinds: { read: 30_000, lock: 3 }, events: [] };
    const few: LineEvents = { line: 4, count: 5, kinds: {}, events };
    expect(entriesOfLines([few, many], { ...all, hidden: FINE }).slice(3)).toEqual([
      { kind: 'more', line: 5, count: 30_000 },
    ]);
    expect(kindsOf([many, many])).toEqual([
      ['read', 60_000],
      ['lock', 6],
    ]);
  });
});

describe('following one object', () => {
  const of = (id: string): readonly string[] => {
    const calls = callsOf(fixtureWorld, id);
    return events.filter((event) => concerns(event, calls)).map(({ kind }) => kind);
  };
  it('shows what names it, in any of its names', () => {
    expect(of('dev:0000:01:00.0')).toEqual(['domain', 'log']);
    expect(of(unit)).toEqual(['register']);
    expect(of('group:7')).toEqual(['lock', 'domain', 'log']);
  });
  it('shows of an address space what happens in its page tables', () => {
    const hwpt = Object.values(fixtureWorld).find((each) => each.type === 'hwpt');
    if (hwpt?.type !== 'hwpt') throw new Error('the fixture has no page table');
    const calls = callsOf(fixtureWorld, hwpt.ioasId);
    expect(concerns({ ...map, domain: hwpt.domain }, calls)).toBe(true);
    expect(concerns({ ...map, domain: 'another' }, calls)).toBe(false);
  });
});
