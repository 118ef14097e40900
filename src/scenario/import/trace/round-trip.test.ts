import { describe, expect, it } from 'vitest';
import { strace } from '../../../engine/uapi/strace';
import { ranOf } from '../../../testing/recorded-scenes';
import { scenarioFiles } from '../../../testing/run-script';
import { recordingOf } from '../../export/recording';
import { straceText } from '../../export/strace-text';
import { importTrace } from './import-trace';

// A scene's calls as strace prints them, read again: the same calls with the same answers, on the scene's own machine.

/** What strace does not see and calls depend on: other drivers, the kernel's own hand, what is made to fail, other threads. */
const OUTSIDE =
  /^[^#\n]*\b(?:driver|echo|refuse|fail-nth|begin|munmap|ACCESS|unbind|remove|ioctl|setpci|hazard|exit|pci_dev_\w+|iommu_\w+|dma_set_mask\w*|page-request|iommu_sva\w+) /m;
const MACHINE = /^(?:machine|pci|platform|iommu|reserve)\b/;

/** Numbers that no recording has: where structures lie, which descriptors were free. */
const anonymous = (call: string): string =>
  call
    .replace(/^ioctl\([^,]+, /, 'ioctl(')
    .replace(/\b(user_va|vaddr|uptr|allowed_iovas|data_uptr|data)=0x[0-9a-f]+/g, '$1=ADDRESS')
    .replace(/\b(iommufd|fd|out_\w+_fd)=-?\d+/g, '$1=FD')
    .replace(/(VFIO_GROUP_GET_DEVICE_FD), \w+\)/, '$1)');

type Ran = ReturnType<typeof ranOf>;
const callsOf = ({ events }: Ran): readonly string[] =>
  events.flatMap(({ events: calls }) =>
    calls.flatMap((event) => (event.kind === 'ioctl' ? [anonymous(strace(event))] : [])),
  );

const scenes = scenarioFiles().filter(
  ({ script }) => /^[^#\n]*\bopen \/dev\/iommu/m.test(script) && !OUTSIDE.test(script),
);
const isFull = process.env['FULL'] === '1';
const today = scenes.filter((_, index) => isFull || index % 6 === 0);

describe('strace text of a scene, imported', () => {
  it('there are scenes that only make calls', () => {
    expect(scenes.length).toBeGreaterThan(30);
  });

  it.each(today)(
    '$name makes the same calls again',
    ({ script }) => {
      const ran = ranOf(script);
      const imported = importTrace(straceText(recordingOf(ran)));
      expect(imported?.remarks.filter(({ isLoss }) => isLoss)).toEqual([]);
      const lines = imported?.lines ?? [];
      const machine = script.split('\n').filter((line) => MACHINE.test(line));
      const again = ranOf([...machine, ...lines.slice(lines.indexOf('boot'))].join('\n'));
      expect(callsOf(again)).toEqual(callsOf(ran));
      expect(again.results.filter(({ ok }) => !ok)).toEqual([]);
    },
    60_000,
  );
});
