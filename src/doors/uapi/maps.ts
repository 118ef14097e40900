/** One mapping of a process's address space. Linux: struct vm_area_struct, as /proc/PID/maps shows it */
export interface Vma {
  readonly start: number;
  readonly end: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly shared: boolean;
  /** Byte offset in the file that `start` maps. */
  readonly offset: number;
  /** `major:minor inode`; null for anonymous memory. */
  readonly file: string | null;
  /** Path of a file, or what the kernel calls it: `[heap]`, `/memfd:x (deleted)`. */
  readonly path: string;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])[x-]([ps]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/;

/** Linux: fs/proc/task_mmu.c show_map_vma(), Documentation/filesystems/proc.rst */
export function parseMaps(text: string): readonly Vma[] {
  const vmas: Vma[] = [];
  for (const line of text.split('\n')) {
    const found = LINE.exec(line);
    if (found === null) continue;
    const [, start = '', end = '', read, write, share, offset = '', device = '', inode = '', path = ''] =
      found;
    vmas.push({
      start: parseInt(start, 16),
      end: parseInt(end, 16),
      readable: read === 'r',
      writable: write === 'w',
      shared: share === 's',
      offset: parseInt(offset, 16),
      file: inode === '0' ? null : `${device} ${inode}`,
      path,
    });
  }
  return vmas;
}

/** The mapping that holds an address. */
export function findVma(vmas: readonly Vma[], va: number): Vma | null {
  let low = 0;
  let high = vmas.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((vmas[mid]?.end ?? 0) <= va) low = mid + 1;
    else high = mid;
  }
  const found = vmas[low];
  return found !== undefined && found.start <= va ? found : null;
}

/** The name under which /proc/PID/map_files knows a mapping. */
export const mapFileName = (vma: Vma): string => `${vma.start.toString(16)}-${vma.end.toString(16)}`;

/** A device number of stat() as /proc/PID/maps writes it. Linux: include/linux/kdev_t.h new_encode_dev() */
export function deviceOf(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  const two = (number: bigint): string => number.toString(16).padStart(2, '0');
  return `${two(major)}:${two(minor)}`;
}
