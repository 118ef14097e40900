import { describe, expect, it } from 'vitest';
import { importMachine } from './import-machine';
import { bigText } from './testing/big-text';

/** Processor time: other programs on the machine do not count. */
const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

describe('a server with 1,000 functions', () => {
  it.each([
    ['lspci -vvvnn', 0],
    ['lspci -vvvnnx', 64],
    ['lspci -vvvnnxxxx, 14 MiB', 4096],
  ] as const)(
    '%s is read in under a second, and every function of it',
    (_what, bytes) => {
      const text = bigText(1000, bytes);
      importMachine(text.slice(0, 2_000_000));
      const before = seconds();
      const read = importMachine(text);
      const taken = seconds() - before;
      expect(read).toMatchObject({
        status: 'ok',
        functions: 1000,
        contradictions: [],
        gaps: [],
        notUnderstood: [],
        certainty: { state: 'certain' },
      });
      expect(taken).toBeLessThan(1);
    },
    30_000,
  );
});
