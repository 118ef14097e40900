import { X } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { sceneTitle } from '../../store/script';
import { Button, IconButton } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { useReading } from '../shared/use-reading';
import { WHAT_IF } from '../../words/panels/groups/what-if';
import { GROUPS } from '../../words/panels/groups/groups';
import { changeWords, playChanges, withChange, type Change } from './changes';
import { DevicePicker } from './DevicePicker';
import { differenceOf } from './difference';
import { DifferenceView } from './DifferenceView';
import { useGroupsUi, useSubject } from './groups-ui';
import { AcsForm } from './what-if/AcsForm';
import { CmdlineForm } from './what-if/CmdlineForm';
import { PlugForm } from './what-if/PlugForm';
import { SlotForm } from './what-if/SlotForm';
import { VfForm } from './what-if/VfForm';

const NONE: readonly Change[] = [];

/** Changes to the machine that are tried before they are made: its groups before and after. */
export function WhatIfPanel() {
  const device = useSubject();
  const select = useApp((state) => state.actions.select);
  const script = useApp((state) => state.script);
  const title = sceneTitle(script);
  // What was planned for another machine is not about this one.
  const changes = useGroupsUi((state) => (state.changesOf === title ? state.changes : NONE));
  const add = (change: Change): void =>
    useGroupsUi.setState({ changes: withChange(changes, change), changesOf: title });
  if (script === '')
    return (
      <Section title={WHAT_IF.title}>
        <p className="prose">{GROUPS.nothing}</p>
      </Section>
    );
  return (
    <>
      {changes.length > 0 && <Pending script={script} changes={changes} />}
      <Section>
        <DevicePicker
          label={WHAT_IF.device}
          none={WHAT_IF.choose}
          value={device?.id ?? null}
          onChange={(id) => select(id)}
        />
      </Section>
      {device !== null && (
        <>
          <SlotForm key={`slot ${device.id}`} device={device} changes={changes} onChange={add} />
          <AcsForm device={device} changes={changes} onChange={add} />
          <VfForm key={`vfs ${device.id}`} device={device} onChange={add} />
        </>
      )}
      <PlugForm onChange={add} changes={changes} />
      <CmdlineForm device={device} changes={changes} onChange={add} />
    </>
  );
}

/** The changes so far, and what would become of the groups. */
function Pending({ script, changes }: { readonly script: string; readonly changes: readonly Change[] }) {
  const readPartition = useApp((state) => state.actions.readPartition);
  const replaceScript = useApp((state) => state.actions.replaceScript);
  const notify = useApp((state) => state.actions.notify);
  const [applying, setApplying] = useState(false);
  const played = useMemo(() => playChanges(script, changes), [script, changes]);
  const readBefore = useCallback(() => readPartition(script), [readPartition, script]);
  const readAfter = useCallback(
    async () => ({ of: played, partition: await readPartition(played.script) }),
    [readPartition, played],
  );
  const before = useReading(readBefore);
  const after = useReading(readAfter);
  const fresh = after !== undefined && after.of === played;
  const difference = useMemo(
    () => (before && after?.partition ? differenceOf(before, after.partition, after.of.renamed) : null),
    [before, after],
  );
  const set = (next: readonly Change[]): void => useGroupsUi.setState({ changes: next });

  const apply = async (): Promise<void> => {
    setApplying(true);
    const done = await replaceScript(played.script);
    setApplying(false);
    if (!done) return;
    set([]);
    notify({ tone: 'info', text: WHAT_IF.changed });
  };

  return (
    <Section title={WHAT_IF.count(changes.length)}>
      <ol className="changes" aria-label={WHAT_IF.changes}>
        {changes.map((change, at) => (
          <li key={changeWords(change)}>
            <span className="change-words">{changeWords(change)}</span>
            <IconButton
              label={WHAT_IF.takeBack(changeWords(change))}
              onClick={() => set(changes.toSpliced(at, 1))}
            >
              <X size={14} aria-hidden="true" />
            </IconButton>
            {played.refusals[at] != null && (
              <p className="change-refused">{WHAT_IF.refused(played.refusals[at])}</p>
            )}
          </li>
        ))}
      </ol>
      <div className="difference" aria-live="polite" aria-busy={!fresh} data-old={!fresh || undefined}>
        {difference === null ? (
          <p className="muted">{WHAT_IF.grouping}</p>
        ) : (
          <DifferenceView difference={difference} problem={after?.partition?.problem ?? null} />
        )}
      </div>
      <div className="row after">
        <Button
          look="primary"
          disabled={applying || !fresh || played.script === script}
          onClick={() => void apply()}
        >
          {WHAT_IF.apply}
        </Button>
        <Button onClick={() => set([])}>{WHAT_IF.discard}</Button>
      </div>
    </Section>
  );
}
