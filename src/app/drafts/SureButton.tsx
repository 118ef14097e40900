import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '../../ui/Button';
import { DRAFT_WORDS as words } from '../../words/app/drafts';

/** Takes away what nothing brings back: the second press does it, and whoever goes elsewhere has changed their mind. */
export function SureButton({ label, onSure }: { readonly label: string; readonly onSure: () => void }) {
  const [asked, setAsked] = useState(false);
  return asked ? (
    <Button
      autoFocus
      className="sure"
      onBlur={() => setAsked(false)}
      onClick={(event) => {
        // What is taken away takes the focus with it: the list keeps it.
        event.currentTarget.closest<HTMLElement>('.drafts')?.focus();
        onSure();
      }}
    >
      {words.reallyRemove}
    </Button>
  ) : (
    <IconButton label={label} onClick={() => setAsked(true)}>
      <Trash2 size={15} />
    </IconButton>
  );
}
