/** How a page feels while it works: how long one task keeps it from everything else, and how long a hand waits to be heard. */

export interface Responsiveness {
  readonly longestTask: number;
  /** Of every movement of the pointer: from when it happened to when the page heard of it. */
  readonly delays: readonly number[];
}

export function watchResponsiveness(): () => Responsiveness {
  let longestTask = 0;
  const delays: number[] = [];
  const tasks = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, duration);
  });
  tasks.observe({ type: 'longtask' });
  const onMove = (event: PointerEvent): void => {
    delays.push(Math.max(0, performance.now() - event.timeStamp));
  };
  addEventListener('pointermove', onMove, true);
  return () => {
    for (const { duration } of tasks.takeRecords()) longestTask = Math.max(longestTask, duration);
    tasks.disconnect();
    removeEventListener('pointermove', onMove, true);
    return { longestTask, delays };
  };
}
