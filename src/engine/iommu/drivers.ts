import { done } from '../../lib/result';
import { err, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { IommuCore } from './core';
import type { Device, Driver } from './device';
import { unuseDefaultDomain, useDefaultDomain } from './ownership';

/** Every driver of the kernel tree that sets driver_managed_dma, by the name of its module; all others are native. */
const MANAGED: ReadonlySet<string> = new Set([
  'pcieport',
  'pci-stub',
  'vfio-pci',
  'hisi-acc-vfio-pci',
  'ism-vfio-pci',
  'mlx5-vfio-pci',
  'nvgrace-gpu-vfio-pci',
  'pds-vfio-pci',
  'qat_vfio_pci',
  'virtio-vfio-pci',
  'xe-vfio-pci',
  'vfio-platform',
  'vfio-amba',
  'vfio-fsl-mc',
  'vfio-cdx',
]);

/** `hisi_acc_vfio_pci` and `hisi-acc-vfio-pci` are one module to modprobe. */
const sameModule = (name: string): string => name.replaceAll('_', '-');
const MANAGED_MODULES: ReadonlySet<string> = new Set([...MANAGED].map(sameModule));

export const isManagedDriver = (name: string): boolean => MANAGED_MODULES.has(sameModule(name));

/** The driver of that name without anything of its own. */
export function plainDriver(name: string): Driver {
  const module = sameModule(name);
  const probe = PROBES.get(module);
  const bus = busOf(module);
  return { name, managed: isManagedDriver(name), ...(bus ? { bus } : {}), ...(probe ? { probe } : {}) };
}

/** Of a native driver nobody knows: it may be registered with several. */
function busOf(module: string): string | null {
  if (module === 'pcieport' || module === 'pci-stub' || module.endsWith('vfio-pci')) return 'pci';
  return /^vfio-(platform|amba|fsl-mc|cdx)$/.exec(module)?.[1] ?? null;
}

/** Linux: drivers/pci/pcie/portdrv.c pcie_portdrv_probe() */
function probePort(device: Device): Result<undefined> {
  if (device.traits.pciePort === true) return done;
  return err('ENODEV', `${device.name} is no PCI Express port; pcieport drives nothing else`, {
    rule: 'pcie_portdrv_probe',
    culprit: device.worldId,
  });
}

/** Intel's accelerators that a guest could bring the machine down with. Linux: vfio_pci_dev_in_denylist() */
const INTEL = 0x8086;
const DENYLIST: ReadonlySet<number> = new Set([
  0x19e2, 0x19e3, 0x37c8, 0x37c9, 0x0435, 0x0443, 0x0b25, 0x0cfe,
]);

/** Linux: drivers/vfio/pci/vfio_pci.c vfio_pci_probe(), vfio_pci_is_denylisted() */
function probeVfioPci(device: Device): Result<undefined> {
  const { pciId } = device.traits;
  if (pciId?.vendor !== INTEL || !DENYLIST.has(pciId.device)) return done;
  const id = `8086:${pciId.device.toString(16).padStart(4, '0')}`;
  return err('EINVAL', `${id} exists in vfio-pci device denylist, driver probing disallowed.`, {
    rule: 'vfio_pci_is_denylisted',
    culprit: device.worldId,
  });
}

/** Linux: drivers/vfio/platform/vfio_platform_common.c vfio_platform_init_common() */
function probeVfioPlatform(device: Device): Result<undefined> {
  if (device.traits.vfioReset === true) return done;
  return err(
    'ENOENT',
    `no reset function is found for ${device.name}, and VFIO wants to start with a clean one`,
    {
      rule: 'vfio_platform_get_reset',
      culprit: device.worldId,
    },
  );
}

/** What a driver looks at before it takes a device. */
const PROBES: ReadonlyMap<string, (device: Device) => Result<undefined>> = new Map([
  ['pcieport', probePort],
  ['vfio-pci', probeVfioPci],
  ['vfio-platform', probeVfioPlatform],
]);

/** Linux: really_probe(), pci_dma_configure() */
export function* bindDriver(core: IommuCore, device: Device, driver: Driver): Task<Result<undefined>> {
  if (device.driver) {
    return err('EBUSY', `${device.name} is driven by ${device.driver.name}`, {
      rule: 'device_driver_attach',
      culprit: device.worldId,
    });
  }
  const bus = device.traits.platform === true ? 'platform' : 'pci';
  if (driver.bus !== undefined && driver.bus !== bus) {
    return err(
      'ENODEV',
      `${driver.name} drives devices of the bus ${driver.bus}, and ${device.name} is on ${bus}`,
      {
        rule: 'bind_store',
        culprit: device.worldId,
      },
    );
  }
  if (!driver.managed) {
    const allowed = yield* useDefaultDomain(core, device);
    if (!allowed.ok) return allowed;
  }
  device.driver = driver;
  const probed = driver.probe?.(device) ?? done;
  if (probed.ok) return done;
  device.driver = null;
  if (!driver.managed) yield* unuseDefaultDomain(core, device);
  return probed;
}

/**
 * Linux: device_release_driver(), pci_dma_cleanup()
 *
 * While a user holds the device open the kernel does not fail but sleeps until the user lets go
 * (vfio_unregister_group_dev()). A script's line cannot sleep, so it is refused here.
 */
export function* unbindDriver(core: IommuCore, device: Device): Task<Result<undefined>> {
  const bound = device.driver;
  if (!bound) return done;
  if (device.holder) {
    return err(
      'EBUSY',
      `${bound.name} cannot let go of ${device.name}: ${device.holder.why}; the kernel would wait until that ends`,
      {
        rule: 'vfio_unregister_group_dev',
        culprit: device.holder.worldId,
      },
    );
  }
  if (bound.remove) yield* bound.remove(device);
  device.driver = null;
  if (!bound.managed) yield* unuseDefaultDomain(core, device);
  return done;
}
