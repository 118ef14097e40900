import type { Hint } from './use-page-wheel';
import { EMBED } from '../words/embed/embed';

const KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

/** Seen for a moment: how to zoom where the wheel is the page's. */
export function WheelHint({ hint }: { readonly hint: Hint }) {
  return (
    <p className="embed-hint" data-shown={hint !== null || undefined} aria-hidden="true">
      {hint === 'finger' ? EMBED.twoFingers : EMBED.zoomHint(KEY)}
    </p>
  );
}
