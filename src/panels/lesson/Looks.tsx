import { Eye } from 'lucide-react';
import { objectOf } from '../../lessons/evidence';
import type { Look } from '../../lessons/lesson';
import { useApp } from '../../store';
import type { PanelId } from '../../store/types';
import { Button } from '../../ui/Button';
import { PANEL_LABELS, LESSON } from '../../words/panels/lesson';

/** Where to look, as buttons. */
export function Looks({ looks }: { readonly looks: readonly Look[] }) {
  if (looks.length === 0) return null;
  return (
    <div className="row" role="group" aria-label={LESSON.look}>
      {looks.map((look) => (
        <LookButton key={JSON.stringify(look)} look={look} />
      ))}
    </div>
  );
}

function LookButton({ look }: { readonly look: Look }) {
  const actions = useApp((state) => state.actions);
  const id = useApp((state) =>
    look.kind === 'select' ? (objectOf(state.objects, look.name)?.id ?? null) : null,
  );
  const last = useApp((state) => state.lookups.length - 1);
  const { label, run, can } = {
    select: {
      label: look.kind === 'select' ? LESSON.lookSelect(look.name) : '',
      can: id !== null,
      run: () => {
        actions.select(id);
        if (id !== null) actions.lookAt(id);
      },
    },
    panel: {
      label: look.kind === 'panel' ? LESSON.lookPanel(PANEL_LABELS[look.panel] ?? look.panel) : '',
      can: true,
      run: () => look.kind === 'panel' && actions.showPanel(look.panel as PanelId),
    },
    line: {
      label: look.kind === 'line' ? LESSON.lookLine(look.line) : '',
      can: true,
      run: () => look.kind === 'line' && void actions.seek(look.line),
    },
    'look-up': { label: LESSON.lookUp, can: last >= 0, run: () => actions.play(last) },
  }[look.kind];
  return (
    <Button look="quiet" className="lesson-look" disabled={!can} onClick={() => run()}>
      <Eye size={14} aria-hidden="true" />
      {label}
    </Button>
  );
}
