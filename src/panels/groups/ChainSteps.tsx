import type { WorldId } from '../../engine/sim/world';
import { sentence } from '../shared/sentence';
import { WHY } from '../../words/panels/groups/why';
import type { ChainStep } from './chain';
import { DeviceLine } from './DeviceLine';
import { Evidence } from './Evidence';
import { ruleTitle } from './rules';

/** Device, rule, device, rule … from top to bottom; the numbers are those on the canvas. */
export const ChainSteps = ({
  start,
  steps,
}: {
  readonly start: WorldId;
  readonly steps: readonly ChainStep[];
}) => (
  <ol className="chain" aria-label={WHY.chain}>
    <li className="chain-device">
      <span className="chain-number">1</span>
      <DeviceLine id={start} />
    </li>
    {steps.map(({ to, join }, at) => (
      <li key={to} className="chain-step">
        <div className="chain-rule">
          <p>
            <b>{ruleTitle(join.rule)}</b> <span className="chip">{join.rule}</span>
          </p>
          <p className="prose">{sentence(join.why)}</p>
          <Evidence evidence={join.evidence} />
        </div>
        <div className="chain-device">
          <span className="chain-number">{at + 2}</span>
          <DeviceLine id={to} />
        </div>
      </li>
    ))}
  </ol>
);
