import { useCallback } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import type { Obstacle, PassthroughVerdict } from '../../engine/sim/passthrough/verdict';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { copyText } from '../shared/copy';
import { sentence } from '../shared/sentence';
import { useReading } from '../shared/use-reading';
import { PASSTHROUGH } from '../../words/panels/groups/passthrough';
import { GROUPS } from '../../words/panels/groups/groups';
import { DeviceLine } from './DeviceLine';
import { DevicePicker } from './DevicePicker';
import { useSubject } from './groups-ui';
import { Snippets } from './Snippets';

/** Whether a device can be given to a VM, what stands in its way, and what to type for it. */
export function PassthroughPanel() {
  const device = useSubject();
  const select = useApp((state) => state.actions.select);
  return (
    <>
      <Section>
        <DevicePicker
          label={PASSTHROUGH.device}
          none={PASSTHROUGH.choose}
          value={device?.id ?? null}
          onChange={(id) => select(id)}
        />
      </Section>
      {device === null ? (
        <Section>
          <p className="prose">{PASSTHROUGH.chooseSays}</p>
        </Section>
      ) : (
        <Verdict key={device.id} device={device} />
      )}
    </>
  );
}

function Verdict({ device }: { readonly device: DeviceObject }) {
  const readPassthrough = useApp((state) => state.actions.readPassthrough);
  const read = useCallback(() => readPassthrough(device.id), [readPassthrough, device.id]);
  const verdict = useReading(read);
  if (verdict === undefined)
    return (
      <Section>
        <p className="muted" role="status">
          {PASSTHROUGH.trying}
        </p>
      </Section>
    );
  if (verdict === null)
    return (
      <Section>
        <p className="prose">{PASSTHROUGH.noKernel}</p>
      </Section>
    );
  return (
    <>
      <Summary verdict={verdict} />
      {verdict.obstacles.length > 0 && <Obstacles obstacles={verdict.obstacles} />}
      <Snippets device={device} />
    </>
  );
}

function Summary({ verdict: { state, summary, lines } }: { readonly verdict: PassthroughVerdict }) {
  return (
    <Section>
      <div className="verdict-card" data-state={state} role="status">
        <p className="verdict-state">{PASSTHROUGH.state[state]}</p>
        <p>{sentence(summary)}</p>
        <Lines lines={lines} label={PASSTHROUGH.doAll} look="primary" />
      </div>
    </Section>
  );
}

/** A group that is taken by whoever has the device itself stands in nobody's way. */
const titleOf = ({ kind, weight }: Obstacle): string =>
  kind === 'owned' && weight === 'warns' ? PASSTHROUGH.inUse : PASSTHROUGH.obstacles[kind];

function Obstacles({ obstacles }: { readonly obstacles: readonly Obstacle[] }) {
  const blocking = obstacles.filter(({ weight }) => weight === 'blocks').length;
  return (
    <Section title={blocking === 0 ? PASSTHROUGH.toKnowTitle : PASSTHROUGH.inTheWay(blocking)}>
      <ol className="obstacles">
        {obstacles.map((obstacle, at) => (
          <li key={`${obstacle.kind}${at}`} data-weight={obstacle.weight}>
            <p className="obstacle-head">
              <b>{titleOf(obstacle)}</b>
              {obstacle.weight === 'warns' && <span className="chip">{PASSTHROUGH.toKnow}</span>}
              {obstacle.errno !== null && (
                <span className="chip" data-tone={obstacle.weight === 'blocks' ? 'fault' : undefined}>
                  {obstacle.errno}
                </span>
              )}
            </p>
            <p className="prose">{sentence(obstacle.why)}</p>
            {obstacle.rule !== null && (
              <p className="evidence-rules">
                {GROUPS.linux} <code>{obstacle.rule}()</code>
              </p>
            )}
            {obstacle.deviceIds.length > 1 && (
              <ul className="obstacle-devices">
                {obstacle.deviceIds.map((id) => (
                  <li key={id}>
                    <DeviceLine id={id} />
                  </li>
                ))}
              </ul>
            )}
            {obstacle.remedy !== null && <p className="obstacle-remedy">{obstacle.remedy}</p>}
            <Lines lines={obstacle.lines} label={PASSTHROUGH.doIt} />
            {obstacle.shownBy !== undefined && (
              <Lines lines={[obstacle.shownBy]} label={PASSTHROUGH.showIt} />
            )}
          </li>
        ))}
      </ol>
    </Section>
  );
}

interface LinesProps {
  readonly lines: readonly string[];
  readonly label: string;
  readonly look?: 'primary' | 'plain';
}

/** Lines of the script that a press runs; they can be read before. */
function Lines({ lines, label, look = 'plain' }: LinesProps) {
  const act = useApp((state) => state.actions.act);
  if (lines.length === 0) return null;
  return (
    <div className="act-lines">
      <pre className="code-block">{lines.join('\n')}</pre>
      <div className="row">
        <Button look={look} onClick={() => void act(lines)}>
          {label}
        </Button>
        <Button look="quiet" onClick={() => void copyText(lines.join('\n'), PASSTHROUGH.lines(lines.length))}>
          {PASSTHROUGH.copy}
        </Button>
      </div>
    </div>
  );
}
