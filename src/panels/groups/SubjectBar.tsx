import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { Button } from '../../ui/Button';
import { GROUPS } from '../../words/panels/groups/groups';
import { ClassIcon } from './ClassIcon';
import { useSubject } from './groups-ui';
import { shortName } from './words';

/** What can be asked about the device that is selected in the list. */
export function SubjectBar() {
  const device = useSubject();
  const showPanel = useApp((state) => state.actions.showPanel);
  if (device === null) return <p className="subject-bar subject-none">{GROUPS.select}</p>;
  return (
    <div className="subject-bar">
      <div className="subject-head">
        <p className="subject-name">
          <ClassIcon device={device} /> <code>{shortBdf(device.bdf)}</code> {shortName(device)}
        </p>
        <button type="button" className="link-quiet" onClick={() => showPanel('object')}>
          {GROUPS.details}
        </button>
      </div>
      <div className="row">
        <Button onClick={() => showPanel('why')}>{GROUPS.why}</Button>
        {!device.isBridge && <Button onClick={() => showPanel('passthrough')}>{GROUPS.passthrough}</Button>}
        <Button onClick={() => showPanel('what-if')}>{GROUPS.whatIf}</Button>
      </div>
    </div>
  );
}
