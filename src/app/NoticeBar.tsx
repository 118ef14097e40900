import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useApp } from '../store';
import type { Notice } from '../store/types';
import { IconButton } from '../ui/Button';
import * as says from '../words/app/notices';

/** Good news goes by itself; an error stays until it is read. */
const INFO_MS = 5000;
/** Longer, where there is something to choose. */
const NEXT_MS = 12_000;

interface NoticeBarProps {
  /** The side panel is to be seen: on a narrow screen, or closed, it is not. */
  readonly onPanel: () => void;
}

export function NoticeBar({ onPanel }: NoticeBarProps) {
  const showPanel = useApp((state) => state.actions.showPanel);
  /** The one that pointer or focus is on: it waits. */
  const [held, setHeld] = useState<Notice | null>(null);
  const notice = useApp((state) => state.notice);
  const notify = useApp((state) => state.actions.notify);
  useEffect(() => {
    if (notice?.tone !== 'info' || notice.stays === true || held === notice) return;
    const timer = setTimeout(() => notify(null), notice.next === undefined ? INFO_MS : NEXT_MS);
    return () => clearTimeout(timer);
  }, [notice, notify, held]);
  const goOn = (next: NonNullable<Notice['next']>): void => {
    notify(null);
    if ('hash' in next) location.hash = next.hash;
    else if ('command' in next)
      void import('../commands').then(({ runCommand }) => runCommand(useApp.getState(), next.command, []));
    else {
      showPanel(next.panel);
      onPanel();
    }
  };
  return (
    <div className="notice-place" role="status" aria-live="polite">
      {notice !== null && (
        <div
          className="notice"
          data-tone={notice.tone}
          onPointerEnter={() => setHeld(notice)}
          onPointerLeave={() => setHeld(null)}
          onFocus={() => setHeld(notice)}
          onBlur={() => setHeld(null)}
        >
          <p>{notice.text}</p>
          <NextButton next={notice.next} onNext={goOn} />
          {notice.later === undefined ? (
            <IconButton label={says.dismiss} onClick={() => notify(null)}>
              <X size={15} />
            </IconButton>
          ) : (
            <button type="button" className="notice-later" onClick={() => notify(null)}>
              {notice.later}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

interface NextButtonProps {
  readonly next: Notice['next'];
  readonly onNext: (next: NonNullable<Notice['next']>) => void;
}

const NextButton = ({ next, onNext }: NextButtonProps) =>
  next === undefined ? null : (
    <button type="button" className="notice-next" onClick={() => onNext(next)}>
      {next.label}
    </button>
  );
