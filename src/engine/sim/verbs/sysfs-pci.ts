import { err, type Failure } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { removeBySysfs, rescan, setNumVfs } from '../hotplug';
import type { Machine } from '../machine';
import type { Outcome } from '../statement';
import { count } from './machine';
import { said } from './verb';

const DEVICE_FILE = /^\/sys\/bus\/pci\/devices\/([^/]+)\/(remove|sriov_numvfs|sriov_drivers_autoprobe)$/;

/** A write to one of the files of PCI; null: it is none of them. Linux: drivers/pci/pci-sysfs.c, iov.c */
export function* writePci(machine: Machine, path: string, word: string): Task<Outcome | null> {
  const number = numberOf(word);
  if (path === '/sys/bus/pci/rescan') {
    if (number === null) return invalid(path, word);
    if (number === 0) return said('written; 0 does nothing');
    const found = yield* rescan(machine);
    return said(found === 0 ? 'nothing new' : `${count(found, 'function')} found`);
  }
  const [, name = '', file] = DEVICE_FILE.exec(path) ?? [];
  const fn = machine.topology.findByName(name);
  if (fn === null || file === undefined) return null;
  if (number === null) return invalid(path, word);
  if (file === 'remove') {
    if (number === 0) return said('written; 0 does nothing');
    const removed = yield* removeBySysfs(machine, fn);
    return removed.ok ? said('removed; a rescan finds it again') : removed;
  }
  if (file === 'sriov_drivers_autoprobe') {
    if (number === 0) machine.withoutVfDrivers.add(name);
    else machine.withoutVfDrivers.delete(name);
    return said('written');
  }
  const made = yield* setNumVfs(machine, fn, number);
  return made.ok ? said(count(number, 'virtual function')) : made;
}

/** Linux: kstrtoul(), base 0 */
const numberOf = (word: string): number | null =>
  /^(?:0x[0-9a-f]{1,4}|[0-9]{1,5})$/i.test(word) && Number(word) < 65536 ? Number(word) : null;

const invalid = (path: string, word: string): Failure =>
  err('EINVAL', `${path} wants a number, not ${word}`, { rule: 'kstrtoul' });
