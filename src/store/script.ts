import type { LineResult, StepBatch } from '../engine/sim/batch';
import type { WorldObject } from '../engine/sim/world';
import { withExpectation } from '../scenario/edit';

/** The lines of a script. An empty script has none; a last line break adds none. */
export function linesOf(script: string): readonly string[] {
  const text = script.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
  return text === '' ? [] : text.split('\n');
}

export const joinLines = (lines: readonly string[]): string => lines.join('\n');

/** Line breaks of one kind, and none at the end: the same scene is the same text. */
export const normalizeScript = (script: string): string => joinLines(linesOf(script));

/**
 * What remains of a gesture's run: lines that make no sense are dropped; a line that the kernel refused or the hardware
 * blocked is kept, and says from now on that it must be.
 */
export function settleGesture(batch: StepBatch): {
  readonly batch: StepBatch;
  readonly kept: readonly string[];
  readonly refused: LineResult | null;
  readonly mistaken: LineResult | null;
} {
  const results = batch.results.filter((result) => result.status !== 'error').map(expectRefusal);
  return {
    batch: { ...batch, results },
    kept: results.map((result) => result.text),
    refused: batch.results.find((result) => result.status === 'errno' && result.expected === null) ?? null,
    mistaken: batch.results.find((result) => result.status === 'error') ?? null,
  };
}

function expectRefusal(result: LineResult): LineResult {
  const came = result.status === 'fault' ? 'FAULT' : result.errno;
  if (came === null || result.expected !== null) return result;
  return { ...result, text: withExpectation(result.text, came), expected: came, ok: true };
}

/** How the script calls an object: by its name, a device by its address (without the usual domain), others by their id. */
export function scriptName(object: WorldObject): string {
  if (object.name !== null) return object.name;
  return object.type === 'device' ? shortBdf(object.bdf) : object.id;
}

export const shortBdf = (bdf: string): string => bdf.replace(/^0000:/, '');

/** The driver that a device's own operating system would give it, as far as the script tells. */
export function nativeDriver(script: string, bdf: string): string | null {
  const names = [bdf, shortBdf(bdf)];
  for (const line of linesOf(script)) {
    const [verb, device, next] = line.trim().split(/\s+/);
    if (device === undefined || !names.includes(device)) continue;
    if (verb === 'pci') {
      const driver = /\sdriver=(\S+)/.exec(line)?.[1];
      if (driver !== undefined && !isVfio(driver)) return driver;
    }
    if (verb === 'driver' && next !== undefined && next !== 'none' && !isVfio(next)) return next;
  }
  return null;
}

export const isVfio = (driver: string): boolean => /^vfio|^pci-stub$/.test(driver);

/** Title of a scene: its first note, else the name of its machine. */
export function sceneTitle(script: string): string | null {
  let machine: string | null = null;
  for (const line of linesOf(script)) {
    const note = /^\s*note\s+"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    if (note !== undefined) return note.replace(/\\(.)/g, '$1');
    const named = /^\s*machine\s+([^\s=#]+)(?:\s|$)/.exec(line)?.[1];
    if (named !== undefined) machine ??= named;
  }
  return machine;
}
