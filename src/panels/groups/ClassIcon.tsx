import {
  Cpu,
  CircuitBoard,
  Gpu,
  HardDrive,
  Keyboard,
  LockKeyhole,
  MemoryStick,
  Network,
  Split,
  Usb,
  Volume2,
  Wifi,
  type LucideIcon,
} from 'lucide-react';
import type { DeviceObject } from '../../engine/sim/world';

/** By base class, or class and subclass. Spec: PCI Code and ID Assignment, 1 "Class Codes" */
const ICONS: Readonly<Record<number, LucideIcon>> = {
  0x01: HardDrive,
  0x02: Network,
  0x0280: Wifi,
  0x03: Gpu,
  0x04: Volume2,
  0x0400: Gpu,
  0x05: MemoryStick,
  0x06: Split,
  0x09: Keyboard,
  0x0b: Cpu,
  0x0c03: Usb,
  0x0d: Wifi,
  0x10: LockKeyhole,
  0x12: Cpu,
};

/** What sort of device it is; its words stand beside it. */
export function ClassIcon({ device }: { readonly device: DeviceObject }) {
  const { classCode, isBridge } = device;
  const Icon = isBridge ? Split : (ICONS[classCode >>> 8] ?? ICONS[classCode >>> 16] ?? CircuitBoard);
  return <Icon className="class-icon" size={14} strokeWidth={1.75} aria-hidden="true" />;
}
