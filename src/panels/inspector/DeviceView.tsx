import type { DeviceObject, GroupObject, PlatformTraits } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { groupedHex, pageSize, plainHex } from '../../ui/numbers';
import type { TermTip } from '../../ui/Term';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { MemoryLink } from '../shared/MemoryLink';
import { ObjectLink } from '../shared/ObjectLink';
import { MaybeTerm } from '../shared/MaybeTerm';
import { TERMS } from '../shared/terms';
import { kindName } from '../../store/object-words';
import { find } from '../shared/words';
import { DeviceActions } from './DeviceActions';
import { DmaForm } from './DmaForm';

const ACS_NAMES: Readonly<Record<string, string>> = {
  SV: 'Source Validation',
  TB: 'Translation Blocking',
  RR: 'P2P Request Redirect',
  CR: 'P2P Completion Redirect',
  UF: 'Upstream Forwarding',
  EC: 'P2P Egress Control',
  DT: 'Direct Translated P2P',
};

export function DeviceView({ device }: { readonly device: DeviceObject }) {
  const objects = useApp((state) => state.objects);
  const group = find(objects, device.groupId, 'group');
  const pci = PCI_NAME.test(device.bdf);
  const { platform } = device;
  const real = pci || platform !== undefined;
  return (
    <>
      {real && !device.isBridge && <DeviceActions device={device} />}
      {pci && (
        <Section title="Ask">
          <div className="row">
            <CommandButton id="device.passthrough" subject={[device.id]} />
            <CommandButton id="device.why" subject={[device.id]} />
            <CommandButton id="device.what-if" subject={[device.id]} />
          </div>
        </Section>
      )}
      {real && !device.isBridge && <DmaForm key={device.id} device={device} />}
      {!real && <Mock />}
      <Section title="Translation">
        <Fields>
          <Field name="driver">
            {device.driver === null ? (
              <span className="muted">none</span>
            ) : (
              <>
                <code>{device.driver.name}</code>
                {device.driver.managed && <span className="muted"> does not use the kernel’s DMA</span>}
              </>
            )}
          </Field>
          <Field name={<Term tip={TERMS.group}>group</Term>}>
            <ObjectLink id={device.groupId} none={device.ungrouped ?? 'none'} />
          </Field>
          <Field name={<Term tip={TERMS.domain}>domain now</Term>}>
            {group === null ? (
              <span className="muted">none</span>
            ) : (
              `${group.domain.label}, ${group.domain.type}`
            )}
          </Field>
          <Field name={<Term tip={TERMS.hwpt}>HWPT</Term>}>
            <ObjectLink id={device.hwptId} none="none: the group’s domain decides" />
          </Field>
          <Field name="bound as">
            <BoundAs device={device} />
          </Field>
          <Field name="IOMMU">
            <ObjectLink id={device.iommuId} none="none: its DMA is not translated" />
          </Field>
        </Fields>
      </Section>
      {device.services.length > 0 && <Services device={device} />}
      {real && group !== null && <WhyHere device={device} group={group} />}
      {pci && <Pci device={device} />}
      {platform !== undefined && <Platform name={device.bdf} platform={platform} />}
    </>
  );
}

/** A device of another bus has a name of another kind. */
const PCI_NAME = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** One that the kernel's self-tests bring along. */
const Mock = () => (
  <Section title="Mock device">
    <p className="prose">
      A device of the kernel’s self-tests: it is on no PCI bus and does no DMA.{' '}
      <code>TEST_MOCK_DOMAIN_REPLACE</code> moves it to another IOAS or HWPT, <code>TEST_TRIGGER_IOPF</code>{' '}
      makes it ask for a page.
    </p>
  </Section>
);

/** What firmware says of a device that cannot be enumerated. */
const Platform = ({ name, platform }: { readonly name: string; readonly platform: PlatformTraits }) => (
  <Section title="Platform device">
    <Fields>
      <Field name="name">
        <code>{name}</code>
      </Field>
      <Field name="StreamIDs">
        <code>{platform.streams.map((id) => `0x${plainHex(id, 4)}`).join(', ') || 'none'}</code>
      </Field>
      <Field name="faults">
        {platform.stall ? 'may wait for an answer (dma-can-stall)' : 'end the transaction'}
      </Field>
      <Field name="interrupts">
        {platform.msi ? 'messages, kept apart by the interrupt controller' : 'wires, or messages of nobody’s'}
      </Field>
    </Fields>
  </Section>
);

const Pci = ({ device }: { readonly device: DeviceObject }) => (
  <Section title="PCI">
    <Fields>
      <Field name="address">
        <code>{device.bdf}</code>
      </Field>
      <Field name={<Term tip={TERMS.rid}>requester id</Term>}>
        <code>{requesterId(device.bdf)}</code>
      </Field>
      <Field name="kind">{kindName(device.kind)}</Field>
      <Field name="class">
        {device.className} <code className="muted">{plainHex(device.classCode, 6)}</code>
      </Field>
      <Field name="id">
        <code>
          {plainHex(device.vendorId, 4)}:{plainHex(device.deviceId, 4)}
        </code>
      </Field>
      <Field name="below">
        <ObjectLink id={device.parentId} none="a root bus" full />
      </Field>
      <Field name={<Term tip={TERMS.multifunction}>multifunction</Term>}>
        {device.multifunction ? 'yes' : 'no'}
      </Field>
      <Field name={<Term tip={TERMS.acs}>ACS</Term>}>
        <AcsBits device={device} />
      </Field>
    </Fields>
  </Section>
);

const SERVICE_TERMS: Readonly<Record<string, TermTip>> = {
  ATS: TERMS.ats,
  PRI: TERMS.pri,
  PASID: TERMS.pasid,
};

/** What it keeps of answers to ATS requests: the IOMMU's driver has to take it back. */
function Services({ device: { services, deviceTlb } }: { readonly device: DeviceObject }) {
  const stale = deviceTlb.filter((entry) => entry.stale).length;
  return (
    <Section title={<Term tip={TERMS.deviceTlb}>Device TLB</Term>}>
      <Fields>
        <Field name="switched on">
          <span className="row">
            {services.map((service) => (
              <MaybeTerm key={service} tip={SERVICE_TERMS[service] ?? null}>
                {service}
              </MaybeTerm>
            ))}
          </span>
        </Field>
      </Fields>
      {services.includes('ATS') && deviceTlb.length === 0 && <p className="muted">Empty.</p>}
      {stale > 0 && (
        <p className="stale-note">
          {stale === 1 ? '1 entry is' : `${stale} entries are`} <Term tip={TERMS.stale}>stale</Term>: the
          device goes on by what it was told until its driver takes it back.
        </p>
      )}
      {deviceTlb.length > 0 && (
        <div className="scroll-x">
          <table className="table">
            <thead>
              <tr>
                <th>PASID</th>
                <th>IOVA</th>
                <th>PA</th>
                <th>size</th>
                <th>
                  <span className="sr-only">access</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {deviceTlb.map(({ pasid, iova, pa, sizeLg2, read, write, stale }) => (
                <tr key={`${pasid ?? ''} ${iova}`} data-stale={stale}>
                  <td>{pasid ?? '–'}</td>
                  <td>{groupedHex(iova)}</td>
                  <td>
                    <MemoryLink pa={pa} />
                  </td>
                  <td>{pageSize(sizeLg2)}</td>
                  <td>
                    {read && 'r'}
                    {write && 'w'}
                    {stale && <b className="stale-word"> stale</b>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function BoundAs({ device }: { readonly device: DeviceObject }) {
  const idev = useApp((state) => (device.idevId === null ? undefined : state.objects[device.idevId]));
  if (idev?.type !== 'idev') return <span className="muted">not bound to iommufd</span>;
  return (
    <>
      {idev.name !== null && <code>{idev.name} </code>}
      <span className="muted">object {idev.objectId} of </span>
      <ObjectLink id={idev.contextId} />
    </>
  );
}

/** Every join that has to do with this device, with the rule that made it. */
function WhyHere({ device, group }: { readonly device: DeviceObject; readonly group: GroupObject }) {
  const joins = group.joins.filter((join) => join.deviceId === device.id || join.withId === device.id);
  const alone = group.deviceIds.length === 1;
  return (
    <Section title={`Why it is in group ${group.number}`}>
      {joins.length === 0 && (
        <p className="prose">
          {alone
            ? device.platform === undefined
              ? 'It is alone: everything between it and the root keeps its DMA apart.'
              : 'It is alone: its DMA goes to the IOMMU and to nobody else, under a number of its own.'
            : 'It was first in this group; the others joined it.'}
        </p>
      )}
      <ul className="stack">
        {joins.map((join) => (
          <li key={`${join.deviceId}${join.withId}${join.rule}`}>
            <span className="chip">{join.rule}</span>{' '}
            <ObjectLink id={join.withId === device.id ? join.deviceId : join.withId} />
            <p className="prose">{join.why}</p>
          </li>
        ))}
      </ul>
      {device.recordedGroup !== null && (
        <p className="muted">The dump it came from says group {device.recordedGroup}.</p>
      )}
    </Section>
  );
}

function AcsBits({ device }: { readonly device: DeviceObject }) {
  const { acs } = device;
  if (acs === null) return <span className="muted">no capability</span>;
  if (acs.cap.length === 0) return <span className="muted">capability without a bit</span>;
  return (
    <ul className="row">
      {acs.cap.map((bit) => {
        const on = acs.ctrl.includes(bit);
        const tip = `${ACS_NAMES[bit] ?? bit}: ${on ? 'on' : 'can do, but is off'}`;
        return (
          <li key={bit}>
            <span className="chip" data-off={!on} data-tip={tip}>
              {bit}
              <span className="sr-only"> {on ? 'on' : 'off'}</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** Bus, device and function packed as hardware does. */
function requesterId(bdf: string): string {
  const [bus = '0', device = '0', fn = '0'] = shortBdf(bdf).split(/[:.]/).slice(-3);
  return `0x${plainHex((parseInt(bus, 16) << 8) | (parseInt(device, 16) << 3) | parseInt(fn, 16), 4)}`;
}
