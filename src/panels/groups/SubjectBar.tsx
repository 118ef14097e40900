import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { Button } from '../../ui/Button';
import { ClassIcon } from './ClassIcon';
import { useSubject } from './groups-ui';
import { shortName } from './words';

/** What can be asked about the device that is selected in the list. */
export function SubjectBar() {
  const device = useSubject();
  const showPanel = useApp((state) => state.actions.showPanel);
  if (device === null)
    return <p className="subject-bar subject-none">Select a group or a device to ask about it.</p>;
  return (
    <div className="subject-bar">
      <div className="subject-head">
        <p className="subject-name">
          <ClassIcon device={device} /> <code>{shortBdf(device.bdf)}</code> {shortName(device)}
        </p>
        <button type="button" className="link-quiet" onClick={() => showPanel('object')}>
          Details
        </button>
      </div>
      <div className="row">
        <Button onClick={() => showPanel('why')}>Why together?</Button>
        {!device.isBridge && <Button onClick={() => showPanel('passthrough')}>Passthrough?</Button>}
        <Button onClick={() => showPanel('what-if')}>What if…</Button>
      </div>
    </div>
  );
}
