import { beforeEach, expect, it } from 'vitest';
import { useApp } from '../store';
import { OFFLINE } from '../words/offline';
import { ask } from './ask';
import { useOffline } from './state';

const shown = (): string | null => useApp.getState().notice?.text ?? null;
const { notify } = useApp.getState().actions;
const other = { tone: 'info', text: 'Link copied.' } as const;

beforeEach(() => {
  notify(null);
  useOffline.setState({ update: 'waiting' });
});

it('asks at once where nothing else is said, and not again when it has been put off', () => {
  ask();
  expect(shown()).toBe(OFFLINE.ready);
  notify(null);
  expect(shown()).toBeNull();
  notify(other);
  notify(null);
  expect(shown()).toBeNull();
});

it('waits for what is being said, and comes back when something else has taken its place', () => {
  notify(other);
  ask();
  expect(shown()).toBe(other.text);
  notify(null);
  expect(shown()).toBe(OFFLINE.ready);
  notify(other);
  notify(null);
  expect(shown()).toBe(OFFLINE.ready);
});

it('says so when another tab has agreed meanwhile, whether or not it was put off here', () => {
  ask();
  useOffline.setState({ update: 'taken' });
  ask();
  expect(shown()).toBe(OFFLINE.taken);
  notify(null);
  ask();
  expect(shown()).toBe(OFFLINE.taken);
});
