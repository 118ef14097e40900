import type { SysfsEntry } from '../../engine/iommu/sysfs';

/** A row of the tree as it is drawn: every child of an open directory. */
export interface Row {
  readonly path: string;
  readonly name: string;
  readonly entry: SysfsEntry;
  readonly depth: number;
}

/** The rows that are seen, in order; `/sys` itself is the first. */
export function rowsOf(root: SysfsEntry, open: ReadonlySet<string>): readonly Row[] {
  const rows: Row[] = [];
  const visit = (entry: SysfsEntry, path: string, depth: number): void => {
    if (entry.kind !== 'dir') return;
    for (const [name, child] of Object.entries(entry.entries)) {
      const at = `${path}/${name}`;
      rows.push({ path: at, name, entry: child, depth });
      if (open.has(at)) visit(child, at, depth + 1);
    }
  };
  visit(root, '', 0);
  return rows;
}

/** What is at a path; links on the way are followed, the last one is not. */
export function entryAt(root: SysfsEntry, path: string): SysfsEntry | null {
  let entry = root;
  for (const name of path.split('/').filter((each) => each !== '')) {
    const dir: SysfsEntry | null = entry.kind === 'link' ? entryAt(root, entry.target) : entry;
    const child: SysfsEntry | undefined = dir?.kind === 'dir' ? dir.entries[name] : undefined;
    if (child === undefined) return null;
    entry = child;
  }
  return entry;
}

/** `/a/b/c` → `/a`, `/a/b` */
export function above(path: string): readonly string[] {
  const names = path.split('/').slice(1);
  return names.slice(0, -1).map((_, at) => `/${names.slice(0, at + 1).join('/')}`);
}

/** `-rw-r--r--` */
export function modeText(entry: SysfsEntry): string {
  if (entry.kind === 'dir') return 'drwxr-xr-x';
  if (entry.kind === 'link') return 'lrwxrwxrwx';
  const bits = 'rwxrwxrwx'.split('').map((letter, at) => ((entry.mode >> (8 - at)) & 1 ? letter : '-'));
  return `-${bits.join('')}`;
}

export const isWritable = (entry: SysfsEntry): boolean => entry.kind === 'file' && (entry.mode & 0o222) !== 0;
