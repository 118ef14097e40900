import { describe, expect, it } from 'vitest';
import { ok } from '../../lib/result';
import { err } from '../kernel/errno';
import { attachGroupHandle } from './attach';
import type { IommuDomain } from './ops';
import type { IopfGroup, PageFault } from './page-fault';
import {
  freeGroup,
  groupResponse,
  IopfQueue,
  iopfQueueAddDevice,
  iopfQueueDiscardPartial,
  iopfQueueFree,
  iopfQueueRemoveDevice,
  reportDeviceFault,
} from './page-fault-report';
import { attachDevicePasid } from './pasid';
import { CoreRig, outcome } from './testing/core-rig';

// Expected results: drivers/iommu/io-pgfault.c of the 7.1 merge window.
const page = (grpid: number, addr: bigint, more: Partial<PageFault> = {}): PageFault => ({
  pasid: null,
  grpid,
  perm: 1,
  addr,
  lastPage: true,
  ...more,
});

/** Device a on a domain that takes faults; what its handler got. */
function setup() {
  let left = Infinity;
  const rig = CoreRig.of(
    ['a', 'b'],
    {},
    {
      traits: () => ({ maxPasids: 64 }),
      fail: { hit: () => --left === 0 },
    },
  );
  const queue = new IopfQueue('mock');
  const got: IopfGroup[] = [];
  const domain = rig.newDomain();
  const faulting: IommuDomain = Object.assign(domain, {
    iopfHandler: (group: IopfGroup) => {
      got.push(group);
      return ok(undefined);
    },
  });
  rig.ok(attachGroupHandle(rig.core, rig.group('a'), { domain: faulting }));
  const device = rig.device('a');
  const report = (fault: PageFault) => outcome(rig.run(reportDeviceFault(rig.core, device, fault)));
  const fail = (nth: number) => (left = nth);
  return { rig, queue, got, domain, device, report, fail };
}

describe('page fault queues', () => {
  it('a device joins once, and only where its driver can answer', () => {
    const { rig, queue, device } = setup();
    expect(outcome(iopfQueueAddDevice(rig.core, queue, device))).toBe('ok');
    expect(outcome(iopfQueueAddDevice(rig.core, queue, device))).toBe('EBUSY');
    const dumb = rig.device('b');
    const { capable, ...rest } = rig.unit;
    dumb.ops = { ...rest, capable, pageResponse: undefined } as unknown as typeof dumb.ops;
    expect(outcome(iopfQueueAddDevice(rig.core, queue, dumb))).toBe('ENODEV');
  });

  it('without memory: ENOMEM, and it is in no queue', () => {
    const { rig, queue, device, fail } = setup();
    fail(1);
    expect(outcome(iopfQueueAddDevice(rig.core, queue, device))).toBe('ENOMEM');
    expect([device.faultParam, queue.members.size]).toEqual([null, 0]);
  });

  it('removing a device from another’s queue is a warning', () => {
    const { rig, queue, device } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    rig.logs();
    iopfQueueRemoveDevice(rig.core, new IopfQueue('other'), device);
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING')]);
    expect(device.faultParam).not.toBeNull();
  });
});

describe('reports', () => {
  it('a lone request is a group of one, answered once', () => {
    const { rig, queue, device, report, got } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    expect(report(page(7, 0x1000n))).toBe('ok');
    expect(got.map(({ faults }) => faults.length)).toEqual([1]);
    rig.run(groupResponse(got[0]!, 'success'));
    rig.run(groupResponse(got[0]!, 'invalid'));
    expect(rig.unit.answers).toEqual(['a 7 success']);
    freeGroup(got[0]!);
    expect(device.faultParam?.users).toBe(1);
  });

  it('requests before the last wait for it, in the order of arrival; those of other groups stay', () => {
    const { rig, queue, device, report, got } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    for (const [grpid, addr] of [
      [1, 0x1000n],
      [2, 0x9000n],
      [1, 0x2000n],
    ] as const)
      expect(report(page(grpid, addr, { lastPage: false }))).toBe('ok');
    expect([got.length, rig.unit.answers]).toEqual([0, []]);
    report(page(1, 0x3000n));
    expect(got[0]!.faults.map(({ addr }) => addr)).toEqual([0x1000n, 0x2000n, 0x3000n]);
    expect(device.faultParam?.partial.map(({ grpid }) => grpid)).toEqual([2]);
  });

  it('nobody attached through a handle, or a domain without a handler: INVALID and EINVAL', () => {
    const { rig, queue, device, report, domain } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    expect(report(page(1, 0x1000n, { pasid: 9 }))).toBe('EINVAL');
    domain.iopfHandler = null;
    expect(report(page(2, 0x1000n))).toBe('EINVAL');
    expect(rig.unit.answers).toEqual(['a 1 invalid', 'a 2 invalid']);
  });

  it('a PASID finds its own handle', () => {
    const { rig, queue, device, report, got } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    const other: IommuDomain = Object.assign(rig.newDomain(), {
      iopfHandler: (group: IopfGroup) => {
        got.push(group);
        return ok(undefined);
      },
    });
    rig.ok(attachDevicePasid(rig.core, device, 9, other, { domain: other }));
    report(page(1, 0x1000n, { pasid: 9 }));
    expect(got[0]!.handle.domain).toBe(other);
  });

  it('where a user has the PASID table every PASID goes to the nested domain without one', () => {
    const { rig, queue, device, report, got, domain } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    Object.assign(rig.unit, { userPasidTable: true });
    expect(report(page(1, 0x1000n, { pasid: 9 }))).toBe('EINVAL');
    domain.type = 'nested';
    expect(report(page(1, 0x1000n, { pasid: 9 }))).toBe('ok');
    expect(got.length).toBe(1);
  });

  it('a device in no queue is a warning, INVALID and EINVAL', () => {
    const { rig, report } = setup();
    rig.logs();
    expect(report(page(1, 0x1000n))).toBe('EINVAL');
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING')]);
    expect(rig.unit.answers).toEqual(['a 1 invalid']);
  });

  it('a handler that fails, or no memory for the group: FAILURE, and the report itself succeeds', () => {
    const { rig, queue, device, report, domain, fail } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    report(page(1, 0x1000n, { lastPage: false }));
    fail(1);
    expect(report(page(1, 0x2000n))).toBe('ok');
    fail(Infinity);
    domain.iopfHandler = () => err('ENOMEM', 'told to fail');
    expect(report(page(2, 0x1000n))).toBe('ok');
    expect(rig.unit.answers).toEqual(['a 1 failure', 'a 2 failure']);
    expect(device.faultParam).toMatchObject({ users: 1, partial: [], pending: [] });
    expect(rig.logs()).toContain('pci a: iopf with pasid 0 aborted');
  });

  it('no memory for a request before the last: ENOMEM, nothing parked', () => {
    const { rig, queue, device, report, fail } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    fail(1);
    expect(report(page(1, 0x1000n, { lastPage: false }))).toBe('ENOMEM');
    expect(device.faultParam?.partial).toEqual([]);
  });
});

describe('a device leaves its queue', () => {
  it('what is pending is answered INVALID and freed under the handler’s hands, the newest first', () => {
    const { rig, queue, device, report, got } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    report(page(3, 0x1000n, { lastPage: false }));
    report(page(1, 0x1000n));
    report(page(2, 0x1000n));
    const param = device.faultParam;
    iopfQueueRemoveDevice(rig.core, queue, device);
    expect(rig.unit.answers).toEqual(['a 2 invalid', 'a 1 invalid']);
    expect(got).toMatchObject([{ freed: true }, { freed: true }]);
    expect([param?.users, device.faultParam, queue.members.size]).toEqual([0, null, 0]);
    rig.run(groupResponse(got[0]!, 'success'));
    expect(rig.unit.answers.length).toBe(2);
  });

  it('a queue that overflowed drops what is incomplete; one that goes lets all devices go', () => {
    const { rig, queue, device, report } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    report(page(3, 0x1000n, { lastPage: false }));
    iopfQueueDiscardPartial(rig.core, queue);
    expect(device.faultParam?.partial).toEqual([]);
    iopfQueueFree(rig.core, queue);
    expect(device.faultParam).toBeNull();
  });

  it('its locks nest as in the kernel: queue->lock, param->lock, fault_param->lock', () => {
    const { rig, queue, device } = setup();
    iopfQueueAddDevice(rig.core, queue, device);
    rig.trace.take();
    iopfQueueRemoveDevice(rig.core, queue, device);
    const locks = rig.trace
      .take()
      .flatMap((event) => (event.kind === 'lock' ? [`${event.op} ${event.lock}`] : []));
    expect(locks).toEqual([
      'acquire queue->lock',
      'acquire param->lock',
      'acquire fault_param->lock',
      'release fault_param->lock',
      'release param->lock',
      'release queue->lock',
    ]);
  });
});
