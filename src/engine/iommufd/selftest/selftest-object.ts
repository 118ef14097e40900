import type { Device } from '../../iommu/device';
import { releaseDevice } from '../../iommu/probe';
import type { Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import type { IommufdCtx } from '../ctx';
import { unbindDevice, type IommufdDevice } from '../device';
import { detachDeviceFrom } from '../device-attach';
import { IommufdObject } from '../object';
import type { MockDevice } from './mock-device';
import type { Selftest } from './selftest';

/** A mock device and its binding, in the hands of a user. Linux: selftest.c struct selftest_obj */
export class SelftestObject extends IommufdObject {
  readonly kind = 'selftest';
  readonly worldId: string;
  readonly title: string;

  constructor(
    ctx: IommufdCtx,
    id: number,
    private readonly selftest: Selftest,
    readonly mock: MockDevice,
    readonly device: Device,
    readonly idev: IommufdDevice,
  ) {
    super(ctx, id);
    this.worldId = `selftest:${ctx.number}.${id}`;
    this.title = `mock device ${id} (${mock.name})`;
  }

  /**
   * Linux: iommufd_selftest_destroy()
   *
   * The kernel's detaches the RID alone; PASIDs that are left make it warn and keep their HWPTs for ever.
   */
  override *destroy(): Task<void> {
    const { attaches } = this.idev.igroup;
    for (const pasid of [...attaches.keys()]) yield* detachDeviceFrom(this.idev, pasid);
    yield* unbindDevice(this.idev);
    yield* destroyMockDevice(this.selftest, this.mock, this.device);
  }

  override holders(): { readonly why: string; readonly culprit?: string } {
    return { why: 'a test command has it in hand' };
  }
}

/** Linux: mock_dev_destroy() */
export function* destroyMockDevice(selftest: Selftest, mock: MockDevice, device: Device): Task<void> {
  yield* releaseDevice(selftest.core, device);
  selftest.freeDeviceId(mock.id);
}

/** Linux: iommufd_test_get_selftest_obj() */
export const getSelftestObject = (ctx: IommufdCtx, id: number): Result<SelftestObject> =>
  ctx.objects.get(id, 'selftest');
