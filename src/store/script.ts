import type { Expectation, LineResult, StepBatch } from '../engine/sim/batch';
import type { DeviceObject, WorldObject } from '../engine/sim/world';
import { perLine } from '../lib/per-line';
import { rememberLast } from '../lib/remember-last';
import { withExpectation } from '../scenario/edit';

/** The lines of a script. An empty script has none; a last line break adds none. */
export const linesOf = rememberLast((script, before: { text: string; made: readonly string[] } | null) =>
  before !== null && isBegun(before.text, script)
    ? [...before.made, ...split(script.slice(before.text.length + 1))]
    : split(script),
);

/** What is written at the end of a script leaves the lines before it as they were. */
const isBegun = (begun: string, script: string): boolean =>
  script[begun.length] === '\n' && /[^\r\n]$/.test(begun.slice(-1)) && script.startsWith(begun);

function split(script: string): readonly string[] {
  const text = script.includes('\r') ? script.replace(/\r\n?/g, '\n') : script;
  let end = text.length;
  while (text[end - 1] === '\n') end--;
  return end === 0 ? [] : text.slice(0, end).split('\n');
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
  const results = batch.results.filter((result) => result.status !== 'error').map(expectOutcome);
  return {
    batch: { ...batch, results },
    kept: results.map((result) => result.text),
    refused: batch.results.find((result) => result.status === 'errno' && result.expected === null) ?? null,
    mistaken: batch.results.find((result) => result.status === 'error') ?? null,
  };
}

/** What happened is from now on what the script expects: the errno, that the hardware blocks the DMA, that it waits. */
function expectOutcome(result: LineResult): LineResult {
  if (result.expected !== null) return result;
  const expected = result.status === 'errno' ? result.errno : (EXPECTED[result.status] ?? null);
  if (expected === null) return result;
  return { ...result, text: withExpectation(result.text, expected), expected, ok: true };
}

const EXPECTED: Readonly<Partial<Record<LineResult['status'], Expectation>>> = {
  fault: 'FAULT',
  waits: 'WAITS',
  deadlock: 'DEADLOCK',
};

/** How the script calls an object: by its name, a device by its address (without the usual domain), others by their id. */
export function scriptName(object: WorldObject): string {
  if (object.name !== null) return object.name;
  return object.type === 'device' ? shortBdf(object.bdf) : object.id;
}

export const shortBdf = (bdf: string): string => bdf.replace(/^0000:/, '');

/** The driver that gives a device to user space. */
export const vfioDriver = ({ platform }: DeviceObject): string =>
  platform === undefined ? 'vfio-pci' : 'vfio-platform';

export const driverLine = (device: DeviceObject, driver: string): string =>
  `driver ${shortBdf(device.bdf)} ${driver}`;

/** What Linux binds to a class of devices whoever made them. */
const CLASS_DRIVERS: readonly (readonly [prefix: string, driver: string])[] = [
  ['010802', 'nvme'],
  ['010601', 'ahci'],
  ['0403', 'snd_hda_intel'],
  ['0c0330', 'xhci_hcd'],
  ['0604', 'pcieport'],
];

/**
 * The driver that a device's own operating system would give it, as far as the script tells: the one it had, else that
 * of its twin (the same ids), else that of its class.
 */
export function nativeDriver(script: string, bdf: string): string | null {
  const names = [bdf, shortBdf(bdf)];
  const lines = linesOf(script).map((line) => line.trim());
  const own = lines.filter((line) => names.includes(line.split(/\s+/, 2)[1] ?? ''));
  const had = own.map(driverIn).find((driver) => driver !== null);
  if (had !== undefined) return had;

  const declared = own.find((line) => line.startsWith('pci ')) ?? '';
  const id = optionOf(declared, 'id');
  const twin = lines.find(
    (line) =>
      line.startsWith('pci ') && id !== null && optionOf(line, 'id') === id && driverIn(line) !== null,
  );
  if (twin !== undefined) return driverIn(twin);
  const classCode = optionOf(declared, 'class') ?? '';
  return CLASS_DRIVERS.find(([prefix]) => classCode.startsWith(prefix))?.[1] ?? null;
}

const optionOf = (line: string, key: string): string | null =>
  new RegExp(`\\s${key}=(\\S+)`).exec(line)?.[1] ?? null;

/** The driver that a `pci`, `platform` or `driver` line names, unless it is one for user space. */
function driverIn(line: string): string | null {
  const [verb, , third] = line.split(/\s+/, 3);
  const driver =
    verb === 'pci' || verb === 'platform'
      ? optionOf(line, 'driver')
      : verb === 'driver'
        ? (third ?? null)
        : null;
  return driver === null || driver === 'none' || isVfio(driver) ? null : driver;
}

export const isVfio = (driver: string): boolean => /^vfio|^pci-stub$/.test(driver);

/** The text of a line that is a note, else null. */
export const noteIn = (line: string): string | null => (/^\s*note\s/.test(line) ? unquoted(line) : null);

/** The text of every line that is a note, and null of the others. */
export const notesIn = perLine(noteIn);

/** Lines that leave the machine as it is: they look, tell, or move what is drawn. */
const LOOKS = /^\s*(?:#|$|(?:expect|expect-log|note|place|cat|ls|readlink)\s)/;
export const changesMachine = (line: string): boolean => !LOOKS.test(line);

/** Lines that change words of memory or registers, and no object: an earlier look-up's picture still fits. */
const EDITS = /^\s*(?:poke|peek|store|read_register|write_register|hazard|ignore-invalidations)\s/;
export const editsHardware = (line: string): boolean => EDITS.test(line);

const QUOTED = /^\s*(?:machine|note)\s+"((?:[^"\\]|\\.)*)"/;
const unquoted = (line: string): string | null => QUOTED.exec(line)?.[1]?.replace(/\\(.)/g, '$1') ?? null;

const TITLE = '# title: ';

/** Title of a scene: its `# title:`, else the name of its machine, else its first note. */
export function sceneTitle(script: string): string | null {
  const lines = linesOf(script);
  const title = lines
    .find((line) => line.startsWith(TITLE))
    ?.slice(TITLE.length)
    .trim();
  if (title !== undefined && title !== '') return title;
  const machine = lines.find((line) => /^\s*machine\s/.test(line));
  const name =
    machine === undefined
      ? null
      : (unquoted(machine) ?? /^\s*machine\s+([^\s=#]+)(?:\s|$)/.exec(machine)?.[1] ?? null);
  return name ?? noteAt(script, lines.length, 'first');
}

/** What the scene says at this moment: the last note that has run. */
export function noteAt(script: string, cursor: number, which: 'first' | 'last' = 'last'): string | null {
  const run = notesIn(linesOf(script)).slice(0, cursor);
  const isNote = (note: string | null): boolean => note !== null;
  return (which === 'last' ? run.findLast(isNote) : run.find(isNote)) ?? null;
}
