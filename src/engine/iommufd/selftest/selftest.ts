import type { IommuCore } from '../../iommu/core';
import type { PhysicalMemory } from '../../memory/physical-memory';
import type { AnyIoctl } from '../ioctl';
import type { IommufdOptions } from '../options';
import { convertCopySource } from './access-file';
import { MockUnit } from './mock-unit';
import { testCommand } from './test-command';

/**
 * What a kernel built with CONFIG_IOMMUFD_TEST has beside iommufd: a mock IOMMU with mock devices, and a command to
 * make them and to look behind the scenes.
 *
 * Linux: drivers/iommu/iommufd/selftest.c
 */
export class Selftest {
  readonly unit: MockUnit;
  readonly command: AnyIoctl;
  private readonly deviceIds = new Set<number>();
  private dmaBufs = 0;

  constructor(
    readonly core: IommuCore,
    readonly memory: PhysicalMemory,
  ) {
    this.unit = new MockUnit(core, memory);
    core.registerUnit(this.unit);
    this.command = testCommand(this);
  }

  /** The lowest free number. Linux: ida_alloc(&mock_dev_ida) */
  allocDeviceId(): number {
    let id = 0;
    while (this.deviceIds.has(id)) id++;
    this.deviceIds.add(id);
    return id;
  }

  freeDeviceId(id: number): void {
    this.deviceIds.delete(id);
  }

  /** For the module. */
  get options(): Pick<IommufdOptions, 'extraCommands' | 'convertCopySource'> {
    return { extraCommands: [this.command], convertCopySource };
  }

  nextDmaBuf(): number {
    return ++this.dmaBufs;
  }
}

/**
 * Gives a machine the mock IOMMU. Its command goes into the module's options:
 * `new Iommufd(core, { ...selftest.options, … })`.
 *
 * Linux: iommufd_test_init()
 */
export const createSelftest = (core: IommuCore, memory: PhysicalMemory): Selftest =>
  new Selftest(core, memory);
