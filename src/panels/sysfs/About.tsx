import type { SysfsEntry } from '../../engine/iommu/sysfs';
import { useApp } from '../../store';
import { Field, Fields } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { objectAt } from './paths';
import { shownBy } from './shows';
import { SYSFS_WORDS } from '../../words/panels/sysfs';

const SOURCE = 'https://elixir.bootlin.com/linux/latest/source/';

interface AboutProps {
  readonly path: string;
  readonly root: SysfsEntry;
}

/** What it says, which function of the kernel says it, and the object on the canvas that it is about. */
export function About({ path, root }: AboutProps) {
  const id = useApp(({ objects }) => objectAt(root, path, objects)?.id ?? null);
  const shown = shownBy(path);
  if (id === null && shown === null) return null;
  return (
    <>
      {shown !== null && <p className="prose">{shown.says}</p>}
      <Fields>
        {id !== null && (
          <Field name={SYSFS_WORDS.about}>
            <ObjectLink id={id} full />
          </Field>
        )}
        {shown?.show !== undefined && (
          <Field name={SYSFS_WORDS.shownBy}>
            <code>{shown.show}()</code>
          </Field>
        )}
        {shown?.store !== undefined && (
          <Field name={SYSFS_WORDS.storedBy}>
            <code>{shown.store}()</code>
          </Field>
        )}
        {shown !== null && (
          <Field name={SYSFS_WORDS.source}>
            <Source path={shown.file} />
          </Field>
        )}
        {shown?.abi !== undefined && (
          <Field name={SYSFS_WORDS.document}>
            <Source path={shown.abi} />
          </Field>
        )}
      </Fields>
    </>
  );
}

const Source = ({ path }: { readonly path: string }) => (
  <a className="link sysfs-source" href={`${SOURCE}${path}`} target="_blank" rel="noreferrer">
    {path}
  </a>
);
