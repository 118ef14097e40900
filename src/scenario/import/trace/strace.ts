import { IOMMU_COMMANDS, layoutOf } from '../../../engine/uapi/layouts';
import { IOMMU_TEST_CMD_NR } from '../../../engine/uapi/iommufd-test';
import { ioctlNumber } from '../../../engine/uapi/iommufd';
import type { Struct } from '../../../engine/uapi/struct';
import { commandNames } from './constants';
import { numberOf, type ImportedTrace, type TraceCall } from './imported-trace';
import { TraceScene } from './scene';
import { mayBeCall, SyscallReader, type Syscall } from './strace-line';
import { numberText, readStruct } from './strace-struct';
import { Translator } from './translate';
import * as says from '../../../words/scenario/import-trace';

/**
 * What strace prints of a program that uses iommufd or VFIO. It knows the names of their commands and shows of their
 * structures where they are; where a text shows what is in them, in strace's notation, all of it is used.
 *
 * strace: src/ioctl.c; checked against 6.1
 */
export function importStrace(lines: Iterable<readonly [number: number, text: string]>): ImportedTrace | null {
  const calls: Syscall[] = [];
  const reader = new SyscallReader();
  for (const [number, text] of lines) {
    if (!mayBeCall(text)) continue;
    const call = reader.read(text, number);
    if (call !== null) calls.push(call);
  }
  if (!calls.some((call) => isOfIommus(call))) return null;
  const scene = new TraceScene();
  new Reader(scene).run(calls);
  return scene.finish('strace', says.recordedByStrace, 'vfio-pci');
}

const isOfIommus = ({ name, args }: Syscall): boolean =>
  name === 'ioctl' ? commandNames(args[1] ?? '') !== null : /"\/dev\/(?:iommu|vfio\/)/.test(args.join());

const DEVICE_DIR =
  /\/sys\/(?:bus\/(?:pci|platform)\/devices|devices\/.*)\/([^/"]+)\/vfio-dev(?:\/(vfio\d+))?/;

class Reader {
  private readonly translator: Translator;
  /** What sysfs told last, before a node was opened. */
  private looked: string | null = null;
  private readonly nodes = new Map<string, string>();
  private readonly paths = new Map<number, string>();
  private readonly memfds = new Set<number>();

  constructor(private readonly scene: TraceScene) {
    this.translator = new Translator(scene);
  }

  run(calls: readonly Syscall[]): void {
    const read = calls.map((call) => (call.name === 'ioctl' ? this.ioctlOf(call) : null));
    for (const [index, call] of calls.entries()) this.note(call, read[index] ?? null);
    for (const [index, call] of calls.entries()) {
      const ioctl = read[index] ?? null;
      if (ioctl !== null) {
        this.scene.recognised++;
        const path = this.translator.at(ioctl.fd) === null ? this.paths.get(ioctl.fd) : undefined;
        if (path !== undefined) this.opened(path, ioctl.line, ioctl.fd, null);
        this.translator.call(ioctl);
      } else this.other(call);
    }
  }

  /** Memory is made as large as anybody will need it, so that is looked at first. */
  private note(call: Syscall, ioctl: TraceCall | null): void {
    const { buffers } = this.scene;
    if (call.name.startsWith('mmap') && call.returned !== null && call.returned > 0n)
      buffers.told(call.returned, numberText(call.args[1] ?? '') ?? 0n);
    const address = numberOf(ioctl?.fields ?? null, 'user_va') ?? numberOf(ioctl?.fields ?? null, 'vaddr');
    const length = numberOf(ioctl?.fields ?? null, 'length') ?? numberOf(ioctl?.fields ?? null, 'size');
    if (address !== null && length !== null && length > 0n) buffers.used(address, length);
    const fd = numberOf(ioctl?.fields ?? null, 'fd');
    const start = numberOf(ioctl?.fields ?? null, 'start');
    if (fd !== null && start !== null && length !== null) this.scene.fileUsed(Number(fd), start + length);
  }

  /** Null: it is none of IOMMUs. */
  private ioctlOf({ args, line, returned, errno }: Syscall): TraceCall | null {
    const [file = '', command = '', argument = ''] = args;
    const names = commandNames(command);
    if (names === null || returned === null) return null;
    const [name = ''] = names;
    const shown = readStruct(argument, (bytes) => this.layout(name, bytes));
    const single = name === 'VFIO_GROUP_SET_CONTAINER' ? (/^\[(\d+)/.exec(argument)?.[1] ?? null) : null;
    const pointed = single === null ? null : new Map([['fd', BigInt(single)]]);
    this.fdPath(file);
    return {
      line,
      names,
      fd: parseInt(file, 10),
      fields: shown?.fields ?? pointed,
      out: shown?.out ?? new Map(),
      argument: argument === '' ? null : argument,
      errno: returned < 0n ? (errno ?? '?') : null,
      returned: Number(returned),
    };
  }

  private layout(name: string, bytes: Uint8Array): Struct | null {
    const nr = IOMMU_COMMANDS.get(name) ?? IOMMU_TEST_CMD_NR;
    return layoutOf(name, ioctlNumber(nr), bytes);
  }

  /** `9</dev/iommu>` of -y says what a descriptor is, also of one that was opened before the text begins. */
  private fdPath(text: string): void {
    const [, fd, path] = /^(\d+)<([^<>]+)/.exec(text) ?? [];
    if (fd !== undefined && path !== undefined) this.paths.set(Number(fd), path);
  }

  private other(call: Syscall): void {
    const { name, args, returned, errno, line } = call;
    switch (name) {
      case 'open':
      case 'openat': {
        const path = /^"(.*)"$/.exec(args[name === 'open' ? 0 : 1] ?? '')?.[1] ?? '';
        return this.opened(path, line, returned === null ? null : Number(returned), errno);
      }
      case 'memfd_create':
        if (returned !== null && returned >= 0n) this.memfds.add(Number(returned));
        return;
      case 'ftruncate': {
        const fd = parseInt(args[0] ?? '', 10);
        if (this.memfds.has(fd)) this.scene.fileUsed(fd, numberText(args[1] ?? '') ?? 0n);
        return;
      }
      case 'close':
        this.memfds.delete(parseInt(args[0] ?? '', 10));
        return this.closed(parseInt(args[0] ?? '', 10));
    }
  }

  private opened(path: string, line: number, fd: number | null, errno: string | null): void {
    const told = DEVICE_DIR.exec(path);
    if (told !== null) {
      this.looked = told[1] ?? null;
      if (told[2] !== undefined && this.looked !== null) this.nodes.set(told[2], this.looked);
      return;
    }
    if (!/^\/dev\/(?:iommu$|vfio\/)/.test(path) || fd === null) return;
    this.scene.recognised++;
    const node = /^\/dev\/vfio\/devices\/(vfio\d+)$/.exec(path)?.[1];
    if (node !== undefined)
      return fd < 0 ? this.refusedNode(path, line, errno) : this.openedNode(node, fd, line);
    if (path !== '/dev/iommu') this.needsGroup(path, line);
    if (fd < 0) {
      this.scene.act(`open ${path}`, errno ?? '?');
      return;
    }
    const kind = path === '/dev/iommu' ? 'context' : path === '/dev/vfio/vfio' ? 'container' : 'group';
    const name = this.scene.fresh(kind === 'context' ? 'ctx' : kind);
    this.scene.act(`${name} = open ${path}`, null);
    this.translator.open(fd, { kind, name, device: null });
  }

  private refusedNode(path: string, line: number, errno: string | null): void {
    this.scene.remarks.lost(line, says.aDeviceCouldNotBeOpened);
    this.scene.say(`# line ${line}: open ${path} = ${errno ?? '-1'}`);
  }

  private openedNode(node: string, fd: number, line: number): void {
    const known = this.nodes.get(node) ?? this.looked;
    this.looked = null;
    if (known === null) this.scene.remarks.took(line, says.noLineOfTheTextSays);
    const device = known === null ? this.scene.machine.invent() : this.scene.machine.add(known);
    this.nodes.set(node, known ?? device);
    this.scene.translated++;
    this.translator.open(fd, { kind: 'device', name: null, device });
  }

  /** A group's number is that of the machine where it was recorded. */
  private needsGroup(path: string, line: number): void {
    if (/^\/dev\/vfio\/\d+$/.test(path)) this.scene.remarks.took(line, says.theNumberOfThisGroup);
  }

  private closed(fd: number): void {
    const thing = this.translator.forget(fd);
    if (thing === null || thing.name === null) return;
    this.scene.recognised++;
    if (thing.kind === 'context') this.translator.forgetContext(thing.name);
    this.scene.act(
      `${thing.kind === 'device' && thing.context !== null ? 'UNBIND' : 'close'} ${thing.name}`,
      null,
    );
  }
}
