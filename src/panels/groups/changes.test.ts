import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { changeWords, playChanges, withChange, type Change } from './changes';
import { MACHINE } from '../../testing/groups-bench';

const bits = (ctrl: readonly string[] | null): Change => ({ kind: 'acs', bdf: '0000:00:02.0', ctrl });
const MOVE: Change = { kind: 'move', bdf: '0000:01:00.0', to: '0000:00:03.0' };

/** Groups of a script's machine, by the addresses in them. */
function groupsOf(script: string): readonly string[] {
  const run = ScriptRun.of(script);
  expect(run.wrong).toEqual([]);
  return [...run.simulator.world().values()]
    .flatMap((object) =>
      object.type === 'group'
        ? [
            object.deviceIds
              .map((id) => id.slice('dev:0000:'.length))
              .toSorted()
              .join(' '),
          ]
        : [],
    )
    .toSorted();
}

describe('changes of a machine', () => {
  it('about the same thing take each other’s place; others queue up', () => {
    const one = withChange(withChange([], bits(['SV'])), MOVE);
    expect(withChange(one, bits(null))).toEqual([bits(null), MOVE]);
    const cmdline: Change = { kind: 'cmdline', text: 'iommu=pt' };
    expect(withChange(withChange(one, cmdline), { kind: 'cmdline', text: '' })).toHaveLength(3);
  });
  it('move a card out of its bad slot: the port that it leaves is alone then, and the card shares less', () => {
    const { script, refusals, renamed } = playChanges(MACHINE, [MOVE]);
    expect(refusals).toEqual([null]);
    // Behind a port with ACS the two functions, which have none of their own, still share a group.
    expect(groupsOf(script)).toEqual(['00:01.0', '00:02.0', '00:03.0', '02:00.0', '03:00.0 03:00.1']);
    expect([...renamed]).toEqual([
      ['dev:0000:01:00.0', 'dev:0000:03:00.0'],
      ['dev:0000:01:00.1', 'dev:0000:03:00.1'],
    ]);
  });
  it('go on with the new address of what was moved', () => {
    const remove: Change = { kind: 'remove', bdf: '0000:01:00.1' };
    const { script, refusals } = playChanges(MACHINE, [MOVE, remove]);
    expect(refusals).toEqual([null, null]);
    expect(script).toContain('remove 03:00.1');
    const back: Change = { kind: 'move', bdf: '0000:01:00.0', to: '0000:00:01.0' };
    expect([...playChanges(MACHINE, [MOVE, back]).renamed]).toEqual([
      ['dev:0000:01:00.0', 'dev:0000:01:00.0'],
      ['dev:0000:01:00.1', 'dev:0000:01:00.1'],
    ]);
  });
  it('take isolation away: without RR, what is behind the port joins it', () => {
    const { script } = playChanges(MACHINE, [bits(['SV', 'CR', 'UF'])]);
    expect(groupsOf(script)).toContain('00:02.0 02:00.0');
    const again = playChanges(script, [bits(null)]).script;
    expect(groupsOf(again)).toEqual(groupsOf(MACHINE));
  });
  it('plug a card in and make virtual functions of it', () => {
    const { script, refusals } = playChanges(MACHINE, [
      { kind: 'add', port: '00:03.0', card: 'sriov-nic', name: 'a card' },
      { kind: 'vfs', bdf: '03:00.0', count: 2 },
    ]);
    expect(refusals).toEqual([null, null]);
    // 82599: First VF Offset 128, VF Stride 2, as lspci prints them.
    expect(groupsOf(script)).toEqual(expect.arrayContaining(['03:00.0', '03:10.0', '03:10.2']));
  });
  it('say why one cannot be made, and make the others', () => {
    const taken: Change = { kind: 'move', bdf: '0000:01:00.0', to: '0000:00:02.0' };
    const { script, refusals } = playChanges(MACHINE, [taken, bits(['SV'])]);
    expect(refusals[0]).toContain('taken');
    expect(refusals[1]).toBeNull();
    expect(script).not.toBe(MACHINE);
    expect(playChanges(MACHINE, [taken]).script).toBe(MACHINE);
  });
  it('are said in words', () => {
    expect([MOVE, bits(null), bits([])].map(changeWords)).toEqual([
      'The card of 01:00.0 goes to the slot behind 00:03.0',
      'ACS of 00:02.0 as Linux sets it',
      'ACS of 00:02.0: all off',
    ]);
  });
});
