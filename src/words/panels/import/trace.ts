import type { ImportedTrace, TraceKind, TraceRemark } from '../../../scenario/import/trace/import-trace';
import { counted } from '../../counted';
import { grouped } from '../../locale';
import { lineWords } from './findings';

/** What the import dialog says of recorded calls. */
export const TRACE_WORDS: Readonly<
  Record<TraceKind, { readonly title: string; readonly one: string; readonly many: string }>
> = {
  strace: {
    title: 'Calls recorded by strace',
    one: 'call on iommufd or VFIO',
    many: 'calls on iommufd and VFIO',
  },
  qemu: {
    title: 'Calls traced by QEMU',
    one: 'trace line of QEMU’s iommufd',
    many: 'trace lines of QEMU’s iommufd',
  },
  ftrace: {
    title: 'Events traced by the kernel',
    one: 'event of the kernel’s IOMMU core',
    many: 'events of the kernel’s IOMMU core',
  },
};

/** `14 calls on iommufd and VFIO, 12 of them in the scene` */
export function traceWords({ kind, recognised, translated }: ImportedTrace): string {
  const { one, many } = TRACE_WORDS[kind];
  const all = counted(recognised, one, many);
  if (recognised === translated)
    return recognised === 1 ? `${all}, in the scene` : `${all}, all in the scene`;
  return `${all}, ${grouped(translated)} of them in the scene`;
}

export const TRACE_TEXT = {
  open: 'Open as a scene',
  machine: 'Such a recording says little of its machine: the scene has the smallest one with these devices.',
  expects: 'What failed in the recording is expected to fail again, so that a difference shows.',
  losses: 'Not in the scene',
  taken: 'Taken for granted',
  script: 'The scene',
  nothing: 'None of it can be made again: the text shows where structures are, and not what is in them.',
  opened: (lines: number) => `The recording is open: ${counted(lines, 'line')}.`,
  otherwise: (lines: number) => `${counted(lines, 'line')} came out otherwise than recorded.`,
  more: (lines: number) => `and ${counted(lines, 'more line')}`,
} as const;

/** Of many lines the first are named. */
export function remarkLines({ lines, count: all }: TraceRemark): string {
  const told = lines.filter((line) => line > 0);
  if (told.length === 0) return '';
  return all > told.length ? `${lineWords(told)} and ${all - told.length} more` : lineWords(told);
}
