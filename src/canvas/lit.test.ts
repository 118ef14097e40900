import { expect, it } from 'vitest';
import { audio, fixtureObjects, gpu, rootPort } from '../testing/fixture-world';
import { litPart } from './lit';

const group = fixtureObjects.find(({ id }) => id === 'group:7')!;
const ioas = fixtureObjects.find(({ type }) => type === 'ioas')!;

it('outlines a chain and what it looks at, keeps their frames, and dims the rest', () => {
  const lit = { chain: [gpu.id, audio.id], others: [rootPort.id] };
  expect([gpu, rootPort, group, ioas].map((object) => litPart(lit, object))).toEqual([
    'chain',
    'other',
    'around',
    'off',
  ]);
});
it('outlines nothing where a whole group is meant: its frame tells', () => {
  expect(litPart({ chain: [], others: [gpu.id] }, gpu)).toBe('around');
});
it('leaves everything as it is while nothing is talked about', () => {
  expect(litPart(null, gpu)).toBeUndefined();
});
