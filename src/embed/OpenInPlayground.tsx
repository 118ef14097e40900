import { ArrowUpRight } from 'lucide-react';
import { useState } from 'react';
import { LINK_LIMITS } from '../share/limits';
import { linkTo, pageBase } from '../share/links';
import { useApp } from '../store';
import { EMBED } from '../words/embed/embed';

/** The whole playground with this scene as it stands: the link is made when it is wanted, never before. */
export function OpenInPlayground({ short }: { readonly short: boolean }) {
  /** A frame that may not open tabs: the link, to be taken by hand. */
  const [byHand, setByHand] = useState<string | null>(null);
  const open = (): void => {
    const link = linkNow();
    if (link === null) return setByHand(EMBED.tooLong);
    const tab = window.open(link, '_blank');
    setByHand(tab === null ? link : null);
    // What is opened need not know who opened it.
    if (tab !== null) tab.opener = null;
  };
  if (byHand !== null) {
    return (
      <input
        className="input input-mono embed-link"
        aria-label={EMBED.linkByHand}
        title={EMBED.linkByHand}
        readOnly
        ref={takeFocus}
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
      aria-label={EMBED.open}
      title={EMBED.openHere}
      onClick={open}
    >
      <span>{short ? EMBED.openShort : EMBED.open}</span>
      <ArrowUpRight size={14} aria-hidden="true" />
    </button>
  );
}

/** Frames of other origins get no focus by an attribute. */
const takeFocus = (field: HTMLInputElement | null): void => field?.focus();

function linkNow(): string | null {
  const { script, cursor, selection } = useApp.getState();
  const page = pageBase();
  if (script === '') return page;
  const link = linkTo({ script, cursor, selection, camera: null }, page);
  return link.length > LINK_LIMITS.hashLength ? null : link;
}
