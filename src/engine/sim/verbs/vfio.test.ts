import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';
import { parseLine } from '../../../scenario/parse';
import { simLineOf } from '../../../worker/sim-line';
import type { IoctlEvent } from '../../trace/event';
import { strace } from '../../uapi/strace';

// Errnos and their order: drivers/vfio/{vfio_main,device_cdev,group,iommufd}.c of the 7.1 merge window.
const MACHINE = [
  'pci 00:01.0 root-port id=8086:1901 bus=01-01 driver=pcieport',
  'pci 01:00.0 endpoint id=10de:2786 class=030000 mf driver=vfio-pci',
  'pci 01:00.1 endpoint id=10de:22bc class=040300 mf driver=vfio-pci',
  'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
];
const on = (...lines: readonly string[]): ScriptRun => {
  const run = ScriptRun.of([...MACHINE, ...lines].join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
};
/** The calls that one more line makes, as strace prints them. */
const callsOf = (run: ScriptRun, line: string): readonly string[] =>
  run.simulator
    .execute(simLineOf(parseLine(line, 99)))
    .events.filter((event): event is IoctlEvent => event.kind === 'ioctl')
    .map((event) => strace(event));

describe('the calls of a vfio device', () => {
  it('are made on bytes, and stand in the log', () => {
    const run = on();
    expect(callsOf(run, 'gpu = BIND ctx 01:00.0')).toEqual([
      'ioctl(dev:0000:01:00.0, VFIO_DEVICE_BIND_IOMMUFD, {argsz=24, flags=0, iommufd=3, token_uuid_ptr=0} => {out_devid=2}) = 0',
    ]);
    expect(callsOf(run, 'hwpt = ATTACH gpu ioas')).toEqual([
      'ioctl(dev:0000:01:00.0, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {argsz=16, flags=0, pt_id=1} => {pt_id=3}) = 0',
    ]);
    expect(callsOf(run, 'REPLACE gpu hwpt')).toHaveLength(1);
    expect(callsOf(run, 'DETACH gpu')).toEqual([
      'ioctl(dev:0000:01:00.0, VFIO_DEVICE_DETACH_IOMMUFD_PT, {argsz=12, flags=0}) = 0',
    ]);
    expect(callsOf(run, 'VFIO_DEVICE_GET_INFO gpu')[0]).toContain('num_regions=9, num_irqs=5');
  });

  it('[C10] [E7] ATTACH of what is attached and REPLACE of what is not are no calls of VFIO', () => {
    const run = on('gpu = BIND ctx 01:00.0');
    expect(callsOf(run, 'REPLACE gpu ioas')).toEqual([]);
    run.line('hwpt = ATTACH gpu ioas');
    expect(callsOf(run, 'ATTACH gpu ioas')).toEqual([]);
    expect(run.line('ATTACH gpu ioas').result).toBe(
      'EBUSY; iommufd_device_attach() alone; through its ioctl vfio would replace',
    );
  });

  const BIND = 0x3b76;
  const ATTACH = 0x3b77;
  const DETACH = 0x3b78;
  const GET_INFO = 0x3b6b;

  it.each([
    [ATTACH, '08000000 00000000 01000000', 'EINVAL', 'argsz is below the end of pt_id'],
    [ATTACH, '0c000000 02000000 01000000', 'EINVAL', 'an unknown flag'],
    [ATTACH, '0c000000 01000000 01000000', 'EINVAL', 'a PASID without room for it'],
    [ATTACH, '0c000000 00000000 63000000', 'ENOENT', 'no such id'],
    [DETACH, '04000000 00000000', 'EINVAL', 'argsz is below the end of flags'],
    [DETACH, '08000000 04000000', 'EINVAL', 'an unknown flag'],
    [DETACH, '08000000 01000000', 'EINVAL', 'a PASID without room for it'],
    [GET_INFO, '08000000 00000000 00000000 00000000', 'EINVAL', 'argsz is below the end of num_irqs'],
    [BIND, '0c000000 00000000 03000000', 'EINVAL', 'argsz is below the end of out_devid'],
    [BIND, '10000000 00000000 ffffffff 00000000', 'EINVAL', 'a negative descriptor'],
    [BIND, '10000000 02000000 03000000 00000000', 'EINVAL', 'an unknown flag'],
    [
      BIND,
      '20000000 00000000 03000000 00000000 0000000000000000 0100000000000000',
      'E2BIG',
      'a tail that says something',
    ],
    [BIND, '10000000 00000000 03000000 00000000', 'EINVAL', 'bound already'],
    [0x3b6f, '00000000', 'ENOTTY', 'a command that vfio-pci has not'],
  ])('%i "%s" is %s: %s', (cmd, bytes, errno) => {
    const run = on('gpu = BIND ctx 01:00.0');
    const came = run.line(`ioctl gpu ${cmd} "${bytes}"`);
    expect(came).toMatchObject({ errno });
    expect(came.why).toMatch(/ /);
  });

  it('a descriptor that is not bound can only be bound', () => {
    const run = on('file = open /dev/vfio/devices/vfio0');
    expect(run.line(`ioctl file ${ATTACH} "00"`).errno).toBe('EINVAL');
    expect(run.line('ioctl file 0x3b6f').errno).toBe('EINVAL');
    // descriptor 9 is not open; 4 is the device itself
    expect(run.line(`ioctl file ${BIND} "10000000 00000000 09000000 00000000"`).errno).toBe('EBADF');
    expect(run.line(`ioctl file ${BIND} "10000000 00000000 04000000 00000000"`).errno).toBe('EBADFD');
    expect(run.line(`ioctl file ${BIND} "18000000 01000000 03000000 00000000 0000000000000000"`).errno).toBe(
      'EFAULT',
    );
    expect(run.line('nic = VFIO_DEVICE_BIND_IOMMUFD file ctx').result).toBe('device 2');
    expect(run.line('hwpt = ATTACH nic ioas').status).toBe('ok');
    run.line('close file');
    expect(run.line('expect group:1 ownerId absent').ok).toBe(true);
    expect(run.line('ATTACH nic ioas')).toMatchObject({
      status: 'error',
      result: 'nic is not there any more',
    });
  });

  it('a second descriptor of a device is no use while the first has it', () => {
    const run = on('gpu = BIND ctx 01:00.0', 'file = open /dev/vfio/devices/vfio1');
    expect(run.line('x = VFIO_DEVICE_BIND_IOMMUFD file ctx').errno).toBe('EINVAL');
    run.line('UNBIND gpu');
    expect(run.line('x = VFIO_DEVICE_BIND_IOMMUFD file ctx').status).toBe('ok');
  });
});

describe('a PASID through vfio', () => {
  it('is attached, replaced and detached for itself, and goes with the device', () => {
    const run = ScriptRun.of(
      [
        'iommu smmu generic pasids=64',
        'pci 00:02.0 rciep id=19e5:a256 class=120000 driver=vfio-pci iommu=smmu pasid=64',
        'ctx = open /dev/iommu',
        'ioas = IOAS_ALLOC ctx',
        'dev = BIND ctx 00:02.0',
        'one = HWPT_ALLOC dev ioas pasid',
        'two = HWPT_ALLOC dev ioas pasid',
        'ATTACH dev one pasid=5',
        'VFIO_DEVICE_ATTACH_IOMMUFD_PT dev two pasid=5',
        'expect two users 1',
        'DETACH dev pasid=5',
        'DETACH dev pasid=5',
        'expect two users 0',
        'ATTACH dev one pasid=64 ! EINVAL',
        'ATTACH dev one pasid=0x80000000 ! ENOSPC',
        'ATTACH dev one pasid=7',
        'UNBIND dev',
        'expect one users 0',
      ].join('\n'),
    );
    expect(run.wrong).toEqual([]);
  });
});

describe('functions that one reset hits', () => {
  it('share the lock under which they are opened and attached', () => {
    const run = on('gpu = BIND ctx 01:00.0', 'sound = BIND ctx 01:00.1', 'nic = BIND ctx 00:02.0');
    run.line('t1 = begin hwpt = ATTACH gpu ioas');
    run.line('step t1');
    expect(run.line('DETACH sound ! WAITS').result).toBe('waits for device->dev_set->lock, held by t1');
    // On a root bus a function is reset alone: vfio_pci_core_register_device()
    expect(run.line('DETACH nic').status).toBe('ok');
    expect(run.line('expect task:t1 holds.0.of dev:0000:00:01.0').ok).toBe(true);
  });
});
