import { create } from 'zustand';
import type { Recording } from '../../scenario/export/recording';
import { linkBase, linkTo } from '../../share/links';
import { linkAdvice } from '../../share/advice';
import { useApp } from '../../store';
import type { AppState } from '../../store/types';
import { sceneNow } from '../link-scene';
import type { EXPORT_TAB as words } from '../../words/app/share-export';

export type ExportFormat = keyof typeof words.formats;

/** Which of them the tab shows: a command may say so before it is opened. */
export const useExport = create<{ readonly format: ExportFormat }>()(() => ({ format: 'c' }));

export function openExport(format: ExportFormat): void {
  useExport.setState({ format });
  useApp.getState().actions.openShare('export');
}

type Known = Pick<AppState, 'script' | 'known' | 'seen' | 'objects'>;

/** The scene as other people's tools read it; each writer is a chunk of its own. */
export async function exported(format: ExportFormat, app: Known): Promise<string> {
  switch (format) {
    case 'c':
      return (await import('../../scenario/export/c/c-program')).cProgram(await recording(app));
    case 'strace':
      return (await import('../../scenario/export/strace-text')).straceText(await recording(app));
    case 'markdown': {
      const { markdownReport } = await import('../../scenario/export/markdown');
      return markdownReport({
        recording: await recording(app),
        script: app.script,
        groups: groupsOf(app),
        link: usableLink(),
      });
    }
    case 'script':
      return app.script === '' ? '' : `${app.script}\n`;
  }
}

/** Of every line that has run, also of those behind the cursor: running them again gives the same. */
async function recording({ script, known, seen }: Known): Promise<Recording> {
  const { recordingOf } = await import('../../scenario/export/recording');
  return recordingOf({ script, results: known, events: seen.events, lookups: seen.lookups });
}

function groupsOf({
  objects,
}: Known): readonly { readonly number: number; readonly devices: readonly string[] }[] {
  return Object.values(objects)
    .flatMap((object) =>
      object.type === 'group'
        ? [{ number: object.number, devices: object.deviceIds.map((id) => id.replace(/^dev:/, '')) }]
        : [],
    )
    .sort((a, b) => a.number - b.number);
}

/** Null: no browser would take it. */
function usableLink(): string | null {
  const link = linkTo(sceneNow(), linkBase());
  return linkAdvice(link.length).level === 'too-long' ? null : link;
}
