import type { ReactNode } from 'react';

interface SectionProps {
  readonly title?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a panel, under a quiet heading. */
export const Section = ({ title, children }: SectionProps) => (
  <section className="sec">
    {title !== undefined && <h3>{title}</h3>}
    {children}
  </section>
);

export const Fields = ({ children }: { readonly children: ReactNode }) => (
  <dl className="fields">{children}</dl>
);

export const Field = ({ name, children }: { readonly name: ReactNode; readonly children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

export { Term } from './Term';
