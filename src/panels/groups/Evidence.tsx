import type { JoinEvidence } from '../../engine/sim/world';
import { GROUPS } from '../../words/panels/groups/groups';
import { addressOf } from './words';

/** What Linux looked at: each device's registers, headers or quirks, with what is missing. */
export function Evidence({ evidence }: { readonly evidence: readonly JoinEvidence[] }) {
  if (evidence.length === 0) return null;
  return (
    <div className="evidence">
      <ul aria-label={GROUPS.evidence}>
        {evidence.map(({ deviceId, where, what, missing, rule }) => (
          <li key={`${deviceId} ${where} ${what} ${rule}`} title={`${rule}()`}>
            <span className="evidence-where">
              <code>{addressOf(deviceId)}</code> {where}
            </span>
            <Finding what={what} missing={missing} />
          </li>
        ))}
      </ul>
      <p className="evidence-rules">
        {GROUPS.linux}{' '}
        {[...new Set(evidence.map(({ rule }) => rule))].map((rule, at) => (
          <code key={rule}>
            {at > 0 && ', '}
            {rule}()
          </code>
        ))}
      </p>
    </div>
  );
}

/** A bit as lspci prints it: `SV+`. */
const BIT = /^[A-Z]{2}[+-]$/;

/** Bits of a register each on its own, with what is said behind them; anything else in one piece. */
function Finding({ what, missing }: { readonly what: string; readonly missing: readonly string[] }) {
  const words = what.split(' ');
  const bits = words.filter((word) => BIT.test(word));
  const rest = words.filter((word) => !BIT.test(word)).join(' ');
  return (
    <>
      {bits.map((bit) => {
        const [name, on] = [bit.slice(0, -1), bit.endsWith('+')];
        const lacking = missing.includes(name) || undefined;
        return (
          <span key={bit} className="chip bit-chip" data-on={on} data-lacking={lacking}>
            {name}
            {on ? '+' : '−'}
          </span>
        );
      })}
      {rest !== '' &&
        (bits.length > 0 ? (
          <span className="evidence-where">{rest}</span>
        ) : (
          <span className="chip bit-chip" data-lacking={missing.length > 0 || undefined}>
            {rest}
          </span>
        ))}
    </>
  );
}
