import { Tabs } from '@base-ui/react/tabs';
import { Check } from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { useApp } from '../../store';
import type { ShareTabId } from '../../store/types';
import { Dialog } from '../../ui/Dialog';
import { forgetCopying, useCopying } from './copy';
import { SHARE_TABS } from './tabs';
import { SHARE_WORDS } from '../../words/app/share';
import './share.css';

/** Everything that leaves the page: a link, an embed, a figure, a file. */
export function ShareDialog() {
  const tab = useApp((state) => state.shareTab);
  const { openDialog, openShare } = useApp((state) => state.actions);
  useEffect(() => forgetCopying, []);
  return (
    <Dialog
      title={SHARE_WORDS.title}
      description={SHARE_WORDS.description}
      width={760}
      onClose={() => openDialog(null)}
    >
      <Tabs.Root
        className="share-tabs"
        value={tab}
        onValueChange={(next: ShareTabId) => {
          forgetCopying();
          openShare(next);
        }}
      >
        {SHARE_TABS.length > 1 && (
          <Tabs.List className="share-tab-list" activateOnFocus aria-label={SHARE_WORDS.tabs}>
            {SHARE_TABS.map(({ id, title }) => (
              <Tabs.Tab key={id} value={id} className="tab">
                {title}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        )}
        {SHARE_TABS.map(({ id, Tab }) => (
          <Tabs.Panel key={id} value={id} className="share-panel">
            <Suspense fallback={null}>
              <Tab />
            </Suspense>
          </Tabs.Panel>
        ))}
      </Tabs.Root>
      <Copied />
    </Dialog>
  );
}

/** What was copied, or, where the clipboard is refused, the text to be copied by hand. */
function Copied() {
  const { said, byHand } = useCopying();
  return (
    <>
      <p className="share-said" role="status">
        {said !== null && <Check size={14} aria-hidden="true" />}
        {said}
      </p>
      {byHand !== null && (
        <section className="share-by-hand" aria-label={byHand.what}>
          <p role="alert">{SHARE_WORDS.copyByHand}</p>
          <textarea
            key={byHand.text}
            ref={(field) => {
              field?.focus();
              field?.select();
            }}
            className="input mono"
            aria-label={byHand.what}
            readOnly
            rows={5}
            value={byHand.text}
          />
        </section>
      )}
    </>
  );
}
