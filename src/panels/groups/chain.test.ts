import { describe, expect, it } from 'vitest';
import type { GroupJoin } from '../../engine/sim/world';
import { find } from '../shared/words';
import {
  chainBetween,
  devicesOf,
  keepingOf,
  lacksAllBits,
  missingBits,
  redirectingOn,
  unaskedOn,
  wayBetween,
} from './chain';
import { MACHINE, worldOf } from '../../testing/groups-bench';

const join = (deviceId: string, withId: string): GroupJoin => ({
  deviceId,
  withId,
  rule: 'acs-bridge',
  why: `${deviceId} and ${withId}`,
  evidence: [],
});
const words = (steps: ReturnType<typeof chainBetween>): string | undefined =>
  steps?.map(({ from, to }) => `${from}>${to}`).join(' ');

describe('the chain of joins between two devices', () => {
  // first ← b ← c, and first ← d: a tree by hand.
  const group = { joins: [join('b', 'first'), join('c', 'b'), join('d', 'first')] };

  it('goes up to what both came in through, and down again', () => {
    expect(words(chainBetween(group, 'c', 'd'))).toBe('c>b b>first first>d');
    expect(words(chainBetween(group, 'd', 'c'))).toBe('d>first first>b b>c');
  });
  it('is one step where one joined the other, in either direction, by the same join', () => {
    expect(words(chainBetween(group, 'c', 'b'))).toBe('c>b');
    expect(words(chainBetween(group, 'b', 'c'))).toBe('b>c');
    expect(chainBetween(group, 'b', 'c')?.[0]?.join).toBe(group.joins[1]);
  });
  it('is not there where the device that both came through is gone with its join', () => {
    const rest = { joins: [join('c', 'gone'), join('d', 'first')] };
    expect(chainBetween(rest, 'c', 'd')).toBeNull();
  });
  it('still goes over a device that is gone, as long as both joins name it', () => {
    const rest = { joins: [join('c', 'gone'), join('d', 'gone')] };
    expect(words(chainBetween(rest, 'c', 'd'))).toBe('c>gone gone>d');
  });
  it('does not hang on joins that go round', () => {
    expect(chainBetween({ joins: [join('a', 'b'), join('b', 'a')] }, 'a', 'x')).toBeNull();
  });
  it('names its devices in order, and apart from them what it looked at', () => {
    const evidence = [
      { deviceId: 'bridge', where: 'ACSCap', what: 'none', missing: [], rule: 'f' },
      { deviceId: 'b', where: 'ACSCap', what: 'none', missing: [], rule: 'f' },
    ];
    const steps = chainBetween({ joins: [{ ...join('b', 'first'), evidence }] }, 'b', 'first');
    expect(devicesOf(steps ?? [])).toEqual({ chain: ['b', 'first'], others: ['bridge'] });
  });
  it('of a machine goes from function to function over the rule that Linux has for them', () => {
    const objects = worldOf(MACHINE);
    const gpu = find(objects, 'dev:0000:01:00.0', 'device');
    const group = find(objects, gpu?.groupId, 'group');
    expect(group?.deviceIds.toSorted()).toEqual(['dev:0000:00:01.0', 'dev:0000:01:00.0', 'dev:0000:01:00.1']);
    const steps = chainBetween(group!, 'dev:0000:01:00.0', 'dev:0000:01:00.1');
    expect(steps?.every(({ join: { rule } }) => rule === 'acs-bridge')).toBe(true);
    expect(devicesOf(steps ?? []).chain).toEqual([
      'dev:0000:01:00.0',
      'dev:0000:00:01.0',
      'dev:0000:01:00.1',
    ]);
  });
});

describe('the way between two devices of different groups', () => {
  const objects = worldOf(MACHINE);
  const device = (bdf: string) => find(objects, `dev:0000:${bdf}`, 'device')!;

  it('goes up to the root complex and down, and tells where groups end', () => {
    const way = wayBetween(objects, device('01:00.0'), device('02:00.0'));
    expect(way.steps.map((step) => [step.device.bdf.slice(5), step.keeping, step.boundary])).toEqual([
      ['01:00.0', 'no-acs', false],
      ['00:01.0', 'no-acs', true],
      ['00:02.0', 'acs-on', true],
      ['02:00.0', 'single-function', false],
    ]);
    expect(way.top).toBeNull();
    expect(way.up).toBe(2);
  });
  it('meets at the bridge above both', () => {
    const way = wayBetween(objects, device('01:00.0'), device('00:01.0'));
    expect(way.steps.map((step) => step.device.bdf.slice(5))).toEqual(['01:00.0', '00:01.0']);
    expect(way.top).toBe('dev:0000:00:01.0');
  });
  it('counts a bit that the capability lacks as on, as Linux does', () => {
    // pci.c pci_acs_flags_enabled(): only bits of the capability, and EC, are asked for.
    expect(missingBits({ acs: { cap: ['SV', 'RR'], ctrl: ['SV', 'RR'] } })).toEqual([]);
    expect(missingBits({ acs: { cap: ['SV', 'RR', 'TB'], ctrl: ['SV'] } })).toEqual(['RR']);
    expect(keepingOf({ ...device('00:02.0'), acs: { cap: [], ctrl: [] } })).toBe('acs-on');
    expect(keepingOf({ ...device('00:02.0'), acs: { cap: ['UF'], ctrl: [] } })).toBe('acs-off');
    expect(keepingOf({ ...device('00:02.0'), kind: 'pcie-to-pci' })).toBe('no-acs');
  });

  it('knows a capability that has none of the bits: nothing could be switched off', () => {
    expect(lacksAllBits({ acs: { cap: ['TB', 'DT'], ctrl: [] } })).toBe(true);
    expect(lacksAllBits({ acs: { cap: ['RR'], ctrl: [] } })).toBe(false);
    expect(lacksAllBits({ acs: null })).toBe(false);
  });
});

describe('where the ways of two devices meet', () => {
  const turn = (ports: string): { readonly redirecting: string; readonly unasked: string } => {
    const objects = worldOf(`machine "switch" iommu=vtd
pci 00:01.0 root-port bus=01-04 acs=SV+RR+CR+UF
pci 01:00.0 upstream-port bus=02-04
pci 02:00.0 downstream-port bus=03-03 ${ports}
pci 02:01.0 downstream-port bus=04-04 ${ports}
pci 03:00.0 endpoint
pci 04:00.0 endpoint
boot`);
    const device = (bdf: string) => find(objects, `dev:0000:${bdf}`, 'device')!;
    const way = wayBetween(objects, device('03:00.0'), device('04:00.0'));
    const names = (devices: ReturnType<typeof unaskedOn>): string =>
      devices.map(({ bdf }) => bdf.slice('0000:'.length)).join(' ');
    return { redirecting: names(redirectingOn(way)), unasked: names(unaskedOn(way)) };
  };
  it('ports with ACS redirect; the root port above the switch is not asked to turn anything', () => {
    expect(turn('acs=SV+RR+CR+UF')).toEqual({ redirecting: '02:00.0 02:01.0', unasked: '' });
  });
  it('ports without are one group with what is below, and are asked nothing for each other', () => {
    expect(turn('')).toEqual({ redirecting: '', unasked: '02:00.0 02:01.0' });
  });
});
