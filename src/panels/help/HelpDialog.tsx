import { signature, VERBS } from '../../scenario/verbs';
import { useApp } from '../../store';
import { SHORTCUTS } from '../../store/shortcuts';
import { Dialog } from '../../ui/Dialog';
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
};

/** Made from the key map, the verbs and the words that the page itself uses. */
export function HelpDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  // The canvas says its own keys to screen readers; the same sentence helps everybody.
  const canvasKeys = document.getElementById('canvas-keys')?.textContent ?? null;
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
          <dl className="fields help-keys">
            {SHORTCUTS.map(({ label, help }) => (
              <div key={label}>
                <dt>
                  {label.split(' ').map((key) => (
                    <kbd key={key} className="kbd">
                      {key}
                    </kbd>
                  ))}
                </dt>
                <dd>{help}</dd>
              </div>
            ))}
          </dl>
          {canvasKeys !== null && (
            <p className="prose">
              <b>On the canvas.</b> {canvasKeys}
            </p>
          )}
          <p className="prose">
            <b>In the console.</b> Enter runs the line, Tab completes, up and down bring earlier lines back.
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
                <dd>{TERMS[key as keyof typeof TERMS]}</dd>
              </div>
            ))}
          </dl>
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
