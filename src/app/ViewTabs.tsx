import { Network, PanelRight, ScrollText } from 'lucide-react';
import * as says from '../words/app/frame';

export type View = 'canvas' | 'side' | 'dock';

const VIEWS: readonly { readonly id: View; readonly label: string; readonly Icon: typeof Network }[] = [
  { id: 'canvas', label: says.machine, Icon: Network },
  { id: 'side', label: says.details, Icon: PanelRight },
  { id: 'dock', label: says.script, Icon: ScrollText },
];

interface ViewTabsProps {
  readonly view: View;
  readonly onChange: (view: View) => void;
}

/** On a narrow screen the parts of the page take turns. */
export const ViewTabs = ({ view, onChange }: ViewTabsProps) => (
  <nav className="view-tabs" aria-label={says.view}>
    {VIEWS.map(({ id, label, Icon }) => (
      <button key={id} type="button" aria-current={view === id || undefined} onClick={() => onChange(id)}>
        <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
        {label}
      </button>
    ))}
  </nav>
);
