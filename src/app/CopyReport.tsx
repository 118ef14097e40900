import { useState } from 'react';
import { useApp } from '../store';
import { Button } from '../ui/Button';
import { reportOf, type Failure } from './report';
import * as says from '../words/app/failure';

/** Puts the report into the clipboard; where the browser forbids that, shows it to be copied by hand. */
export function CopyReport({ failure }: { readonly failure: Failure }) {
  const [said, setSaid] = useState<string | null>(null);
  const [byHand, setByHand] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    const report = reportOf(failure, useApp.getState(), navigator.userAgent);
    try {
      await navigator.clipboard.writeText(report);
      setSaid(says.copiedWhatHappenedYourBrowserYour);
      setByHand(null);
    } catch {
      setSaid(says.thisBrowserDoesNotLet);
      setByHand(report);
    }
  };
  return (
    <>
      <Button onClick={() => void copy()}>{says.copyReport}</Button>
      <p className="muted report-said" role="status">
        {said}
      </p>
      {byHand !== null && (
        <textarea
          className="input mono report-text"
          aria-label={says.report}
          readOnly
          rows={8}
          value={byHand}
          onFocus={(event) => event.target.select()}
        />
      )}
    </>
  );
}
