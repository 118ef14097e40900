import { Copy } from 'lucide-react';
import { useMemo } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { IconButton } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { copyText } from '../shared/copy';
import { find } from '../shared/words';
import { SNIPPETS } from '../../words/panels/groups/passthrough';
import { Phrase } from '../../ui/Phrase';
import { listed } from './rows';
import { boundFunction, companionsOf, hasIds, snippetsOf, twinsOf } from './snippets';
import { groupOf } from './words';

/** What to type on the real machine. */
export function Snippets({ device }: { readonly device: DeviceObject }) {
  const objects = useApp((state) => state.objects);
  const script = useApp((state) => state.script);
  const companions = useMemo(() => companionsOf(objects, device), [objects, device]);
  const functions = useMemo(
    () => companions.map((each) => boundFunction(each, script)),
    [companions, script],
  );
  const vendor = find(objects, device.iommuId, 'iommu')?.vendor ?? null;
  const snippets = snippetsOf(functions, vendor);
  const twins = twinsOf(objects, groupOf(objects, device), functions);
  if (snippets.length === 0) return null;
  return (
    <Section title={SNIPPETS.title}>
      <p className="prose">
        {functions.length === 1 ? SNIPPETS.alone : SNIPPETS.together(functions.length, listed(companions, 6))}
      </p>
      {!hasIds(functions) && (
        <p className="muted after">
          <Phrase text={SNIPPETS.byAddressOnly} parts={{ lspci: <code>lspci -nn</code> }} />
        </p>
      )}
      {twins.length > 0 && (
        <p className="snippet-twins">
          <span className="chip" data-tone="stale">
            {SNIPPETS.sameIds}
          </span>{' '}
          {SNIPPETS.twins(listed(twins), twins.length)}
        </p>
      )}
      <ul className="snippets">
        {snippets.map(({ title, text, note }) => (
          <li key={title}>
            <div className="snippet-head">
              <h4>{title}</h4>
              <IconButton label={SNIPPETS.copy(title)} onClick={() => void copyText(text, title)}>
                <Copy size={14} aria-hidden="true" />
              </IconButton>
            </div>
            <pre className="code-block" tabIndex={0} aria-label={title}>
              {text}
            </pre>
            <p className="muted">{note}</p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
