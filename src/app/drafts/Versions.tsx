import { useEffect, useState } from 'react';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { deleteVersion, restoreVersion } from './actions';
import { linesIn, type Draft, type Version } from './draft';
import { SureButton } from './SureButton';
import { useDrafts } from './state';
import { readVersions } from './storage';
import { useNow } from './use-now';
import { agoWords, DRAFT_WORDS as words } from '../../words/app/drafts';

/** A draft as it was: what a person named, and what was kept on the way. */
export function Versions({ draft, title }: { readonly draft: Draft; readonly title: string }) {
  const openDialog = useApp((state) => state.actions.openDialog);
  const changes = useDrafts((state) => state.versions);
  const [versions, setVersions] = useState<readonly Version[] | null>(null);
  const now = useNow();
  useEffect(() => {
    let current = true;
    void readVersions(draft.id).then((stored) => {
      if (current) setVersions(stored.ok ? stored.value : []);
    });
    return () => {
      current = false;
    };
  }, [draft.id, draft.savedAt, changes]);
  const restore = async (version: Version): Promise<void> => {
    if (await restoreVersion(draft, version)) openDialog(null);
  };
  if (versions === null) return null;
  if (versions.length === 0) return <p className="muted draft-versions">{words.noVersions}</p>;
  return (
    <ul className="draft-versions" aria-label={words.versionsOf(title)}>
      {versions.map((version) => {
        const name = version.name ?? agoWords(version.at, now);
        return (
          <li key={version.id}>
            <div className="draft-words">
              <span>{version.name ?? words.automatic}</span>
              <span className="muted">
                {words.lines(linesIn(version.script))} · {agoWords(version.at, now)}
              </span>
            </div>
            <div className="draft-actions">
              <Button
                aria-label={words.named(words.restore, name)}
                disabled={version.script === draft.script}
                onClick={() => void restore(version)}
              >
                {words.restore}
              </Button>
              <SureButton
                label={words.named(words.remove, name)}
                onSure={() => void deleteVersion(version)}
              />
            </div>
          </li>
        );
      })}
    </ul>
  );
}
