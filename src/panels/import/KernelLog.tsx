import type { DecodedLine, KernelLines } from '../../engine/sim/kernel-lines/decode';
import { LOG_LINES } from '../../words/panels/import/dialog';
import { Phrase } from '../../ui/Phrase';
import { groupLines, sortLines } from './group-lines';
import { LineCard } from './LineCard';
import './kernel-log.css';

/** Cards in a list: a log has thousands of lines, and a page that holds them all stands still. */
const MOST_CARDS = 60;

export const saysSomething = ({ decoded, unknown }: KernelLines): boolean =>
  decoded.length > 0 || unknown.length > 0;

/** What a kernel printed about IOMMUs, each message taken apart; and what is not understood, so that nothing is lost. */
export function KernelLog({ lines }: { readonly lines: KernelLines }) {
  const { decoded, unknown, more } = lines;
  const { main, notices } = sortLines(decoded);
  return (
    <section className="kernel-log" aria-label={LOG_LINES.title}>
      <p>
        <Phrase
          text={LOG_LINES.understood}
          parts={{ messages: <b>{LOG_LINES.messages(decoded.length)}</b> }}
        />
        {more > 0 && <span className="muted"> {LOG_LINES.tooLong(more)}</span>}
      </p>
      <Cards lines={main} />
      {notices.length > 0 && (
        <details open={main.length === 0 && notices.length < 8}>
          <summary>{LOG_LINES.notices(notices.length)}</summary>
          <Cards lines={notices} />
        </details>
      )}
      {unknown.length > 0 && (
        <details open={decoded.length === 0}>
          <summary>{LOG_LINES.unknown(unknown.length)}</summary>
          <ol className="line-unknown mono" tabIndex={0} aria-label={LOG_LINES.unknownLines}>
            {unknown.map(({ line, text }) => (
              <li key={line}>
                <span className="muted">{LOG_LINES.line(line)}</span> {text}
              </li>
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

function Cards({ lines }: { readonly lines: readonly DecodedLine[] }) {
  const groups = groupLines(lines);
  return (
    <>
      {groups.slice(0, MOST_CARDS).map((group) => (
        <LineCard key={group.first.line} lines={group} />
      ))}
      {groups.length > MOST_CARDS && <p className="muted">{LOG_LINES.others(groups.length - MOST_CARDS)}</p>}
    </>
  );
}
