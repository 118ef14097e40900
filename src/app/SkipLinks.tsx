/** The first stops of the Tab key: straight to a part of the page. */
export const SkipLinks = () => (
  <nav className="skip-links" aria-label="Skip to">
    {[
      ['.canvas', 'Skip to the canvas'],
      ['#side', 'Skip to the details'],
      ['#console', 'Skip to the console'],
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
