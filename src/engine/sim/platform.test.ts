import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';

function groupsOf(run: ScriptRun): readonly (readonly string[])[] {
  const objects = [...run.simulator.world().values()];
  return objects.flatMap((object) =>
    object.type === 'group' ? [object.deviceIds.map((id) => id.replace(/^dev:(0000:)?/, ''))] : [],
  );
}

/** What a line came to: an errno, or the phrase of a mistake or success. */
const cameTo = (run: ScriptRun, line: string): string => {
  const { errno, result } = run.line(line);
  return errno ?? result;
};

function played(...lines: readonly string[]): ScriptRun {
  const run = ScriptRun.of(lines.join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
}

/** Expected values follow the drivers' device_group in Linux 7.1. */
describe('groups of devices on no PCI bus', () => {
  it.each(['vtd', 'smmuv3', 'riscv'])(
    'one each behind %s, before those of PCI (generic_device_group)',
    (iommu) => {
      const run = played(
        `machine m iommu=${iommu}`,
        'pci 00:02.0 rciep',
        'platform b.uart stream=0x201',
        'platform a.uart stream=0x200',
        'boot',
      );
      expect(groupsOf(run)).toEqual([['b.uart'], ['a.uart'], ['00:02.0']]);
    },
  );

  it('one for all of a device id behind AMD-Vi (acpihid_device_group)', () => {
    const run = played(
      'machine m iommu=amd',
      'platform AMDI0010:00 stream=0xb5',
      'platform AMDI0020:00 stream=0xb6',
      'platform AMDI0010:01 stream=0xb5',
      'boot',
      'expect group:0 joins.0.rule shared-stream',
      'expect group:0 joins.0.evidence.0.rule acpihid_device_group',
    );
    expect(groupsOf(run)).toEqual([['AMDI0010:00', 'AMDI0010:01'], ['AMDI0020:00']]);
  });

  it('one for all of a StreamID behind an SMMU before version 3, PCI functions included (arm_smmu_device_group)', () => {
    const run = played(
      'machine m iommu=none',
      'iommu u0 generic groups=stream',
      'platform a.x iommu=u0 stream=1+2',
      'platform b.x iommu=u0 stream=2+3',
      'platform c.x iommu=u0 stream=4',
      'platform d.x iommu=u0 stream=0x10',
      'pci 00:02.0 rciep iommu=u0',
      'boot',
    );
    expect(groupsOf(run)).toEqual([['a.x', 'b.x'], ['c.x'], ['d.x', '00:02.0']]);
  });

  it('streams of two groups are refused, and with them the whole bus (bus_iommu_probe)', () => {
    const run = ScriptRun.of(
      'machine m iommu=none\niommu u0 generic groups=stream\nplatform a.x iommu=u0 stream=1\nplatform b.x iommu=u0 stream=2\nplatform c.x iommu=u0 stream=1+2\nplatform d.x iommu=u0 stream=3',
    );
    expect(cameTo(run, 'boot')).toBe('EINVAL');
    expect(groupsOf(run)).toEqual([['a.x'], ['b.x']]);
  });

  it('one for all behind an IOMMU with one address space (generic_single_device_group)', () => {
    const run = played(
      'machine m iommu=none',
      'iommu u0 generic groups=single',
      'platform a.x iommu=u0 stream=1',
      'platform b.x iommu=u0 stream=2',
      'pci 00:02.0 rciep iommu=u0',
      'pci 00:03.0 rciep iommu=u0',
      'boot',
    );
    expect(groupsOf(run)).toEqual([['a.x', 'b.x', '00:02.0', '00:03.0']]);
  });

  it('SMMUv3 leaves the second of a StreamID out, whose DMA then goes by the entry of the first (arm_smmu_insert_master)', () => {
    const run = played(
      'machine m iommu=smmuv3',
      'platform a.x stream=0x100 driver=native',
      'platform b.x stream=0x101+0x100',
      'platform c.x stream=0x101',
      'boot',
      'expect-log "platform b.x: Aliasing StreamID 0x100 (from a.x) unsupported, expect DMA to be broken"',
      'expect b.x groupId absent',
      'buf = mmap p 64K',
      'at = dma_map_single a.x buf both',
      'dma a.x write at 64 in=buf',
    );
    // Nothing stays of the refused one: its other StreamID is free.
    expect(groupsOf(run)).toEqual([['a.x'], ['c.x']]);
  });

  it('without an IOMMU there is no group, and DMA is not translated', () => {
    played(
      'machine m iommu=vtd cmdline="intel_iommu=off"',
      'platform a.x iommu=none',
      'platform b.x iommu=dmar0 stream=1',
      'boot',
      'expect a.x ungrouped "firmware puts a.x behind no IOMMU"',
      'expect b.x ungrouped contains "intel_iommu=off"',
      'dma a.x write 0x1000 64',
    );
  });
});

describe('what the kernel does with a platform device', () => {
  const BOARD = [
    'machine m iommu=smmuv3',
    'platform a.x stream=0x100 driver=pl330 msi reset',
    'platform b.x stream=0x101 driver=pl330',
    'platform c.x stream=0x102 driver=vfio-platform reset',
    'boot',
  ];

  it('has it in sysfs, on its own bus', () => {
    played(
      ...BOARD,
      'ls /sys/bus/platform/devices is "a.x b.x c.x"',
      'ls /sys/bus/platform/drivers is "pl330 vfio-platform"',
      'readlink /sys/bus/platform/devices/a.x/driver is "/sys/bus/platform/drivers/pl330"',
      'readlink /sys/bus/platform/devices/a.x/iommu_group is "/sys/kernel/iommu_groups/0"',
      'readlink /sys/kernel/iommu_groups/0/devices/a.x is "/sys/bus/platform/devices/a.x"',
      'readlink /sys/class/iommu/smmu0/devices/a.x is "/sys/bus/platform/devices/a.x"',
    );
  });

  // Linux: vfio_platform_get_reset(), bind_store(), iommu_group_has_isolated_msi(), vfio_df_ioctl_attach_pt()
  it('gives it to user space under the conditions of vfio-platform', () => {
    const run = played(...BOARD, 'ctx = open /dev/iommu', 'ioas = IOAS_ALLOC ctx');
    expect(cameTo(run, 'driver b.x vfio-platform')).toBe('ENOENT');
    expect(cameTo(run, 'driver b.x vfio-pci')).toBe('ENODEV');
    expect(cameTo(run, 'dev = BIND ctx a.x')).toBe('ENOENT');
    expect(cameTo(run, 'dev = BIND ctx c.x')).toBe('EPERM');
    expect(cameTo(run, 'driver a.x vfio-platform')).toBe('bound');
    expect(cameTo(run, 'dev = BIND ctx a.x')).toBe('device 2; group 0 claimed');
    expect(cameTo(run, 'VFIO_DEVICE_GET_INFO dev')).toMatch(/^platform/);
    expect(cameTo(run, 'ATTACH dev ioas pasid=1')).toBe('EOPNOTSUPP');
    expect(cameTo(run, 'ATTACH dev ioas')).toBe('attached to HWPT 3, auto');
    expect(cameTo(run, 'driver a.x none')).toBe('EBUSY');
    expect(cameTo(run, 'UNBIND dev')).toBe('closed');
  });

  it('takes one without isolated messages where somebody says that it does not matter', () => {
    const [, ...rest] = BOARD;
    const run = played('machine m iommu=smmuv3 unsafe-interrupts', ...rest, 'ctx = open /dev/iommu');
    expect(run.line('dev = BIND ctx c.x').ok).toBe(true);
    expect(run.line('expect-log "MSI interrupts are not secure"').ok).toBe(true);
  });

  it('vfio-platform takes no PCI function', () => {
    const run = played('machine m iommu=vtd', 'pci 00:02.0 rciep', 'boot');
    expect(cameTo(run, 'driver 00:02.0 vfio-platform')).toBe('ENODEV');
    expect(cameTo(run, 'driver 00:02.0 vfio-pci')).toBe('bound');
  });

  it('forgets it with its group when it is removed', () => {
    const run = played(...BOARD);
    expect(cameTo(run, 'remove b.x')).toBe('gone');
    expect(groupsOf(run)).toEqual([['a.x'], ['c.x']]);
    expect(run.line('expect b.x absent').ok).toBe(true);
    expect(cameTo(run, 'dma b.x write 0x1000 64')).toBe('there is no device b.x');
  });

  it('keeps addresses of it where firmware says so', () => {
    played(
      'machine m iommu=smmuv3',
      'platform a.x stream=0x100',
      'reserve a.x 0x80000-0x8ffff direct',
      'boot',
      'cat /sys/kernel/iommu_groups/0/reserved_regions contains "0x0000000000080000 0x000000000008ffff direct"',
      'dma a.x write 0x80040 64',
    );
  });
});

describe('the platform line', () => {
  const MACHINE = 'machine m iommu=smmuv3\nplatform a.x stream=1';
  it.each([
    ['platform a.x stream=2', 'there is a device a.x already'],
    ['platform b.x', 'its IOMMU knows a device by the number that its DMA carries: stream= is missing'],
    ['platform b.x iommu=other stream=1', 'no line has made an IOMMU other'],
    ['platform b.x stream=0x10000', 'the id of a stream has 16 bits here'],
    ['platform b.x stream=1+0x1', 'a stream is named twice'],
    ['platform b.x stream=2 pasid=3', 'firmware gives the bits of a PASID, 20 at most: a power of two'],
    [
      'platform 01:00.0 stream=2',
      'the name of platform is written like fe500000.dma-controller, or ARMH0061:00, not "01:00.0"',
    ],
  ])('%s', (line, mistake) => {
    expect(cameTo(ScriptRun.of(MACHINE), line)).toBe(mistake);
  });

  it('comes before boot', () => {
    const run = ScriptRun.of(`${MACHINE}\nboot`);
    expect(run.line('platform b.x stream=2').status).toBe('error');
  });
});
