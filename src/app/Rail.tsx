import { CircleHelp, ClipboardPaste, FileClock, FileCode2, LayoutGrid } from 'lucide-react';
import { useApp } from '../store';
import type { DialogId } from '../store/types';

const DOORS: readonly {
  readonly id: DialogId;
  readonly label: string;
  readonly tip: string;
  readonly Icon: typeof LayoutGrid;
}[] = [
  { id: 'gallery', label: 'Scenes', tip: 'Ready-made machines to take apart', Icon: LayoutGrid },
  { id: 'import', label: 'Import', tip: 'Your own machine: lspci, dmesg, ACPI tables', Icon: ClipboardPaste },
  { id: 'script', label: 'Editor', tip: 'The whole script as text', Icon: FileCode2 },
  { id: 'drafts', label: 'Drafts', tip: 'What this browser keeps of your work', Icon: FileClock },
  { id: 'help', label: 'Help', tip: 'Keys and words', Icon: CircleHelp },
];

/** What brings something in, or explains. */
export function Rail() {
  const openDialog = useApp((state) => state.actions.openDialog);
  return (
    <nav className="rail" aria-label="Open">
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
