import { IOMMU_OPTION_OP_GET, IOMMU_OPTION_RLIMIT_MODE } from '../engine/uapi/iommufd';
import { Bench } from './machine';
import { AIM, timed, type Clock, type IoasMeasurement } from './measure';

const COUNT = 100_000;
const GET = { option_id: IOMMU_OPTION_RLIMIT_MODE, op: IOMMU_OPTION_OP_GET };

/** An ioctl that does next to nothing, as a program's own bytes through the whole of the door. */
export function measureCalls(now: Clock): IoasMeasurement {
  const bench = new Bench();
  const seconds = timed(now, () => {
    for (let n = 0; n < COUNT; n++) bench.call('IOMMU_OPTION', GET);
  });
  return {
    name: 'ioctl round trip (IOMMU_OPTION, fields to bytes to fields)',
    unit: 'calls',
    value: COUNT / seconds,
    reference: { native: 'ioctl(2), FIONREAD of a pipe' },
    aim: AIM,
  };
}
