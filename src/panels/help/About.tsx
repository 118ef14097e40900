import { useApp } from '../../store';
import { pageVersion, useOffline } from '../../offline/state';
import { Button } from '../../ui/Button';
import { Phrase } from '../../ui/Phrase';
import { ABOUT as words } from '../../words/panels/about';

/** Which version runs, and whether it needs a network. */
export function About() {
  const keeping = useOffline((state) => state.keeping);
  const askPage = useApp((state) => state.actions.askPage);
  const version = pageVersion();
  return (
    <section aria-labelledby="help-about" className="help-wide">
      <h3 id="help-about" className="eyebrow">
        {words.title}
      </h3>
      <p>
        <Phrase
          text={words.version}
          parts={{ version: version === null ? words.development : <code>{version}</code> }}
        />
      </p>
      <p className="prose" role="status">
        {words.states[keeping]}
      </p>
      <p className="prose">{words.privacy}</p>
      {keeping !== 'file' && (
        <p>
          <Button onClick={() => askPage('check-version')}>{words.check}</Button>
        </p>
      )}
    </section>
  );
}
