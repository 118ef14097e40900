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
import { DEVICE } from '../../words/panels/inspector/device';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { Phrase } from '../../ui/Phrase';
import { DeviceActions } from './DeviceActions';
import { DmaForm } from './DmaForm';

const ACS_NAMES: Readonly<Record<string, string>> = DEVICE.acs;

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
        <Section title={INSPECTOR.ask}>
          <div className="row">
            <CommandButton id="device.passthrough" subject={[device.id]} />
            <CommandButton id="device.why" subject={[device.id]} />
            <CommandButton id="device.what-if" subject={[device.id]} />
          </div>
        </Section>
      )}
      {real && !device.isBridge && <DmaForm key={device.id} device={device} />}
      {!real && <Mock />}
      <Section title={DEVICE.translation}>
        <Fields>
          <Field name={DEVICE.itsDriver}>
            {device.driver === null ? (
              <span className="muted">{INSPECTOR.none}</span>
            ) : (
              <>
                <code>{device.driver.name}</code>
                {device.driver.managed && <span className="muted"> {DEVICE.managed}</span>}
              </>
            )}
          </Field>
          <Field name={<Term tip={TERMS.group}>{INSPECTOR.group}</Term>}>
            <ObjectLink id={device.groupId} none={device.ungrouped ?? INSPECTOR.none} />
          </Field>
          <Field name={<Term tip={TERMS.domain}>{INSPECTOR.domainNow}</Term>}>
            {group === null ? (
              <span className="muted">{INSPECTOR.none}</span>
            ) : (
              `${group.domain.label}, ${group.domain.type}`
            )}
          </Field>
          <Field name={<Term tip={TERMS.hwpt}>{INSPECTOR.hwpt}</Term>}>
            <ObjectLink id={device.hwptId} none={DEVICE.noHwpt} />
          </Field>
          <Field name={INSPECTOR.boundAs}>
            <BoundAs device={device} />
          </Field>
          <Field name={INSPECTOR.iommu}>
            <ObjectLink id={device.iommuId} none={DEVICE.noIommu} />
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
  <Section title={DEVICE.mock}>
    <p className="prose">
      <Phrase
        text={DEVICE.mockSays}
        parts={{ replace: <code>TEST_MOCK_DOMAIN_REPLACE</code>, iopf: <code>TEST_TRIGGER_IOPF</code> }}
      />
    </p>
  </Section>
);

/** What firmware says of a device that cannot be enumerated. */
const Platform = ({ name, platform }: { readonly name: string; readonly platform: PlatformTraits }) => (
  <Section title={DEVICE.platform}>
    <Fields>
      <Field name={INSPECTOR.name}>
        <code>{name}</code>
      </Field>
      <Field name={DEVICE.streams}>
        <code>{platform.streams.map((id) => `0x${plainHex(id, 4)}`).join(', ') || INSPECTOR.none}</code>
      </Field>
      <Field name={DEVICE.faults}>{platform.stall ? DEVICE.stall : DEVICE.noStall}</Field>
      <Field name={DEVICE.interrupts}>{platform.msi ? DEVICE.msi : DEVICE.wires}</Field>
    </Fields>
  </Section>
);

const Pci = ({ device }: { readonly device: DeviceObject }) => (
  <Section title={DEVICE.pci}>
    <Fields>
      <Field name={DEVICE.address}>
        <code>{device.bdf}</code>
      </Field>
      <Field name={<Term tip={TERMS.rid}>{DEVICE.rid}</Term>}>
        <code>{requesterId(device.bdf)}</code>
      </Field>
      <Field name={INSPECTOR.kind}>{kindName(device.kind)}</Field>
      <Field name={DEVICE.class}>
        {device.className} <code className="muted">{plainHex(device.classCode, 6)}</code>
      </Field>
      <Field name={DEVICE.id}>
        <code>
          {plainHex(device.vendorId, 4)}:{plainHex(device.deviceId, 4)}
        </code>
      </Field>
      <Field name={DEVICE.below}>
        <ObjectLink id={device.parentId} none={DEVICE.rootBus} full />
      </Field>
      <Field name={<Term tip={TERMS.multifunction}>{DEVICE.multifunction}</Term>}>
        {device.multifunction ? DEVICE.yes : DEVICE.no}
      </Field>
      <Field name={<Term tip={TERMS.acs}>{DEVICE.acsTitle}</Term>}>
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
    <Section title={<Term tip={TERMS.deviceTlb}>{DEVICE.deviceTlb}</Term>}>
      <Fields>
        <Field name={DEVICE.switchedOn}>
          <span className="row">
            {services.map((service) => (
              <MaybeTerm key={service} tip={SERVICE_TERMS[service] ?? null}>
                {service}
              </MaybeTerm>
            ))}
          </span>
        </Field>
      </Fields>
      {services.includes('ATS') && deviceTlb.length === 0 && <p className="muted">{INSPECTOR.empty}</p>}
      {stale > 0 && (
        <p className="stale-note">
          <Phrase
            text={DEVICE.staleEntries(stale)}
            parts={{ stale: <Term tip={TERMS.stale}>{DEVICE.stale}</Term> }}
          />
        </p>
      )}
      {deviceTlb.length > 0 && (
        <div className="scroll-x">
          <table className="table">
            <thead>
              <tr>
                <th>{INSPECTOR.pasid}</th>
                <th>{INSPECTOR.iova}</th>
                <th>{INSPECTOR.pa}</th>
                <th>{INSPECTOR.size}</th>
                <th>
                  <span className="sr-only">{INSPECTOR.access}</span>
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
                    {stale && <b className="stale-word"> {DEVICE.stale}</b>}
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
  if (idev?.type !== 'idev') return <span className="muted">{DEVICE.notBound}</span>;
  return (
    <>
      {idev.name !== null && <code>{idev.name} </code>}
      <span className="muted">{DEVICE.objectOf(idev.objectId)} </span>
      <ObjectLink id={idev.contextId} />
    </>
  );
}

/** Every join that has to do with this device, with the rule that made it. */
function WhyHere({ device, group }: { readonly device: DeviceObject; readonly group: GroupObject }) {
  const joins = group.joins.filter((join) => join.deviceId === device.id || join.withId === device.id);
  const alone = group.deviceIds.length === 1;
  return (
    <Section title={DEVICE.why(group.number)}>
      {joins.length === 0 && (
        <p className="prose">
          {alone ? (device.platform === undefined ? DEVICE.alone : DEVICE.platformAlone) : DEVICE.first}
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
      {device.recordedGroup !== null && <p className="muted">{DEVICE.recorded(device.recordedGroup)}</p>}
    </Section>
  );
}

function AcsBits({ device }: { readonly device: DeviceObject }) {
  const { acs } = device;
  if (acs === null) return <span className="muted">{DEVICE.noCapability}</span>;
  if (acs.cap.length === 0) return <span className="muted">{DEVICE.noBit}</span>;
  return (
    <ul className="row">
      {acs.cap.map((bit) => {
        const on = acs.ctrl.includes(bit);
        const name = ACS_NAMES[bit] ?? bit;
        const tip = on ? DEVICE.acsOn(name) : DEVICE.acsOff(name);
        return (
          <li key={bit}>
            <span className="chip" data-off={!on} data-tip={tip}>
              {bit}
              <span className="sr-only"> {on ? DEVICE.on : DEVICE.off}</span>
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
