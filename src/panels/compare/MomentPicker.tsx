import { useId } from 'react';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import type { MomentRef } from '../../store/types';
import { MOMENT } from '../../words/panels/compare';
import { momentWords } from './moments';

interface MomentPickerProps {
  readonly name: 'A' | 'B';
  readonly moment: MomentRef;
  readonly onChange: (moment: MomentRef) => void;
}

/** Which moment: where time stands, before the line there, after some line, or the end of a branch. */
export function MomentPicker({ name, moment, onChange }: MomentPickerProps) {
  const cursor = useApp((state) => state.cursor);
  const total = useApp((state) => linesOf(state.script).length);
  const branches = useApp((state) => state.branches);
  const words = useApp((state) => momentWords(moment, state));
  const note = useId();
  const value = moment.kind === 'branch' ? `branch ${moment.id}` : moment.kind;
  const choose = (next: string): void => {
    if (next === 'here' || next === 'before') onChange({ kind: next });
    else if (next === 'line') onChange({ kind: 'line', line: cursor });
    else onChange({ kind: 'branch', id: Number(next.slice('branch '.length)) });
  };
  return (
    <div className="compare-moment">
      <label className="field">
        <span>{name}</span>
        <select
          className="input"
          value={value}
          aria-describedby={note}
          onChange={(event) => choose(event.target.value)}
        >
          <option value="here">{MOMENT.now}</option>
          <option value="before">{MOMENT.before}</option>
          <option value="line">{MOMENT.line}</option>
          {branches.map(({ id, forkedAt }) => (
            <option key={id} value={`branch ${id}`}>
              {MOMENT.branch(forkedAt)}
            </option>
          ))}
          {moment.kind === 'branch' && !branches.some(({ id }) => id === moment.id) && (
            <option value={value}>{MOMENT.goneBranch}</option>
          )}
        </select>
      </label>
      {moment.kind === 'line' && (
        <input
          type="number"
          className="input input-mono"
          aria-label={MOMENT.lineOf(name)}
          min={0}
          max={total}
          value={moment.line}
          onChange={(event) => {
            const line = event.target.valueAsNumber;
            if (Number.isInteger(line)) onChange({ kind: 'line', line: Math.max(0, Math.min(total, line)) });
          }}
        />
      )}
      <p id={note} className="muted">
        {words}
      </p>
    </div>
  );
}
