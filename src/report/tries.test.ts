import { expect, it } from 'vitest';
import { createAppStore } from '../store/create';
import { FakeWorker } from '../testing/fake-worker';
import { MACHINE } from '../testing/groups-bench';
import { createEngineClient } from '../worker/client';
import { createEngine } from '../worker/engine';
import { tryAll } from './tries';

async function tried(script: string) {
  const store = createAppStore(createEngineClient(() => new FakeWorker(createEngine())));
  await store.getState().actions.start({ script, cursor: null, selection: null });
  const { objects, actions } = store.getState();
  const told: string[] = [];
  const found = await tryAll(
    objects,
    script,
    actions,
    (done, of) => told.push(`${done}/${of}`),
    () => false,
  );
  return { found, told, objects };
}

/** Two cards behind a PCIe switch on a root port without ACS, and a free slot behind a root port that has it. */
const SWITCH = `machine "Switch" iommu=vtd
pci 00:01.0 root-port bus=01-04
pci 00:02.0 root-port bus=05-05 acs=SV+RR+CR+UF
pci 01:00.0 upstream-port bus=02-04
pci 02:00.0 downstream-port bus=03-03
pci 02:01.0 downstream-port bus=04-04
pci 03:00.0 endpoint driver=nvme
pci 04:00.0 endpoint driver=igc
boot`;

it('asks of each group that has a device for a VM, and says how far it is', async () => {
  const { found, told } = await tried(MACHINE);
  // Two groups with endpoints, one word for the command line; both functions are of one card, which no slot parts.
  expect(told).toEqual(['0/3', '1/3', '2/3', '3/3']);
  expect([...(found?.verdicts.values() ?? [])].map(({ state }) => state)).toEqual([
    'needs-work',
    'needs-work',
  ]);
});

it('finds that the override only makes Linux believe, and that another slot parts', async () => {
  const { found } = await tried(SWITCH);
  const partings = [...(found?.partings.values() ?? [])].flat();
  // The override takes ports without ACS for isolating: every function of the group is alone. Patch: quirks.c pcie_acs_overrides()
  expect(partings.find(({ kind }) => kind === 'boot')).toMatchObject({
    word: 'pcie_acs_override=downstream,multifunction',
    cost: expect.stringContaining('the wires stay as they are'),
  });
  expect(partings.filter(({ kind }) => kind === 'move')).toContainEqual({
    kind: 'move',
    device: '03:00.0',
    port: '00:02.0',
    others: [],
  });
});

it('finds bits that are off and would part when they are on', async () => {
  const { found } = await tried(SWITCH.replace('bus=01-04', 'bus=01-04 acs=SV+RR+CR+UF/SV'));
  const words = [...(found?.partings.values() ?? [])]
    .flat()
    .flatMap((parting) => (parting.kind === 'boot' ? [parting.word] : []));
  expect(words[0]).toBe('pci=config_acs=xx111x1@0000:00:01.0');
});

it('ends when nobody waits for it', async () => {
  const { objects } = await tried('machine "x" iommu=vtd\npci 00:02.0 endpoint\nboot');
  const never = (): Promise<null> => Promise.resolve(null);
  const asking = { readPartition: never, readPassthrough: never };
  expect(
    await tryAll(
      objects,
      '',
      asking,
      () => undefined,
      () => true,
    ),
  ).toBeNull();
});
