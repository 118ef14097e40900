import { signature, VERBS } from '../../scenario/verbs';
import { useApp } from '../../store';
import { commandById } from '../../commands';
import { KEY_MAP, type KeyRow } from '../../store/shortcuts';
import { Dialog } from '../../ui/Dialog';
import { Legend } from '../../ui/Legend';
import type { TermTip } from '../../ui/Term';
import { TERMS } from '../shared/terms';
import { Defects } from './Defects';
import './help.css';

const TERM_NAMES: Readonly<Record<keyof typeof TERMS, string>> = {
  iova: 'IOVA',
  pa: 'PA',
  group: 'IOMMU group',
  ioas: 'IOAS',
  hwpt: 'HWPT',
  acs: 'ACS',
  rid: 'Requester id',
  iotlb: 'IOTLB',
  deviceTlb: 'Device TLB',
  contextCache: 'Context cache',
  stale: 'Stale',
  did: 'DID',
  domain: 'Domain',
  defaultDomain: 'Default domain',
  owner: 'Owner',
  reserved: 'Reserved',
  pinned: 'Pinned',
  multifunction: 'Multifunction',
  users: 'Users',
  queue: 'Queue',
  alignment: 'Alignment',
  nested: 'Nested',
  viommu: 'vIOMMU',
  vdevice: 'vDEVICE',
  access: 'Access',
  faultQueue: 'Fault queue',
  veventq: 'vEVENTQ',
  pasid: 'PASID',
  pages: 'Pages',
  tier: 'Tier',
  account: 'Accounting',
  dirty: 'Dirty tracking',
  identity: 'Identity',
  blocked: 'Blocked',
  attach: 'Attach',
  replace: 'Replace',
  quirk: 'Quirk',
  alias: 'Alias',
  sva: 'SVA',
  ats: 'ATS',
  pri: 'PRI',
  fault: 'Fault',
  msi: 'MSI',
  noiommu: 'no-IOMMU',
  container: 'Container',
  selftest: 'Mock device',
  flushQueue: 'Flush queue',
  contextEntry: 'Context entry',
  dte: 'DTE',
  ste: 'STE',
  cd: 'CD',
  ddt: 'DDT',
  dc: 'Device context',
  pagingCache: 'Paging-structure cache',
  sysfs: 'sysfs',
  lockdep: 'lockdep',
};

/** Made from the key map, the verbs and the words that the page itself uses. */
export function HelpDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  return (
    <Dialog
      title="Help"
      reading
      description="Everything you do becomes a line of the script; the script is the scene, and the link holds it."
      width={760}
      onClose={() => openDialog(null)}
    >
      <div className="help">
        <section aria-labelledby="help-keys">
          <h3 id="help-keys" className="eyebrow">
            Keys
          </h3>
          <KeyList where="page" />
          <h3 className="eyebrow">On the canvas</h3>
          <KeyList where="canvas" />
          <p className="prose">
            <b>In the console.</b> Enter runs the line, Tab completes, up and down bring earlier lines back,
            Ctrl R looks for one. The kernel’s names may be in small letters. Several lines pasted run one
            after the other.
          </p>
          <p className="prose">
            <b>Your own machine.</b> Paste anywhere on the page, or drop files on it: <code>lspci</code>,{' '}
            <code>dmesg</code>, lists of <code>/sys/kernel/iommu_groups</code>, the ACPI tables DMAR, IVRS and
            IORT, one alone or together. The more of them, the more is certain; as root, <code>lspci</code>{' '}
            shows the ACS registers that decide groups. Nothing leaves your browser.
          </p>
        </section>
        <section aria-labelledby="help-words">
          <h3 id="help-words" className="eyebrow">
            Words
          </h3>
          <dl className="fields">
            {Object.entries(TERM_NAMES).map(([key, name]) => (
              <div key={key}>
                <dt>{name}</dt>
                <dd>
                  <TermText {...TERMS[key as keyof typeof TERMS]} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
        <section aria-labelledby="help-marks" className="help-wide">
          <h3 id="help-marks" className="eyebrow">
            Marks and wires
          </h3>
          <Legend full />
        </section>
        <section aria-labelledby="help-verbs" className="help-wide">
          <h3 id="help-verbs" className="eyebrow">
            Lines of the script
          </h3>
          <dl className="help-verbs">
            {[...VERBS.values()].map((verb) => (
              <div key={verb.name}>
                <dt>
                  <code>{signature(verb)}</code>
                </dt>
                <dd className="prose">{verb.help}</dd>
              </div>
            ))}
          </dl>
        </section>
        <Defects />
      </div>
    </Dialog>
  );
}

const TermText = ({ text, document }: TermTip) => (
  <>
    {text}
    {document !== null && (
      <small className="muted help-source">
        {document.href === null ? (
          document.label
        ) : (
          <a href={document.href} target="_blank" rel="noreferrer">
            {document.label}
          </a>
        )}
      </small>
    )}
  </>
);

/** Rows of the key map that do the same stand together. */
function KeyList({ where }: { readonly where: KeyRow['where'] }) {
  const rows = new Map<string, string[]>();
  for (const row of KEY_MAP) {
    if (row.where !== where) continue;
    const help = row.help ?? (row.command === null ? '' : (commandById(row.command)?.label ?? ''));
    rows.set(help, [...(rows.get(help) ?? []), row.keys]);
  }
  return (
    <dl className="fields help-keys">
      {[...rows].map(([help, all]) => (
        <div key={help}>
          <dt>
            {all.map((keys, index) => (
              <span key={keys}>
                {index > 0 && <span className="muted"> or </span>}
                {keys.split(' ').map((key) => (
                  <kbd key={key} className="kbd">
                    {key}
                  </kbd>
                ))}
              </span>
            ))}
          </dt>
          <dd>{help}</dd>
        </div>
      ))}
    </dl>
  );
}
