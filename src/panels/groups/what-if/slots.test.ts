import { expect, it } from 'vitest';
import { MACHINE } from '../../../testing/groups-bench';
import { partitionOf } from '../../../worker/partition';
import { compareSlots } from './slots';

const groupsOf = (script: string) => Promise.resolve(partitionOf(script));

it('tries a card in every free slot, and says with whom it would be', async () => {
  // Linux: drivers/iommu/iommu.c pci_device_group(): behind a port with ACS only the card's own functions stay together.
  expect(await compareSlots(MACHINE, '0000:01:00.0', groupsOf)).toEqual([
    { port: '00:03.0', others: ['dev:0000:03:00.1'] },
    { port: null, others: ['dev:0000:00:01.0', 'dev:0000:01:00.1'] },
  ]);
});
it('leaves out a slot that the card does not go into', async () => {
  // A root-bus function is on no card.
  expect(await compareSlots(MACHINE, '0000:00:02.0', groupsOf)).toEqual([{ port: null, others: [] }]);
});
