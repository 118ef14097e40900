import { CircleHelp, ClipboardPaste, FileClock, FileCode2, LayoutGrid } from 'lucide-react';
import { useApp } from '../store';
import type { DialogId } from '../store/types';
import * as says from '../words/app/frame';

const DOORS: readonly {
  readonly id: DialogId;
  readonly label: string;
  readonly tip: string;
  readonly Icon: typeof LayoutGrid;
}[] = [
  { id: 'gallery', label: says.scenes, tip: says.readyMadeMachinesToTakeApart, Icon: LayoutGrid },
  { id: 'import', label: says.importIt, tip: says.yourOwnMachineLspciDmesgAcpiTables, Icon: ClipboardPaste },
  { id: 'script', label: says.editor, tip: says.theWholeScriptAsText, Icon: FileCode2 },
  { id: 'drafts', label: says.drafts, tip: says.whatThisBrowserKeepsOfYourWork, Icon: FileClock },
  { id: 'help', label: says.help, tip: says.keysAndWords, Icon: CircleHelp },
];

/** What brings something in, or explains. */
export function Rail() {
  const openDialog = useApp((state) => state.actions.openDialog);
  return (
    <nav className="rail" aria-label={says.open}>
      {DOORS.map(({ id, label, tip, Icon }) => (
        <button
          key={id}
          type="button"
          className="rail-button"
          data-tip={tip}
          data-tip-beside
          aria-description={tip}
          aria-haspopup="dialog"
          onClick={() => openDialog(id)}
        >
          <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
          {label}
        </button>
      ))}
    </nav>
  );
}
