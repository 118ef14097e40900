import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { PassthroughVerdict } from '../engine/sim/passthrough/verdict';
import { importMachine } from '../scenario/import/import-machine';
import { worldOf, MACHINE } from '../testing/groups-bench';
import { compileReport } from './compile';
import { markdownOf } from './markdown';
import { NOTHING_TRIED, type GroupReport, type MachineReport, type Tried } from './report';

const compiled = (script: string, tried: Tried = NOTHING_TRIED): MachineReport =>
  compileReport({ objects: worldOf(script), script, tried, opened: null });

const addresses = ({ members }: GroupReport): string => members.map(({ address }) => address).join(' ');
const factOf = ({ facts }: MachineReport, name: string): string | undefined =>
  facts.find((fact) => fact.name === name)?.values.join(' ');

describe('a report of groups', () => {
  it('tells groups of several devices apart from devices alone, and these from bridges', () => {
    const report = compiled(MACHINE);
    expect(report.title).toBe('Bench');
    expect(report.shared.map((group) => addresses(group).split(' ').sort())).toEqual([
      ['00:01.0', '01:00.0', '01:00.1'],
    ]);
    expect(report.single.map(addresses)).toEqual(['02:00.0']);
    expect(report.bridges.map(addresses).sort()).toEqual(['00:02.0', '00:03.0']);
    expect(report.summary).toContain('6 devices in 4 groups.');
    expect(report.summary).toContain('1 device can be given to a VM alone: 02:00.0.');
    expect(report.summary).toContain('1 group only with all that is in it.');
  });
  it('names the register that decides, and what the drivers hold', () => {
    const [group] = compiled(MACHINE).shared;
    const [join] = group?.joins ?? [];
    // Linux: pci_device_group() takes both functions in through the port above, which has no ACS.
    expect(join?.devices.toSorted()).toEqual(['01:00.0', '01:00.1']);
    expect(join?.other).toBe('00:01.0');
    expect(join?.evidence).toContainEqual({
      address: '00:01.0',
      where: 'ACSCap',
      what: 'no ACS capability',
    });
    expect(join?.decidedBy).toContain('pci_acs_flags_enabled()');
    // pcieport is driver_managed_dma and holds nothing.
    expect(group?.held).toEqual([
      { address: '01:00.0', driver: 'nouveau' },
      { address: '01:00.1', driver: 'snd_hda_intel' },
    ]);
  });
  it('tells once what holds for all groups', () => {
    const report = compiled(MACHINE);
    // drivers/iommu/intel: the IOAPIC range of every x86 device. Linux: intel_iommu_get_resv_regions()
    expect(factOf(report, 'Reserved for all')).toBe('0xfee00000–0xfeefffff msi');
    expect(report.shared[0]?.reserved).toEqual([]);
    expect(factOf(report, 'ACS override')).toBe('off');
    const overridden = compiled(
      MACHINE.replace('iommu=vtd', 'iommu=vtd cmdline="pcie_acs_override=downstream"'),
    );
    expect(factOf(overridden, 'ACS override')).toMatch(/^on/);
    expect(factOf(overridden, 'Command line')).toBe('pcie_acs_override=downstream');
  });
  it('says of a group that it is blocked, with the reason', () => {
    const report = compiled(MACHINE);
    const [group] = report.single;
    const verdict: PassthroughVerdict = {
      deviceId: 'dev:0000:02:00.0',
      state: 'blocked',
      summary: '',
      obstacles: [
        {
          kind: 'reserved',
          weight: 'blocks',
          why: 'firmware wants memory',
          errno: 'EINVAL',
          rule: null,
          deviceIds: [],
          remedy: null,
          lines: [],
        },
      ],
      lines: [],
    };
    const blocked = compiled(MACHINE, {
      verdicts: new Map([[group?.id ?? '', verdict]]),
      partings: new Map(),
    });
    expect(blocked.summary).toContain('1 group not as things are.');
    expect(markdownOf(blocked, { link: null, state: null })).toContain('no: Firmware wants memory.');
  });
  it('takes names for text: no markup in Markdown', () => {
    const evil = MACHINE.replace('NVIDIA Corporation GP104 Audio', '<script>x</script> | [y](z) *b*');
    const text = markdownOf(compiled(evil), { link: null, state: null });
    expect(text).toContain('\\<script\\>x\\</script\\> \\| \\[y\\](z) \\*b\\*');
    expect(text).not.toMatch(/[^\\]<script/);
  });
});

const FIXTURES = new URL('../testing/fixtures/groups/', import.meta.url);

describe('recorded machines', () => {
  it.each(['pxb-018', 'acs-042', 'mf-002'])(
    '%s has in its report the groups that its kernel made',
    (name) => {
      const text = gunzipSync(readFileSync(new URL(`${name}.lspci.txt.gz`, FIXTURES))).toString();
      const imported = importMachine(text);
      if (imported.status !== 'ok') throw new Error(imported.why);
      const { shared, single, bridges } = compiled(imported.lines.join('\n'));
      const recorded = Object.values(
        JSON.parse(readFileSync(new URL(`${name}.groups.json`, FIXTURES), 'utf8')) as Record<
          string,
          string[]
        >,
      ).map((members) =>
        members
          .map((bdf) => bdf.replace(/^0000:/, ''))
          .toSorted()
          .join(' '),
      );
      const told = [...shared, ...single, ...bridges].map((group) =>
        addresses(group).split(' ').toSorted().join(' '),
      );
      expect(told.toSorted()).toEqual(recorded.toSorted());
    },
  );
});
