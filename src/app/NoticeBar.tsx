import { X } from 'lucide-react';
import { useEffect } from 'react';
import { useApp } from '../store';
import { IconButton } from '../ui/Button';

/** Good news goes by itself; an error stays until it is read. */
const INFO_MS = 5000;

export function NoticeBar() {
  const notice = useApp((state) => state.notice);
  const notify = useApp((state) => state.actions.notify);
  useEffect(() => {
    if (notice?.tone !== 'info') return;
    const timer = setTimeout(() => notify(null), INFO_MS);
    return () => clearTimeout(timer);
  }, [notice, notify]);
  return (
    <div className="notice-place" role="status" aria-live="polite">
      {notice !== null && (
        <div className="notice" data-tone={notice.tone}>
          <p>{notice.text}</p>
          <IconButton label="Dismiss" onClick={() => notify(null)}>
            <X size={15} />
          </IconButton>
        </div>
      )}
    </div>
  );
}
