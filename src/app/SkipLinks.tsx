import * as says from '../words/app/frame';

/** The first stops of the Tab key: straight to a part of the page. */
export const SkipLinks = () => (
  <nav className="skip-links" aria-label={says.skipTo}>
    {[
      ['.canvas', says.skipToTheCanvas],
      ['#side', says.skipToTheDetails],
      ['#console', says.skipToTheConsole],
    ].map(([target, label]) => (
      <button
        key={target}
        type="button"
        className="btn"
        onClick={() => document.querySelector<HTMLElement>(target ?? '')?.focus()}
      >
        {label}
      </button>
    ))}
  </nav>
);
