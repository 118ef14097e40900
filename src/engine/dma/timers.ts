import type { IommuCore } from '../iommu/core';
import { cookieOf, type DmaCookie } from './cookie';

/**
 * There is no clock: whoever plays the time says that it has passed.
 *
 * Linux: drivers/iommu/dma-iommu.c fq_timer; drivers/iommu/iova.c iova_depot_work_func()
 */

/** 10 ms after the first entry: every queue that waits is flushed. Returns how many were. */
export function flushTimeout(core: IommuCore): number {
  const armed = cookies(core).flatMap(({ queue }) => (queue?.timerOn === true ? [queue] : []));
  for (const queue of armed) queue.timeout();
  return armed.length;
}

/** 100 ms after a depot grew, and every 100 ms while it is too large. */
export function trimIovaCaches(core: IommuCore): void {
  for (const { iovas } of cookies(core)) iovas?.trimDepots();
}

const cookies = (core: IommuCore): readonly DmaCookie[] =>
  [...core.groups.values()].flatMap(({ defaultDomain }) => cookieOf(defaultDomain) ?? []);
