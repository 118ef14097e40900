import { useEffect, useMemo, useState } from 'react';
import { openedIn, useOpened } from '../panels/import/opened';
import { useApp } from '../store';
import { compileReport } from './compile';
import { NOTHING_TRIED, type MachineReport, type Tried } from './report';
import { tryAll } from './tries';

export interface Progress {
  readonly done: number;
  readonly of: number;
}

/** The report of the scene as it was when it was asked for; what has to be tried on copies joins it once all is tried. */
export function useReport(): {
  readonly report: MachineReport;
  /** Null: nothing more comes. */
  readonly progress: Progress | null;
} {
  const [now] = useState(() => useApp.getState());
  const opened = useOpened((state) => state.opened);
  const [tried, setTried] = useState<Tried>();
  const [progress, setProgress] = useState<Progress>({ done: 0, of: 0 });
  useEffect(() => {
    let over = false;
    const { objects, script, actions } = now;
    void tryAll(
      objects,
      script,
      actions,
      (done, of) => !over && setProgress({ done, of }),
      () => over,
    ).then(
      (found) => !over && setTried(found ?? NOTHING_TRIED),
      () => !over && setTried(NOTHING_TRIED),
    );
    return () => {
      over = true;
    };
  }, [now]);
  const report = useMemo(
    () =>
      compileReport({
        objects: now.objects,
        script: now.script,
        tried: tried ?? NOTHING_TRIED,
        opened: openedIn(opened, now.script),
      }),
    [now, tried, opened],
  );
  return { report, progress: tried === undefined ? progress : null };
}
