import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';

const MACHINE = `pci 00:00.0 pci iommu=u0
pci 00:01.0 root-port bus=01-01 acs=SV+RR+CR+UF iommu=u0
pci 01:00.0 endpoint mf iommu=u0
pci 01:00.1 endpoint mf iommu=u0
pci 80:00.0 endpoint iommu=u0
pci 0001:00:00.0 endpoint iommu=u1
boot
`;

/** Groups by short names, and the rules of their joins. */
function play(policy: string): { readonly groups: string[][]; readonly rules: string[] } {
  const run = ScriptRun.of(
    `machine board iommu=none\niommu u0 generic groups=${policy}\niommu u1 generic groups=${policy}\n${MACHINE}`,
  );
  expect(run.wrong).toEqual([]);
  const groups = [...run.simulator.world().values()].filter((object) => object.type === 'group');
  return {
    groups: groups.map((group) => group.deviceIds.map((id) => id.replace(/^dev:(0000:)?/, ''))),
    rules: [
      ...new Set(
        groups.flatMap((group) => group.joins.map((join) => `${join.rule} [${join.evidence[0]?.rule}]`)),
      ),
    ],
  };
}

/** Expected values follow drivers/iommu/iommu.c generic_device_group(), generic_single_device_group() and fsl_pamu_domain.c fsl_pamu_device_group(). */
describe('how a driver makes groups', () => {
  it('by the topology, as nearly all do', () => {
    expect(play('pci')).toEqual({
      groups: [['00:00.0'], ['00:01.0'], ['01:00.0', '01:00.1'], ['80:00.0'], ['0001:00:00.0']],
      rules: ['multifunction [get_pci_function_alias_group]'],
    });
  });
  it('one for each device', () => {
    expect(play('device').groups).toHaveLength(6);
  });
  it('one for each IOMMU', () => {
    expect(play('single')).toEqual({
      groups: [['00:00.0', '00:01.0', '01:00.0', '01:00.1', '80:00.0'], ['0001:00:00.0']],
      rules: ['single-group [generic_single_device_group]'],
    });
  });
  it('one for each host bridge', () => {
    expect(play('host-bridge')).toEqual({
      groups: [['00:00.0', '00:01.0', '01:00.0', '01:00.1'], ['80:00.0'], ['0001:00:00.0']],
      rules: ['host-bridge [fsl_pamu_device_group]'],
    });
  });
});
