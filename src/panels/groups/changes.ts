import type { WorldId } from '../../engine/sim/world';
import { addCard, type CardId } from '../../scenario/what-if/add-card';
import { enableVfs, findAgain, removeFunction } from '../../scenario/what-if/at-run-time';
import type { Changed } from '../../scenario/what-if/changed';
import { moveCard } from '../../scenario/what-if/move-card';
import { setAcs } from '../../scenario/what-if/set-acs';
import { setCmdline } from '../../scenario/what-if/set-cmdline';
import { shortBdf } from '../../store/script';
import { ACS_BITS } from '../../words/panels/groups/forms';
import { CHANGE } from '../../words/panels/groups/what-if';

/** One thing that a person would change about the machine. Addresses are those of the machine as it is now. */
export type Change =
  | { readonly kind: 'move'; readonly bdf: string; readonly to: string }
  /** The ACS control register; null: as Linux sets it. */
  | { readonly kind: 'acs'; readonly bdf: string; readonly ctrl: readonly string[] | null }
  | { readonly kind: 'cmdline'; readonly text: string }
  | { readonly kind: 'vfs'; readonly bdf: string; readonly count: number }
  | { readonly kind: 'remove'; readonly bdf: string }
  /** Removed in sysfs, and found anew by a rescan. */
  | { readonly kind: 'rescan'; readonly bdf: string }
  | { readonly kind: 'add'; readonly port: string; readonly card: CardId; readonly name: string };

/** What a change is about: a later one about the same takes its place. Cards can be added one after another. */
const aboutOf = (change: Change): string | null => {
  switch (change.kind) {
    case 'cmdline':
      return 'cmdline';
    case 'add':
      return `add ${change.port}`;
    default:
      return `${change.kind} ${change.bdf}`;
  }
};

export function withChange(changes: readonly Change[], change: Change): readonly Change[] {
  const about = aboutOf(change);
  const at = changes.findIndex((each) => aboutOf(each) === about);
  return at < 0 ? [...changes, change] : changes.with(at, change);
}

export interface Played {
  readonly script: string;
  /** Of each change: why it could not be made; null: it was. */
  readonly refusals: readonly (string | null)[];
  /** Devices that have another address now, from the old id to the new one. */
  readonly renamed: ReadonlyMap<WorldId, WorldId>;
}

/** Makes the changes one after another; one that cannot be made is left out, and the rest still is. */
export function playChanges(script: string, changes: readonly Change[]): Played {
  let now = script;
  const names = new Map<string, string>();
  const refusals = changes.map((change) => {
    const result = made(now, change, (bdf) => names.get(bdf) ?? bdf);
    if (!result.ok) return result.why;
    for (const [from, to] of result.renamed) {
      const first = [...names].find(([, current]) => current === from)?.[0] ?? from;
      names.set(first, to);
    }
    now = result.script;
    return null;
  });
  return {
    script: now,
    refusals,
    renamed: new Map([...names].map(([from, to]) => [`dev:${from}`, `dev:${to}`])),
  };
}

function made(script: string, change: Change, nameNow: (bdf: string) => string): Changed {
  switch (change.kind) {
    case 'move':
      return moveCard(script, nameNow(change.bdf), nameNow(change.to));
    case 'acs':
      return setAcs(script, nameNow(change.bdf), change.ctrl === null ? null : acsBits(change.ctrl));
    case 'cmdline':
      return setCmdline(script, change.text);
    case 'vfs':
      return enableVfs(script, nameNow(change.bdf), change.count);
    case 'remove':
      return removeFunction(script, nameNow(change.bdf));
    case 'rescan':
      return findAgain(script, nameNow(change.bdf));
    case 'add':
      return addCard(script, nameNow(change.port), change.card);
  }
}

/** Spec: PCI Express Base 6.0, 7.7.11.3 "ACS Control Register" */
export const ACS_CONTROL: readonly (readonly [name: string, bit: number, words: string])[] = [
  ['SV', 0x01, ACS_BITS.SV],
  ['TB', 0x02, ACS_BITS.TB],
  ['RR', 0x04, ACS_BITS.RR],
  ['CR', 0x08, ACS_BITS.CR],
  ['UF', 0x10, ACS_BITS.UF],
  ['EC', 0x20, ACS_BITS.EC],
  ['DT', 0x40, ACS_BITS.DT],
];

const acsBits = (names: readonly string[]): number =>
  ACS_CONTROL.reduce((bits, [name, bit]) => (names.includes(name) ? bits | bit : bits), 0);

/** A change as a person would say it. */
export function changeWords(change: Change): string {
  switch (change.kind) {
    case 'move':
      return CHANGE.move(shortBdf(change.bdf), shortBdf(change.to));
    case 'acs':
      return change.ctrl === null
        ? CHANGE.acsOfLinux(shortBdf(change.bdf))
        : CHANGE.acs(shortBdf(change.bdf), change.ctrl.join(' '));
    case 'cmdline':
      return change.text === '' ? CHANGE.noCmdline : CHANGE.cmdline(change.text);
    case 'vfs':
      return CHANGE.vfs(shortBdf(change.bdf), change.count);
    case 'remove':
      return CHANGE.remove(shortBdf(change.bdf));
    case 'rescan':
      return CHANGE.rescan(shortBdf(change.bdf));
    case 'add':
      return CHANGE.add(change.name, shortBdf(change.port));
  }
}
