import { ArrowUpRight } from 'lucide-react';
import { useState } from 'react';
import { LINK_LIMITS } from '../share/limits';
import { linkTo, pageBase } from '../share/links';
import { useApp } from '../store';
import { EMBED_WORDS } from './words';

/** The whole playground with this scene as it stands: the link is made when it is wanted, never before. */
export function OpenInPlayground({ short }: { readonly short: boolean }) {
  /** A frame that may not open tabs: the link, to be taken by hand. */
  const [byHand, setByHand] = useState<string | null>(null);
  const open = (): void => {
    const link = linkNow();
    if (link === null) return setByHand(EMBED_WORDS.tooLong);
    const tab = window.open(link, '_blank');
    setByHand(tab === null ? link : null);
    // What is opened need not know who opened it.
    if (tab !== null) tab.opener = null;
  };
  if (byHand !== null) {
    return (
      <input
        className="input input-mono embed-link"
        aria-label={EMBED_WORDS.linkByHand}
        title={EMBED_WORDS.linkByHand}
        readOnly
        autoFocus
        value={byHand}
        onFocus={(event) => event.target.select()}
        onBlur={() => setByHand(null)}
      />
    );
  }
  return (
    <button
      type="button"
      className="embed-open"
      aria-label={EMBED_WORDS.open}
      title={EMBED_WORDS.openHere}
      onClick={open}
    >
      <span>{short ? EMBED_WORDS.openShort : EMBED_WORDS.open}</span>
      <ArrowUpRight size={14} aria-hidden="true" />
    </button>
  );
}

function linkNow(): string | null {
  const { script, cursor, selection } = useApp.getState();
  const page = pageBase();
  if (script === '') return page;
  const link = linkTo({ script, cursor, selection, camera: null }, page);
  return link.length > LINK_LIMITS.hashLength ? null : link;
}
