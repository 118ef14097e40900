import { describe, expect, it } from 'vitest';
import type { Capability } from '../kernel/caller';
import { claimDeviceDmaOwner } from './ownership';
import { setGroupName, sysfsRead, sysfsTree, sysfsWrite } from './sysfs';
import { ALICE, CoreRig, outcome } from './testing/core-rig';
import { CoreUnit } from './testing/core-unit';

// Expected contents: drivers/iommu/iommu.c and iommu-sysfs.c of the 7.1 merge window; Documentation/ABI/testing.
const GROUP = '/sys/kernel/iommu_groups/0';
const read = (rig: CoreRig, path: string) => {
  const text = sysfsRead(rig.core, path);
  return text.ok ? text.value : text.errno;
};
const write = (rig: CoreRig, path: string, text: string, capable?: (capability: Capability) => boolean) =>
  outcome(rig.run(sysfsWrite(rig.core, path, text, capable)));

describe('sysfs', () => {
  it('[A1] a group is a directory, with links to its devices and back', () => {
    const rig = CoreRig.of(['ab']);
    expect(sysfsTree(rig.core)).toMatchObject({
      entries: {
        sys: {
          entries: {
            kernel: {
              entries: {
                iommu_groups: {
                  entries: {
                    0: {
                      entries: {
                        devices: {
                          entries: {
                            a: { kind: 'link', target: '/sys/bus/pci/devices/a' },
                            b: { kind: 'link', target: '/sys/bus/pci/devices/b' },
                          },
                        },
                        reserved_regions: { kind: 'file', mode: 0o444, text: '' },
                        type: { kind: 'file', mode: 0o644, text: 'DMA-FQ\n' },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    });
    expect(read(rig, '/sys/bus/pci/devices/b/iommu_group/type')).toBe('DMA-FQ\n');
    expect(read(rig, '/sys/class/iommu/mock0/devices/b/iommu_group/type')).toBe('DMA-FQ\n');
    expect([read(rig, GROUP), read(rig, `${GROUP}/name`)]).toEqual(['EISDIR', 'ENOENT']);
  });

  it('[A1] reserved_regions: 16 digits, inclusive ends, managed interrupt windows are msi too', () => {
    const unit = new CoreUnit('mock0');
    unit.resv.set('a', [
      { start: 0x800_0000n, last: 0x80f_ffffn, kind: 'sw-msi' },
      { start: 0x8b00_0000n, last: 0x8f7f_ffffn, kind: 'direct-relaxable' },
      { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' },
    ]);
    const rig = new CoreRig([unit], ['a']);
    expect(read(rig, `${GROUP}/reserved_regions`)).toBe(
      '0x0000000008000000 0x00000000080fffff msi\n' +
        '0x000000008b000000 0x000000008f7fffff direct-relaxable\n' +
        '0x00000000fee00000 0x00000000feefffff msi\n',
    );
  });

  it('[A1] a name is there once a driver has set it', () => {
    const rig = CoreRig.of(['a']);
    expect(outcome(setGroupName(rig.core, rig.group('a'), 'gpu'))).toBe('ok');
    expect(read(rig, `${GROUP}/name`)).toBe('gpu\n');
    expect(outcome(setGroupName(rig.core, rig.group('a'), null))).toBe('ok');
    expect(read(rig, `${GROUP}/name`)).toBe('ENOENT');
    // kstrdup(NULL) is NULL, which the kernel takes for a lack of memory.
    expect(outcome(setGroupName(rig.core, rig.group('a'), null))).toBe('ENOMEM');
  });

  it('[A1] devices of two buses with one name are told apart by a number', () => {
    const rig = CoreRig.of(['abc'], {}, { traits: () => ({ kobjectName: 'gpu' }) });
    expect([...rig.group('a').linkNames.values()]).toEqual(['gpu', 'gpu.0', 'gpu.1']);
  });

  it('writing needs both capabilities, before anything is looked at', () => {
    const rig = CoreRig.of(['a']);
    expect(write(rig, `${GROUP}/type`, 'nonsense', (each) => each !== 'CAP_SYS_RAWIO')).toBe('EACCES');
    expect(write(rig, `${GROUP}/type`, 'nonsense', (each) => each !== 'CAP_SYS_ADMIN')).toBe('EACCES');
    expect(write(rig, `${GROUP}/type`, 'nonsense')).toBe('EINVAL');
    expect(write(rig, `${GROUP}/type`, 'dma')).toBe('EINVAL');
    expect(write(rig, `${GROUP}/type`, 'DMA\n\n')).toBe('EINVAL');
    expect(write(rig, `${GROUP}/reserved_regions`, 'x')).toBe('EACCES');
    expect(write(rig, '/sys/kernel/iommu_groups/7/type', 'DMA')).toBe('ENOENT');
  });

  it('every type can be had while nobody has the group; auto is the machine’s choice', () => {
    const rig = CoreRig.of(['ab']);
    const types = ['identity', 'DMA\n', 'DMA-FQ', 'identity', 'auto\n'].map((word) => {
      expect(write(rig, `${GROUP}/type`, word)).toBe('ok');
      return read(rig, `${GROUP}/type`);
    });
    expect(types).toEqual(['identity\n', 'DMA\n', 'DMA-FQ\n', 'identity\n', 'DMA-FQ\n']);
    expect(rig.unit.live.size).toBe(1);
  });

  it('[B12] not while a user owns it: EPERM', () => {
    const rig = CoreRig.of(['a']);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    expect(write(rig, `${GROUP}/type`, 'identity')).toBe('EPERM');
  });

  it('a change that a device refuses leaves the old type and domain', () => {
    const rig = CoreRig.of(['ab']);
    const before = rig.domainOf('a');
    rig.unit.failNth('attach', 2, 'EIO');
    expect(write(rig, `${GROUP}/type`, 'identity')).toBe('EIO');
    expect([read(rig, `${GROUP}/type`), rig.domainOf('a'), rig.domainOf('b')]).toEqual([
      'DMA-FQ\n',
      before,
      before,
    ]);
  });

  it('no memory for a flush queue: ENOMEM, and it stays strict', () => {
    const failing = { on: false };
    const rig = CoreRig.of(
      ['a'],
      {},
      {
        iommu: { passthrough: false, strict: true },
        fail: { hit: (point) => failing.on && point === 'iommu_dma_init_fq' },
      },
    );
    failing.on = true;
    expect(write(rig, `${GROUP}/type`, 'DMA-FQ')).toBe('ENOMEM');
    expect(read(rig, `${GROUP}/type`)).toBe('DMA\n');
  });
});
