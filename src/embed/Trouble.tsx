import { useEffect, useState } from 'react';
import { useApp } from '../store';
import { EMBED } from '../words/embed/embed';

/** A host that gives the scene itself has so long before the embed says that it has none. */
const HOST_MS = 2000;

/** Why there is nothing to see, or nothing goes on. */
export function Trouble() {
  const engine = useApp((state) => state.engine);
  const notice = useApp((state) => state.notice);
  const empty = useApp((state) => state.script === '');
  const { restartEngine, notify } = useApp((state) => state.actions);
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), HOST_MS);
    return () => clearTimeout(timer);
  }, []);
  if (engine.status === 'crashed') {
    return (
      <section className="trouble embed-trouble" role="alert">
        <h2>{EMBED.stopped}</h2>
        <p>{engine.why}</p>
        {!engine.restarting && (
          <button type="button" className="btn" onClick={() => void restartEngine()}>
            {EMBED.again}
          </button>
        )}
      </section>
    );
  }
  if (notice?.tone === 'error') {
    return (
      <section className="trouble embed-trouble" role="alert">
        <h2>{EMBED.notShown}</h2>
        <p>{notice.text}</p>
        {!empty && (
          <button type="button" className="btn" onClick={() => notify(null)}>
            {EMBED.dismiss}
          </button>
        )}
      </section>
    );
  }
  if (engine.status === 'starting') return <p className="embed-wait">{EMBED.starting}</p>;
  return empty && waited ? <p className="embed-wait">{EMBED.nothing}</p> : null;
}
