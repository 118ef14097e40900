import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../memory/physical-memory';
import { ProcessMemory } from '../memory/process-memory';
import type { PageFault } from './page-fault';
import { IopfQueue, iopfQueueAddDevice, iopfQueueFlush, reportDeviceFault } from './page-fault-report';
import { attachDevicePasid } from './pasid';
import { iommuMmOf, mmPasidDrop, svaBindDevice, svaUnbindDevice } from './sva';
import { CoreRig, outcome } from './testing/core-rig';

// Expected results: drivers/iommu/iommu-sva.c of the 7.1 merge window.
function setup(groups: readonly string[] = ['a', 'b'], pasids: (letter: string) => number = () => 64) {
  const rig = CoreRig.of(groups, {}, { traits: (letter) => ({ maxPasids: pasids(letter) }) });
  const memory = new PhysicalMemory();
  const process = (name: string) => new ProcessMemory(name, memory);
  const bind = (letter: string, mm: ProcessMemory) =>
    rig.run(svaBindDevice(rig.core, rig.device(letter), mm));
  const hardware = () => Object.fromEntries([...rig.unit.pasids].map(([key, { label }]) => [key, label]));
  return { rig, process, bind, hardware };
}

describe('binding a device to a process', () => {
  it('a process has one PASID for all devices, the lowest free from 1 on; devices of a kind share its domain', () => {
    const { process, bind, hardware } = setup();
    const [qemu, other] = [process('qemu'), process('other')];
    bind('a', qemu);
    bind('b', qemu);
    bind('a', other);
    expect(hardware()).toEqual({
      'a/1': 'tables of qemu 1',
      'b/1': 'tables of qemu 1',
      'a/2': 'tables of other 2',
    });
  });

  it('a second bind of the pair is the same bond, and ends with the second unbind', () => {
    const { rig, process, bind, hardware } = setup();
    const qemu = process('qemu');
    const [first, second] = [bind('a', qemu), bind('a', qemu)];
    if (!first.ok || !second.ok) throw new Error('bind');
    expect(second.value).toBe(first.value);
    rig.run(svaUnbindDevice(rig.core, first.value));
    expect(hardware()).toEqual({ 'a/1': 'tables of qemu 1' });
    rig.run(svaUnbindDevice(rig.core, first.value));
    expect([hardware(), iommuMmOf(rig.core, qemu)?.domains]).toEqual([{}, []]);
  });

  it('a process keeps its PASID while it lives', () => {
    const { rig, process, bind } = setup();
    const qemu = process('qemu');
    const bond = bind('a', qemu);
    if (!bond.ok) throw new Error(bond.why);
    rig.run(svaUnbindDevice(rig.core, bond.value));
    expect(bind('a', process('other'))).toMatchObject({ value: { pasid: 2 } });
    mmPasidDrop(rig.core, qemu);
    expect(bind('a', process('third'))).toMatchObject({ value: { pasid: 1 } });
  });

  it('errors in the order of the kernel', () => {
    const { rig, process, bind } = setup(['a', 'b', 'c'], (letter) => ({ a: 64, b: 2, c: 0 })[letter] ?? 0);
    const [one, two] = [process('one'), process('two')];
    expect(outcome(rig.run(svaBindDevice(rig.core, rig.add('z'), one)))).toBe('ENODEV');
    expect(outcome(bind('c', one))).toBe('ENOSPC'); // no PASIDs at all
    expect([outcome(bind('b', one)), outcome(bind('b', two))]).toEqual(['ok', 'ENOSPC']);
    expect([outcome(bind('a', two)), outcome(bind('b', two))]).toEqual(['ok', 'EOVERFLOW']);
    rig.unit.withSva = false;
    expect(outcome(bind('a', process('three')))).toBe('EOPNOTSUPP');
  });

  it('a PASID that is on another kind of domain is EBUSY', () => {
    const { rig, process, bind } = setup();
    const domain = rig.newDomain();
    rig.ok(attachDevicePasid(rig.core, rig.device('a'), 1, domain, { domain }));
    expect(outcome(bind('a', process('qemu')))).toBe('EBUSY');
  });

  it('a group that fails to attach keeps nothing but the process’s PASID', () => {
    const { rig, process, bind } = setup();
    const qemu = process('qemu');
    rig.unit.refusesPasid = () => true;
    expect(outcome(bind('a', qemu))).toBe('ENOMEM');
    expect(iommuMmOf(rig.core, qemu)).toEqual({ pasid: 1, domains: [] });
    expect(rig.group('a').pasidArray.size).toBe(0);
  });
});

describe('page requests of a bound device', () => {
  function bound() {
    const parts = setup();
    const { rig, process, bind } = parts;
    const qemu = process('qemu');
    bind('a', qemu);
    const queue = new IopfQueue('mock');
    iopfQueueAddDevice(rig.core, queue, rig.device('a'));
    const ask = (addr: bigint, perm: number, more: Partial<PageFault> = {}) => {
      const fault = { pasid: 1, grpid: 1, perm, addr, lastPage: true, ...more };
      const reported = outcome(rig.run(reportDeviceFault(rig.core, rig.device('a'), fault)));
      rig.run(iopfQueueFlush(queue));
      return [reported, rig.unit.answers.at(-1)];
    };
    return { ...parts, qemu, ask };
  }
  const mapped = (mm: ProcessMemory, writable: boolean): bigint => {
    const at = mm.mmap(4096, 12, writable);
    if (!at.ok) throw new Error(at.why);
    return at.value.userVa;
  };

  it('are answered as the process’s own accesses would be', () => {
    const { ask, qemu } = bound();
    const [rw, ro] = [mapped(qemu, true), mapped(qemu, false)];
    const [READ, WRITE, EXEC] = [1, 2, 4];
    expect(ask(rw + 5n, READ | WRITE)).toEqual(['ok', 'a 1 success']);
    expect(ask(ro, READ)).toEqual(['ok', 'a 1 success']);
    expect(ask(ro, WRITE)).toEqual(['ok', 'a 1 invalid']);
    expect(ask(rw, EXEC)).toEqual(['ok', 'a 1 invalid']);
    expect(ask(0x1000n, READ)).toEqual(['ok', 'a 1 invalid']);
    expect(qemu.pinnedPages).toBe(0);
  });

  it('one bad page spoils its group', () => {
    const { ask, qemu, rig } = bound();
    const rw = mapped(qemu, true);
    ask(0x1000n, 1, { lastPage: false });
    expect(rig.unit.answers).toEqual([]);
    expect(ask(rw, 1)).toEqual(['ok', 'a 1 invalid']);
  });

  it('of a process that is gone are INVALID', () => {
    const { ask, qemu } = bound();
    const rw = mapped(qemu, true);
    qemu.alive = false;
    expect(ask(rw, 1)).toEqual(['ok', 'a 1 invalid']);
  });
});
