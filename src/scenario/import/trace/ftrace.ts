import { formatSize } from '../../literal';
import type { ImportedTrace } from './imported-trace';
import { TraceScene } from './scene';
import * as says from '../../../words/scenario/import-trace';

/**
 * The kernel's own events of its IOMMU core, as `trace-cmd report`, perf script or /sys/kernel/tracing/trace print them. They
 * name devices and addresses, and no domain: a mapping is taken to be in the domain of the device attached last.
 *
 * Linux: include/trace/events/iommu.h
 */
export function importFtrace(lines: Iterable<readonly [number: number, text: string]>): ImportedTrace | null {
  const scene = new TraceScene();
  const reader = new Reader(scene);
  for (const [line, text] of lines) {
    const [, name, rest] = EVENT.exec(text) ?? [];
    if (name === undefined || rest === undefined) continue;
    scene.recognised++;
    reader.event(name, rest.trim(), line);
  }
  return scene.recognised === 0 ? null : scene.finish('ftrace', says.recordedByFtrace, null);
}

const EVENT =
  /[\s:](add_device_to_group|remove_device_from_group|attach_device_to_domain|detach_device_from_domain|map|unmap|io_page_fault):\s*IOMMU:\s*(.*)$/;

/** Linux: include/linux/iommu.h */
const FAULT_WRITE = 1n;

class Reader {
  /** The domain of each device, the one attached last behind all others. */
  private readonly domains = new Map<string, string>();
  private readonly groups = new Map<number, string>();

  constructor(private readonly scene: TraceScene) {}

  event(name: string, text: string, line: number): void {
    switch (name) {
      case 'add_device_to_group':
        return this.added(text, line);
      case 'remove_device_from_group':
        return this.removed(text);
      case 'attach_device_to_domain':
        return this.attached(text, line);
      case 'detach_device_from_domain':
        return this.detached(text);
      case 'io_page_fault':
        return this.faulted(text, line);
      default:
        return this.mapped(name, text, line);
    }
  }

  private added(text: string, line: number): void {
    const [, group, name] = /groupID=(\d+)\s+device=(\S+)/.exec(text) ?? [];
    if (group === undefined || name === undefined) return this.lost(line);
    const device = this.scene.machine.add(name, Number(group));
    const other = this.groups.get(Number(group));
    if (other !== undefined && other !== device) this.scene.remarks.took(line, says.devicesShareAGroup);
    this.groups.set(Number(group), device);
    this.scene.translated++;
  }

  private removed(text: string): void {
    const device = deviceIn(text);
    if (device === null || !this.scene.machine.has(device)) return;
    const name = this.scene.machine.add(device);
    this.scene.act(`remove ${name}`, null);
    this.domains.delete(name);
  }

  private attached(text: string, line: number): void {
    const told = deviceIn(text);
    if (told === null) return this.lost(line);
    const device = this.scene.machine.add(told);
    const before = this.domains.get(device);
    if (before !== undefined) this.scene.say(`iommu_detach_device ${before} ${device}`);
    const domain = this.scene.fresh('domain');
    this.scene.say(`${domain} = iommu_paging_domain_alloc ${device}`);
    this.scene.act(`iommu_attach_device ${domain} ${device}`, null);
    this.domains.delete(device);
    this.domains.set(device, domain);
    this.scene.remarks.took(line, says.theEventDoesNotSay);
  }

  private detached(text: string): void {
    const told = deviceIn(text);
    const device = told === null ? null : this.scene.machine.add(told);
    const domain = device === null ? undefined : this.domains.get(device);
    if (device === null || domain === undefined) return;
    this.scene.act(`iommu_detach_device ${domain} ${device}`, null);
    this.domains.delete(device);
  }

  private mapped(name: string, text: string, line: number): void {
    const number = (word: string): bigint | null => {
      const value = new RegExp(`\\b${word}=(0x[0-9a-f]+|\\d+)`, 'i').exec(text)?.[1];
      return value === undefined ? null : BigInt(value);
    };
    const [iova, size] = [number('iova'), number('size')];
    if (iova === null || size === null) return this.lost(line);
    const domain = this.lastDomain(line);
    if (name === 'unmap') {
      const done = number('unmapped_size');
      if (done !== null && done !== size) this.scene.remarks.took(line, says.lessWasUnmappedThanWasAsked);
      this.scene.act(`iommu_unmap ${domain} ${hex(iova)} ${formatSize(size)}`, null);
      return;
    }
    const pa = number('paddr');
    if (pa === null) return this.lost(line);
    this.scene.remarks.took(line, says.theEventDoesNotSayWhether);
    this.scene.act(`iommu_map ${domain} ${hex(iova)} ${hex(pa)} ${formatSize(size)} rw`, null);
  }

  /** Of the device that was attached last; one is made for a recording that begins later. */
  private lastDomain(line: number): string {
    const last = [...this.domains.values()].at(-1);
    if (last !== undefined) return last;
    const device = this.scene.machine.invent();
    const domain = this.scene.fresh('domain');
    this.scene.remarks.took(line, says.noEventSaysWhoseMapping);
    this.scene.say(`${domain} = iommu_paging_domain_alloc ${device}`);
    this.scene.say(`iommu_attach_device ${domain} ${device}`);
    this.domains.set(device, domain);
    return domain;
  }

  private faulted(text: string, line: number): void {
    const [, name, iova, flags] =
      /^(?:\S+\s+)?(\S+)\s+iova=(0x[0-9a-f]+)\s+flags=(0x[0-9a-f]+)/i.exec(text) ?? [];
    if (name === undefined || iova === undefined) return this.lost(line);
    const device = this.scene.machine.add(name);
    const access = (BigInt(flags ?? '0') & FAULT_WRITE) === 0n ? 'read' : 'write';
    this.scene.act(`dma ${device} ${access} ${hex(BigInt(iova))} 4`, 'FAULT');
  }

  private lost(line: number): void {
    this.scene.remarks.lost(line, says.thisEventIsNotWritten);
  }
}

const deviceIn = (text: string): string | null => /\bdevice=(\S+)/.exec(text)?.[1] ?? null;
const hex = (value: bigint): string => `0x${value.toString(16)}`;
