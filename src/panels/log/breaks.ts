import { useApp } from '../../store';

/** Playing stops after a line from now on, or does not any more. */
export function toggledBreak(line: number): void {
  const { breakpoints, actions } = useApp.getState();
  const others = breakpoints.filter((each) => each.kind !== 'line' || each.line !== line);
  actions.setBreakpoints(others.length < breakpoints.length ? others : [...others, { kind: 'line', line }]);
}
