import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../testing/run-script';

const runScript = (script: string): ScriptRun['results'] => ScriptRun.of(script).results;

const CARDS = `machine m iommu=vtd
pci 00:01.0 root-port bus=01-04 acs=SV+RR+CR+UF
pci 01:00.0 upstream-port bus=02-04
pci 02:00.0 downstream-port bus=03-03
pci 02:01.0 downstream-port bus=04-04
pci 03:00.0 endpoint id=10de:1b80 class=030000 bars=e0000000-e0ffffff
pci 04:00.0 endpoint id=144d:a808 class=010802 bars=e1000000-e1003fff`;
const OVERRIDE = CARDS.replace('iommu=vtd', 'iommu=vtd cmdline="pcie_acs_override=downstream"');
const line = (script: string, last: string): { readonly result: string; readonly ok: boolean } => {
  const results = runScript(`${script}\nboot\n${last}`);
  const found = results.at(-1);
  if (found === undefined) throw new Error('no line');
  return found;
};

describe('a DMA to another device', () => {
  it('goes past the IOMMU where a switch does not redirect', () => {
    expect(line(CARDS, 'dma 03:00.0 write 0xe1000040 64')).toMatchObject({
      ok: true,
      result: expect.stringMatching(
        /^reached 04:00\.0, past the IOMMU: 02:00\.0 sends it straight on/,
      ) as string,
    });
  });

  it('what pcie_acs_override= says changes groups, and no wire', () => {
    const groups = (script: string): string => line(script, 'ls /sys/kernel/iommu_groups').result;
    expect(groups(OVERRIDE).split(' ').length).toBeGreaterThan(groups(CARDS).split(' ').length);
    expect(line(OVERRIDE, 'dma 03:00.0 write 0xe1000040 64').result).toMatch(
      /^reached 04:00\.0, past the IOMMU/,
    );
  });

  it('is translated like any other where ACS redirects it', () => {
    const safe = CARDS.replaceAll('downstream-port', 'downstream-port acs=SV+RR+CR+UF');
    // Nothing is mapped there: the default domain of a DMA-API device faults.
    expect(line(safe, 'dma 03:00.0 write 0xe1000040 64 ! FAULT').ok).toBe(true);
    expect(
      line(
        `${safe}\nboot\nsetpci 02:00.0 "ECAP_ACS+6.w=0"`.replace('\nboot', ''),
        'dma 03:00.0 write 0xe1000040 64',
      ).result,
    ).toMatch(/^reached 04:00\.0/);
  });
});

describe('setpci', () => {
  const port = 'pci 00:01.0 root-port bus=01-01 acs=SV+RR+CR+UF';
  it('reads and writes the ACS control register, as far as the capability goes', () => {
    expect(line(port, 'setpci 00:01.0 "ECAP_ACS+6.w"').result).toBe('001d');
    expect(line(port, 'setpci 00:01.0 "ECAP_ACS+6.w=ffff"').result).toBe('001d → 001d');
    expect(line(port, 'setpci 00:01.0 "ECAP_ACS+6.w=4:c"').result).toBe(
      '001d → 0015; groups stay until a device is added again',
    );
    expect(line(port, 'setpci 00:01.0 "ECAP_ACS+4.w" is "001d"').ok).toBe(true);
    expect(line(port, 'setpci 00:01.0 "ECAP_ACS+4.w" is "0000"').ok).toBe(false);
    expect(line(port, 'setpci 00:01.0 "HEADER_TYPE"').result).toBe('01');
  });
  it('what was switched off comes back when a driver binds', () => {
    const off = 'setpci 00:01.0 "ECAP_ACS+6.w=0"';
    // Linux: pci_dma_configure(); a control register that the script gives is left alone.
    expect(line(port, `${off}\ndriver 00:01.0 pcieport\nsetpci 00:01.0 "ECAP_ACS+6.w"`).result).toBe('001d');
    const given = port.replace('UF', 'UF/SV');
    expect(line(given, `driver 00:01.0 pcieport\nsetpci 00:01.0 "ECAP_ACS+6.w"`).result).toBe('0001');
  });
  it.each([
    ['setpci 00:01.0 "ECAP_PASID+4.w"', /ECAP_PASID is no register that this machine has/],
    ['setpci 00:01.0 "ECAP_SRIOV+4.w"', /00:01\.0 has no capability ECAP_SRIOV/],
    ['setpci 00:01.0 "ECAP_ACS+6"', /does not say how wide it is/],
    ['setpci 00:01.0 "00.w=1"', /is not written here/],
    ['setpci 00:01.0 "ECAP_ACS+6.b=100"', /has more than one byte/],
    ['setpci 00:01.0 "fff.l"', /beyond the configuration space/],
    ['setpci 00:01.0 "nonsense here"', /is no register of setpci/],
    ['setpci 00:02.0 "COMMAND"', /there is no PCI function 00:02\.0/],
  ])('%s makes no sense, and says why', (text, why) => {
    expect(line(port, text)).toMatchObject({ ok: false, result: expect.stringMatching(why) as string });
  });
});

describe('SR-IOV by sysfs', () => {
  const nic = (more: string): string =>
    `pci 00:01.0 root-port bus=01-02 acs=SV+RR+CR+UF\npci 01:00.0 endpoint sriov=8@128/2:10ed ${more}`;
  const vfs = (count: number): string => `echo ${count} /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs`;
  // Linux: drivers/pci/iov.c sriov_numvfs_store()
  it.each([
    ['driver=igb', `${vfs(9)} ! ERANGE`],
    ['', `${vfs(1)} ! ENOENT`],
    ['driver=vfio-pci', `${vfs(1)} ! ENOENT`],
    ['driver=igb', `${vfs(2)}\n${vfs(3)} ! EBUSY`],
    ['driver=igb', `${vfs(2)}\n${vfs(2)}\n${vfs(0)}\n${vfs(3)}`],
    ['driver=igb', `${vfs(2)}\ndriver 01:00.0 none`],
  ])('%s: %s', (more, lines) => {
    const results = runScript(`${nic(more)}\nboot\n${lines}`);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
  });
  it('gives them the addresses and the device number of the capability, and takes them away', () => {
    const made = runScript(
      `${nic('driver=igb')}\nboot\n${vfs(3)}\nls /sys/bus/pci/devices\ncat /sys/bus/pci/devices/0000:01:10.4/device\n${vfs(0)}\nls /sys/bus/pci/devices`,
    ).map(({ result }) => result);
    expect(made.slice(-5)).toEqual([
      '3 virtual functions',
      '0000:00:01.0 0000:01:00.0 0000:01:10.0 0000:01:10.2 0000:01:10.4',
      '0x10ed',
      '0 virtual functions',
      '0000:00:01.0 0000:01:00.0',
    ]);
  });
  it('needs bus numbers behind the port', () => {
    const far = 'pci 00:01.0 root-port bus=01-01\npci 01:00.0 endpoint sriov=8@256/1 driver=igb';
    const [last] = runScript(`${far}\nboot\n${vfs(1)}`).slice(-1);
    expect(last).toMatchObject({ errno: 'ENOMEM', rule: 'sriov_enable' });
  });
});

describe('remove and rescan by sysfs', () => {
  it('a function that was removed is found again; one that was pulled out is not', () => {
    const results = runScript(`pci 00:03.0 rciep
pci 00:04.0 rciep
boot
echo 1 /sys/bus/pci/devices/0000:00:03.0/remove
remove 00:04.0
ls /sys/bus/pci/devices is ""
echo 1 /sys/bus/pci/rescan
ls /sys/bus/pci/devices is "0000:00:03.0"
echo 1 /sys/bus/pci/rescan
echo x /sys/bus/pci/rescan ! EINVAL`);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results.at(-2)?.result).toBe('nothing new');
  });
  it('its slot is taken meanwhile', () => {
    const results = runScript(`pci 00:03.0 rciep
boot
echo 1 /sys/bus/pci/devices/0000:00:03.0/remove
pci 00:03.0 rciep`);
    expect(results.at(-1)).toMatchObject({
      ok: false,
      result: expect.stringMatching(/rescan finds it/) as string,
    });
  });
});
