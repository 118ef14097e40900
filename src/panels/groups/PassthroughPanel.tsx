import { useCallback } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import type { Obstacle, PassthroughVerdict } from '../../engine/sim/passthrough/verdict';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { count } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { copyText } from '../shared/copy';
import { sentence } from '../shared/sentence';
import { useReading } from '../shared/use-reading';
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
          label="Device for the VM"
          none="Choose a device"
          value={device?.id ?? null}
          onChange={(id) => select(id)}
        />
      </Section>
      {device === null ? (
        <Section>
          <p className="prose">
            Choose a device to hear whether VFIO would hand it to a virtual machine as things are, what is in
            the way, and what to type on a real machine. The verdict is tried out on a copy of this one.
          </p>
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
          Trying it on a copy…
        </p>
      </Section>
    );
  if (verdict === null)
    return (
      <Section>
        <p className="prose">No kernel runs yet. Run the script up to its boot line.</p>
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

const STATE: Readonly<Record<PassthroughVerdict['state'], string>> = {
  ready: 'Ready',
  'needs-work': 'Possible, with some work',
  blocked: 'Blocked',
};

function Summary({ verdict: { state, summary, lines } }: { readonly verdict: PassthroughVerdict }) {
  return (
    <Section>
      <div className="verdict-card" data-state={state} role="status">
        <p className="verdict-state">{STATE[state]}</p>
        <p>{sentence(summary)}</p>
        <Lines lines={lines} label="Do all that" look="primary" />
      </div>
    </Section>
  );
}

const TITLES: Readonly<Record<Obstacle['kind'], string>> = {
  'no-group': 'No IOMMU group',
  bridge: 'It is a bridge',
  'virtual-functions': 'Its virtual functions',
  coherency: 'DMA is not coherent',
  interrupts: 'Interrupts are not isolated',
  reserved: 'Firmware holds memory of it',
  'own-driver': 'Its own driver',
  'sibling-driver': 'A driver of its group',
  owned: 'Its group is taken',
  'sibling-goes-along': 'Its group goes along',
  'peer-to-peer': 'Requests that pass the IOMMU by',
  refused: 'The try was refused',
};

/** A group that is taken by whoever has the device itself stands in nobody's way. */
const titleOf = ({ kind, weight }: Obstacle): string =>
  kind === 'owned' && weight === 'warns' ? 'In use' : TITLES[kind];

function Obstacles({ obstacles }: { readonly obstacles: readonly Obstacle[] }) {
  const blocking = obstacles.filter(({ weight }) => weight === 'blocks').length;
  return (
    <Section title={blocking === 0 ? 'To know' : `${count(blocking, 'thing')} in the way`}>
      <ol className="obstacles">
        {obstacles.map((obstacle, at) => (
          <li key={`${obstacle.kind}${at}`} data-weight={obstacle.weight}>
            <p className="obstacle-head">
              <b>{titleOf(obstacle)}</b>
              {obstacle.weight === 'warns' && <span className="chip">to know</span>}
              {obstacle.errno !== null && (
                <span className="chip" data-tone={obstacle.weight === 'blocks' ? 'fault' : undefined}>
                  {obstacle.errno}
                </span>
              )}
            </p>
            <p className="prose">{sentence(obstacle.why)}</p>
            {obstacle.rule !== null && (
              <p className="evidence-rules">
                Linux: <code>{obstacle.rule}()</code>
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
            <Lines lines={obstacle.lines} label="Do it" />
            {obstacle.shownBy !== undefined && <Lines lines={[obstacle.shownBy]} label="Show it" />}
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
        <Button look="quiet" onClick={() => void copyText(lines.join('\n'), count(lines.length, 'line'))}>
          Copy
        </Button>
      </div>
    </div>
  );
}
