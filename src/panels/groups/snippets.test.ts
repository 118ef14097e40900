import { describe, expect, it } from 'vitest';
import { find } from '../shared/words';
import { boundFunction, companionsOf, snippetsOf, twinsOf } from './snippets';
import { MACHINE, worldOf } from '../../testing/groups-bench';

const textOf = (title: string, snippets: ReturnType<typeof snippetsOf>): string | undefined =>
  snippets.find((each) => each.title === title)?.text;

describe('snippets for the real machine', () => {
  const objects = worldOf(MACHINE);
  const gpu = find(objects, 'dev:0000:01:00.0', 'device')!;
  const functions = companionsOf(objects, gpu).map((device) => boundFunction(device, MACHINE));

  it('take every function of the group along, but for bridges', () => {
    expect(functions).toEqual([
      { bdf: '0000:01:00.0', id: '10de:1b80', driver: 'nouveau' },
      { bdf: '0000:01:00.1', id: '10de:10f0', driver: 'snd_hda_intel' },
    ]);
  });
  it('of the command line, as the kernel’s parameters are written', () => {
    // Documentation/admin-guide/kernel-parameters.txt intel_iommu=, iommu=; vfio-pci's parameter `ids`.
    const on = (vendor: Parameters<typeof snippetsOf>[1]) =>
      textOf('Kernel command line', snippetsOf(functions, vendor));
    expect(on('vtd')).toBe('intel_iommu=on iommu=pt vfio-pci.ids=10de:1b80,10de:10f0');
    expect(on('amd')).toBe('iommu=pt vfio-pci.ids=10de:1b80,10de:10f0');
    expect(on('smmuv3')).toBe('iommu.passthrough=1 vfio-pci.ids=10de:1b80,10de:10f0');
    expect(on(null)).toBe('vfio-pci.ids=10de:1b80,10de:10f0');
  });
  it('of modprobe.d, with vfio-pci before the devices’ own drivers', () => {
    expect(textOf('/etc/modprobe.d/vfio.conf', snippetsOf(functions, 'vtd'))).toBe(
      [
        'options vfio-pci ids=10de:1b80,10de:10f0',
        'softdep nouveau pre: vfio-pci',
        'softdep snd_hda_intel pre: vfio-pci',
      ].join('\n'),
    );
  });
  it('name a driver’s module where it is called otherwise', () => {
    // xhci_hcd is the driver that sysfs shows; the module that binds PCI devices is xhci_pci.
    const usb = [{ bdf: '0000:05:00.0', id: '1b73:1100', driver: 'xhci_hcd' }];
    expect(textOf('/etc/modprobe.d/vfio.conf', snippetsOf(usb, 'amd'))).toContain('softdep xhci_pci pre:');
  });
  it('of driverctl, by address', () => {
    expect(textOf('driverctl', snippetsOf(functions, 'vtd'))).toBe(
      'driverctl set-override 0000:01:00.0 vfio-pci\ndriverctl set-override 0000:01:00.1 vfio-pci',
    );
  });
  it('keep the device’s own driver although it was unbound by now', () => {
    const script = `${MACHINE}\ndriver 01:00.0 vfio-pci`;
    const now = find(worldOf(script), 'dev:0000:01:00.0', 'device')!;
    expect(now.driver?.name).toBe('vfio-pci');
    expect(boundFunction(now, script).driver).toBe('nouveau');
  });
  it('by id are left out where a text gave names only; twice the same id is said once', () => {
    for (const id of ['ffff:ffff', '8086:ffff']) {
      const nameless = [...functions, { bdf: '0000:01:00.2', id, driver: null }];
      expect(snippetsOf(nameless, 'vtd').map(({ title }) => title)).toEqual([
        'driverctl',
        'Now, until the next boot',
      ]);
    }
    const two = ['0', '1'].map((fn) => ({ bdf: `0000:01:00.${fn}`, id: '8086:1521', driver: 'igb' }));
    expect(textOf('Kernel command line', snippetsOf(two, 'vtd'))).toContain('vfio-pci.ids=8086:1521');
    expect(textOf('/etc/modprobe.d/vfio.conf', snippetsOf(two, 'vtd'))?.match(/softdep/g)).toHaveLength(1);
    expect(snippetsOf([], 'vtd')).toEqual([]);
  });
  it('warn of twins outside the group', () => {
    const script = MACHINE.replace('boot', 'pci 03:00.0 endpoint id=10de:1b80 class=030000\nboot');
    const world = worldOf(script);
    const group = find(world, find(world, gpu.id, 'device')?.groupId, 'group');
    expect(twinsOf(world, group, functions).map(({ bdf }) => bdf)).toEqual(['0000:03:00.0']);
    expect(twinsOf(objects, find(objects, gpu.groupId, 'group'), functions)).toEqual([]);
  });
  it('of a bridge that has no group have nothing to bind', () => {
    const port = { ...find(objects, 'dev:0000:00:01.0', 'device')!, groupId: null };
    expect(companionsOf(objects, port)).toEqual([]);
  });
});
