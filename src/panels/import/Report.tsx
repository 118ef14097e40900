import { useMemo } from 'react';
import type { KernelLines } from '../../engine/sim/kernel-lines/decode';
import type { ImportReply } from '../../worker/api';
import { CertaintyCard } from './CertaintyCard';
import { FindingLists } from './FindingLists';
import { NotUnderstood } from './NotUnderstood';
import { OpensAs } from './OpensAs';
import { withoutLines } from './text-ranges';
import type { Previewed } from './use-preview';
import './report.css';

export type Understood = Extract<ImportReply, { status: 'ok' }>;

interface ReportProps {
  readonly text: string;
  readonly reply: Understood;
  readonly previewed: Previewed;
  readonly kernel: KernelLines | null;
}

/** How certain the machine is, what to do next, and all else that is to be known before it is opened. */
export function Report({ text, reply, previewed, kernel }: ReportProps) {
  const unknown = useMemo(() => {
    const decoded = kernel?.decoded.map(({ line, lines }) => ({ first: line, last: line + lines - 1 })) ?? [];
    return withoutLines(reply.notUnderstood, decoded);
  }, [reply, kernel]);
  return (
    <>
      <CertaintyCard reply={reply} previewed={previewed} />
      <OpensAs previewed={previewed} />
      <FindingLists reply={reply} />
      <NotUnderstood text={text} ranges={unknown} />
    </>
  );
}
