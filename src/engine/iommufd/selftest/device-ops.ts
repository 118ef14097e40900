import { done } from '../../../lib/result';
import type { Device } from '../../iommu/device';
import { NO_PASID } from '../../iommu/group';
import { reportDeviceFault } from '../../iommu/page-fault-report';
import { probeDevice } from '../../iommu/probe';
import { err, ok, type Result } from '../../kernel/errno';
import { sharing, type Task } from '../../kernel/task';
import {
  check_dev_cache,
  IOMMU_TEST_OP_DEV_CHECK_CACHE,
  IOMMU_TEST_OP_MOCK_DOMAIN,
  IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
  IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
  IOMMU_TEST_OP_TRIGGER_IOPF,
  IOMMU_TEST_OP_TRIGGER_VEVENT,
  iommu_viommu_event_selftest,
  IOMMU_VEVENTQ_TYPE_SELFTEST,
  mock_domain_flags,
  mock_domain_replace,
  MOCK_FLAGS_DEVICE_NO_DIRTY,
  MOCK_FLAGS_DEVICE_PASID,
  MOCK_PASID_WIDTH,
  trigger_iopf,
  trigger_vevent,
} from '../../uapi/iommufd-test';
import { encode, type FieldsOf } from '../../uapi/struct';
import { bindDevice, unbindDevice } from '../device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../device-attach';
import { MockDevice, mockDevice } from './mock-device';
import { destroyMockDevice, getSelftestObject, SelftestObject } from './selftest-object';
import type { Selftest } from './selftest';
import { defineTestOp, type TestCall } from './test-op';

type MockDomainArgs = FieldsOf<typeof mock_domain_flags>;

/** A device appears on the mock bus. Linux: mock_dev_create() */
function* createMockDevice(
  selftest: Selftest,
  flags: number,
): Task<Result<{ readonly mock: MockDevice; readonly device: Device }>> {
  const rule = 'mock_dev_create';
  const { core } = selftest;
  if ((flags & ~(MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_PASID)) !== 0)
    return err('EINVAL', `${flags} is no set of mock device flags`, { rule });
  // The device, its number, its name, its properties.
  for (let step = 0; step < 4; step++) {
    if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for a mock device', { rule });
  }
  const mock = new MockDevice(selftest.allocDeviceId(), (flags & MOCK_FLAGS_DEVICE_NO_DIRTY) !== 0);
  // Without PASIDs its property says 0 bits of them, and that is one PASID.
  const bits = (flags & MOCK_FLAGS_DEVICE_PASID) !== 0 ? MOCK_PASID_WIDTH : 0;
  const device = core.addDevice(mock, { maxPasids: 2 ** bits });
  const probed = yield* probeDevice(core, device, () => ({ kind: 'new' }));
  if (probed.ok) return ok({ mock, device });
  core.devices.delete(device.name);
  selftest.freeDeviceId(mock.id);
  return probed;
}

/**
 * A new mock device, bound to this context and attached to `id`: an IOAS or a HWPT.
 *
 * Linux: iommufd_test_mock_domain()
 */
function* mockDomain(call: TestCall<MockDomainArgs>): Task<Result<undefined>> {
  const { selftest, ctx } = call;
  const id = ctx.objects.reserve();
  if (!id.ok) return id;
  const flags = call.op === IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS ? call.args.dev_flags : 0;
  const made = yield* createMockDevice(selftest, flags);
  if (!made.ok) {
    ctx.objects.release(id.value);
    return made;
  }
  const { mock, device } = made.value;
  const result = yield* bindAndAttach(call, id.value, mock, device);
  if (!result.ok) {
    yield* destroyMockDevice(selftest, mock, device);
    ctx.objects.release(id.value);
  }
  return result;
}

function* bindAndAttach(
  call: TestCall<MockDomainArgs>,
  id: number,
  mock: MockDevice,
  device: Device,
): Task<Result<undefined>> {
  const { ctx, selftest, args } = call;
  const bound = yield* bindDevice(ctx, device);
  if (!bound.ok) return bound;
  const idev = bound.value;
  const attached = yield* attachDeviceTo(idev, NO_PASID, call.id);
  if (attached.ok) {
    args.out_hwpt_id = attached.value.id;
    args.out_stdev_id = id;
    args.out_idev_id = idev.id;
    const responded = call.respond();
    if (responded.ok) {
      ctx.objects.finalize(new SelftestObject(ctx, id, selftest, mock, device, idev));
      return done;
    }
    yield* detachDeviceFrom(idev, NO_PASID);
    yield* unbindDevice(idev);
    return responded;
  }
  yield* unbindDevice(idev);
  return attached;
}

/** Linux: iommufd_test_mock_domain_replace() */
const replace = defineTestOp({
  nr: IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
  layout: mock_domain_replace,
  *execute({ ctx, id, args, respond }) {
    const found = getSelftestObject(ctx, id);
    if (!found.ok) return found;
    const replaced = yield* replaceDevice(found.value.idev, NO_PASID, args.pt_id);
    if (replaced.ok) args.pt_id = replaced.value.id;
    const result = replaced.ok ? respond() : replaced;
    ctx.objects.put(found.value);
    return result;
  },
});

/** A page request as the device's hardware would send it; nobody hears whether it was refused. Linux: iommufd_test_trigger_iopf() */
const triggerIopf = defineTestOp({
  nr: IOMMU_TEST_OP_TRIGGER_IOPF,
  layout: trigger_iopf,
  *execute({ ctx, args }) {
    const found = ctx.objects.get(args.dev_id, 'device');
    if (!found.ok) return found;
    const { pasid, grpid, perm, addr } = args;
    yield* reportDeviceFault(ctx.core, found.value.device, {
      pasid: pasid === NO_PASID ? null : pasid,
      grpid,
      perm,
      addr,
      lastPage: true,
    });
    ctx.objects.put(found.value);
    return done;
  },
});

/** Something happened to the device that its VM wants to know. Linux: iommufd_test_trigger_vevent() */
const triggerVevent = defineTestOp({
  nr: IOMMU_TEST_OP_TRIGGER_VEVENT,
  layout: trigger_vevent,
  *execute({ ctx, args }) {
    const found = ctx.objects.get(args.dev_id, 'device');
    if (!found.ok) return found;
    const mock = mockDevice(found.value.device.client);
    const result = yield* sharing(mock.viommuRwsem, () => reportVevent(mock));
    ctx.objects.put(found.value);
    return result;
  },
});

function reportVevent(mock: MockDevice): Result<undefined> {
  if (!mock.viommu || mock.vdevId === 0n) {
    return err('ENOENT', `${mock.name} is on no domain of a vIOMMU`, { rule: 'iommufd_test_trigger_vevent' });
  }
  const event = encode(iommu_viommu_event_selftest, { virt_id: Number(BigInt.asUintN(32, mock.vdevId)) });
  return mock.viommu.handle.reportEvent(IOMMU_VEVENTQ_TYPE_SELFTEST, event);
}

/** Linux: iommufd_test_dev_check_cache() */
const checkCache = defineTestOp({
  nr: IOMMU_TEST_OP_DEV_CHECK_CACHE,
  layout: check_dev_cache,
  *execute({ ctx, id, args }) {
    const found = ctx.objects.get(id, 'device');
    if (!found.ok) return found;
    const held = mockDevice(found.value.device.client).cache[args.id];
    ctx.objects.put(found.value);
    if (held === args.cache) return done;
    return err('EINVAL', `word ${args.id} is ${held ?? 'not there'}, not ${args.cache}`, {
      rule: 'iommufd_test_dev_check_cache',
    });
  },
});

export const deviceOps = [
  defineTestOp({ nr: IOMMU_TEST_OP_MOCK_DOMAIN, layout: mock_domain_flags, execute: mockDomain }),
  defineTestOp({ nr: IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, layout: mock_domain_flags, execute: mockDomain }),
  replace,
  triggerIopf,
  triggerVevent,
  checkCache,
] as const;
