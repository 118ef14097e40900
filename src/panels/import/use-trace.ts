import { useEffect, useState } from 'react';
import type { ImportedTrace } from '../../scenario/import/trace/import-trace';

/** Recorded calls or events in a text; null: there are none; undefined: it is being read. */
export function useTrace(text: string): ImportedTrace | null | undefined {
  const [read, setRead] = useState<{ readonly text: string; readonly trace: ImportedTrace | null }>();
  useEffect(() => {
    let current = true;
    const finish = (trace: ImportedTrace | null): void => {
      if (current) setRead({ text, trace });
    };
    import('../../scenario/import/trace/import-trace').then(
      ({ importTrace }) => finish(importTrace(text)),
      () => finish(null), // the page is older than what the server has: other readers go on
    );
    return () => {
      current = false;
    };
  }, [text]);
  return read?.text === text ? read.trace : undefined;
}
