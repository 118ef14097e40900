import { expect, test } from 'vitest';
import {
  acsText,
  deviceDetail,
  firmAndDevice,
  deviceTitle,
  domainText,
  formatCount,
  ownerText,
  servedBy,
  shortBdf,
} from './format';
import { find } from './layout/tree';
import { device } from './testing/build';
import { desktop } from './testing/worlds';

const get = (address: string) => find(desktop, `dev:0000:${address}`, 'device')!;

test('PCI domain 0000 goes without saying, another one does not', () => {
  expect([shortBdf('0000:01:00.0'), shortBdf('10000:e1:00.0')]).toEqual(['01:00.0', '10000:e1:00.0']);
});

test('a device without a label is called after its class, a bridge after its kind', () => {
  expect(deviceTitle(device('00:02.0', 'rciep', { className: 'Display controller' }))).toBe(
    'Display controller',
  );
  expect(deviceTitle(device('00:1c.0', 'root-port'))).toBe('Root port');
});

test('a line on a card leaves out what firms add to their names', () => {
  const titled = (label: string) => Object.values(firmAndDevice(device('00:02.0', 'rciep', { label })));
  expect(titled('Red Hat, Inc. QEMU NVM Express Controller')).toEqual([
    'Red Hat',
    'QEMU NVM Express Controller',
  ]);
  expect(titled('Intel Corporation 82574L')).toEqual(['Intel', '82574L']);
  expect(titled('Samsung Electronics Co Ltd NVMe')).toEqual(['Samsung Electronics Co', 'NVMe']);
  expect(titled('Incorporated Corporate Ltdx')).toEqual(['', 'Incorporated Corporate Ltdx']);
});

test('the second line says what the first has not', () => {
  expect(deviceDetail(device('00:02.0', 'rciep', { label: 'x', className: 'Display controller' }))).toBe(
    'Display controller',
  );
  expect(deviceDetail(device('00:02.0', 'rciep', { className: 'Display controller' }))).toBe(
    'Root complex endpoint',
  );
});

test('ACS: not there, off, or the bits that are on', () => {
  const acs = (cap: string[] | null, ctrl: string[] = []) =>
    acsText(device('00:1c.0', 'root-port', { acs: cap && { cap, ctrl } }));
  expect([acs(null), acs(['SV']), acs(['SV', 'RR'], ['RR'])]).toEqual(['no ACS', 'ACS off', 'ACS RR']);
});

test('who owns a group, and where its DMA goes', () => {
  const of = (n: number) => find(desktop, `group:${n}`, 'group')!;
  expect([ownerText(desktop, of(7)), domainText(desktop, of(7))]).toEqual(['iommufd 1', 'HWPT 4']);
  expect([ownerText(desktop, of(3)), domainText(desktop, of(3))]).toEqual(['kernel DMA', 'DMA-FQ']);
  expect([ownerText(desktop, of(0)), domainText(desktop, of(11))]).toEqual(['no owner', 'blocked']);
  const owned = (ownerId: string) => ownerText(desktop, { ...of(0), ownerId, ownerCount: 1 });
  expect([owned('vfio-group:0'), owned('owner:me')]).toEqual(['VFIO', 'me']);
});

test('a device is attached by its own object, or follows its group, or neither', () => {
  expect(['01:00.0', '01:00.1', '00:17.0'].map((a) => servedBy(desktop, get(a)).kind)).toEqual([
    'attached',
    'follows',
    'default',
  ]);
});

test('counts stay narrow', () => {
  expect([0, 512, 1024, 9999, 12_345, 262_144, 999_900, 4_194_304].map(formatCount)).toEqual([
    '0',
    '512',
    '1.0k',
    '10k',
    '12k',
    '262k',
    '1.0M',
    '4.2M',
  ]);
});
