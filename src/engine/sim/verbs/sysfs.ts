import { sysfsWrite, type SysfsDir, type SysfsEntry } from '../../iommu/sysfs';
import { err, ok, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { projectSysfs } from '../project/sysfs';
import { mismatch, type Outcome } from '../statement';
import { writePci } from './sysfs-pci';
import { kernelVerb, mistake, said, type Verb, type VerbContext } from './verb';

/** `cat /sys/kernel/iommu_groups/0/type is "DMA-FQ"` */
export const cat: Verb = kernelVerb((context) => {
  const found = lookUp(context, true);
  if (!found.ok) return found;
  if (found.value.kind !== 'file') return err('EISDIR', `${pathOf(context)} is a directory`, { rule: 'vfs' });
  return compare(context, found.value.text.replace(/\n$/, ''));
});

/** `ls /sys/kernel/iommu_groups` */
export const ls: Verb = kernelVerb((context) => {
  const found = lookUp(context, true);
  if (!found.ok) return found;
  const { value } = found;
  return compare(context, value.kind === 'dir' ? Object.keys(value.entries).join(' ') : pathOf(context));
});

/** `readlink /sys/bus/pci/devices/0000:01:00.0/iommu_group` */
export const readlink: Verb = kernelVerb((context) => {
  const found = lookUp(context, false);
  if (!found.ok) return found;
  if (found.value.kind === 'link') return compare(context, found.value.target);
  return err('EINVAL', `${pathOf(context)} is no link`, { rule: 'readlink' });
});

/** `echo DMA-FQ /sys/kernel/iommu_groups/0/type` */
export const echo: Verb = kernelVerb(function* (context): Task<Outcome> {
  const { machine, args } = context;
  const found = lookUp(context, true, 1);
  if (!found.ok) return found;
  const path = pathOf(context, 1);
  if (found.value.kind !== 'file') return err('EISDIR', `${path} is a directory`, { rule: 'vfs' });
  const pci = yield* writePci(machine, path, args.word(0) ?? '');
  if (pci !== null) return pci;
  const written = yield* sysfsWrite(machine.core, path, `${args.word(0) ?? ''}\n`);
  if (written.ok) return said('written');
  // What others add to the core's part of the tree can only be read.
  return written.errno === 'ENOENT'
    ? err('EACCES', `${path} can only be read`, { rule: 'kernfs_fop_open' })
    : written;
});

const pathOf = ({ args }: VerbContext, at = 0): string => args.word(at) ?? '';

/** As `is "text"` or `contains "text"` wants it; without, just what is there. */
function compare(context: VerbContext, content: string): Outcome {
  const { args } = context;
  const how = args.word(1);
  const wanted = args.text(2);
  // One line of the margin.
  const shown = content === '' ? 'empty' : content.replaceAll('\n', '; ');
  if (how === null) return said(shown);
  if (wanted === null) return mistake(`say what it ${how}, in quotes`, args.column(1));
  const so = how === 'is' ? content === wanted.replace(/\n$/, '') : content.includes(wanted);
  return so ? said(shown) : mismatch(`${pathOf(context)} is ${shown}`);
}

/** What is at the path of the line; `through`: where the last name is a link, what it leads to. */
function lookUp(context: VerbContext, through: boolean, at = 0): Result<SysfsEntry> {
  const path = pathOf(context, at);
  const found = walk(projectSysfs(context.machine), path, through);
  return found ? ok(found) : err('ENOENT', `there is no ${path}`, { rule: 'vfs' });
}

function walk(root: SysfsDir, path: string, through: boolean): SysfsEntry | null {
  let entry: SysfsEntry = root;
  for (const name of path.split('/').filter((part) => part !== '')) {
    const dir: SysfsEntry | null = entry.kind === 'link' ? walk(root, entry.target, true) : entry;
    const child: SysfsEntry | undefined = dir?.kind === 'dir' ? dir.entries[name] : undefined;
    if (!child) return null;
    entry = child;
  }
  return through && entry.kind === 'link' ? walk(root, entry.target, true) : entry;
}
