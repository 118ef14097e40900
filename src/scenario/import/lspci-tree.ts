import { devfnOf, formatBdf } from '../../engine/pci/address';
import { MOST_FUNCTIONS, type Records, type SectionReader } from './facts';
import { newRecord } from './record';
import type { TextLine } from './text-lines';

interface Bus {
  readonly domain: number;
  readonly bus: number;
}

/** Where branches go off: the column of their `+` or `\`. */
interface Fork {
  readonly column: number;
  /** Null where the branches are buses themselves. */
  readonly bus: Bus | null;
}

const DEVICE = /^([01][0-9a-f])\.([0-7])/i;
const ROOT_BUS = /^\[(?:([0-9a-f]{4,8}):)?([0-9a-f]{2})\]-/i;
const BEHIND = /^-\[([0-9a-f]{2})(?:-([0-9a-f]{2}))?\]-/i;
const NAMED_IDS = / \[([0-9a-f]{4}):([0-9a-f]{4})\]$/i;
const BARE_IDS = /^(?:Device )?([0-9a-f]{4}):([0-9a-f]{4})$/i;

/** What lines of a tree begin with, blanks aside. */
const STARTS = '-+|\\';

/**
 * `lspci -t`: where each function hangs. Columns carry the meaning, so that a line whose indentation is lost is not
 * understood.
 *
 * Format: pciutils ls-tree.c show_tree_bridge(), show_tree_bus(), show_tree_dev()
 */
export class TreeReader implements SectionReader {
  private forks: Fork[] = [];
  private line = 0;

  constructor(
    private readonly records: Records,
    private readonly rootBuses: Set<string>,
  ) {}

  take({ number, text, column }: TextLine): boolean {
    if (!STARTS.includes(text.charAt(0))) return false;
    this.line = number;
    if (/^-(?:\[[0-9a-f:]{2,11}\]-|\+-\[)/i.test(text)) {
      this.forks = [];
      return this.afterBus(text, 0, column, null);
    }
    const branch = /^[ |]*[+\\]-/.exec(text)?.[0];
    if (branch === undefined || this.forks.length === 0) return false;
    const at = branch.length - 2;
    const depth = this.forks.findIndex((fork) => fork.column === column + at);
    const fork = this.forks[depth];
    if (fork === undefined) return false;
    this.forks.length = text.charAt(at) === '\\' ? depth : depth + 1;
    return this.branch(text, at + 2, column, fork.bus);
  }

  end(): void {
    this.forks = [];
  }

  /** What stands behind `[…]-`: one function, a fork, or nothing. */
  private afterBus(text: string, from: number, column: number, bus: Bus | null): boolean {
    let at = from;
    while (text.charAt(at) === '-') at++;
    if (text.charAt(at) === '+') {
      this.forks.push({ column: column + at, bus });
      return this.branch(text, at + 2, column, bus);
    }
    return at >= text.length || this.branch(text, at, column, bus);
  }

  private branch(text: string, at: number, column: number, bus: Bus | null): boolean {
    const root = ROOT_BUS.exec(text.slice(at));
    if (root !== null) {
      const next = { domain: parseInt(root[1] ?? '0', 16), bus: parseInt(root[2] ?? '', 16) };
      if (bus === null) this.rootBuses.add(busName(next));
      return this.afterBus(text, at + root[0].length, column, next);
    }
    return bus !== null && this.device(text, at, column, bus);
  }

  private device(text: string, at: number, column: number, { domain, bus }: Bus): boolean {
    const rest = text.slice(at);
    const device = DEVICE.exec(rest);
    if (device === null || this.records.size >= MOST_FUNCTIONS) return false;
    const devfn = devfnOf(parseInt(device[1] ?? '', 16), parseInt(device[2] ?? '', 16));
    const address = { domain, bus, devfn };
    const record = newRecord(address, this.line, null);
    this.records.set(formatBdf(address), record);
    const after = rest.slice(device[0].length);
    const behind = BEHIND.exec(after);
    if (behind !== null) {
      const secondary = parseInt(behind[1] ?? '', 16);
      const subordinate = behind[2] === undefined ? secondary : parseInt(behind[2], 16);
      record.buses = secondary === 0 ? null : { secondary, subordinate };
      record.isBridge = true;
      const from = at + device[0].length + behind[0].length;
      return this.afterBus(text, from, column, { domain, bus: secondary });
    }
    nameIt(record, after.trim());
    return true;
  }
}

function nameIt(record: ReturnType<typeof newRecord>, name: string): void {
  if (/^-*$/.test(name)) return; // nothing, or a bridge that nobody configured
  const ids = NAMED_IDS.exec(name) ?? BARE_IDS.exec(name);
  if (ids !== null) {
    record.vendorId = parseInt(ids[1] ?? '', 16);
    record.deviceId = parseInt(ids[2] ?? '', 16);
  }
  const label = ids === null ? name : name.slice(0, ids.index);
  record.label = label === '' ? null : label;
}

export const busName = ({ domain, bus }: Bus): string =>
  `${domain.toString(16).padStart(4, '0')}:${bus.toString(16).padStart(2, '0')}`;
