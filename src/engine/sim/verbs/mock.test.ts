import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

/** Errnos: drivers/iommu/iommufd/selftest.c and main.c of the 7.1 merge window. */
const START = ['ctx = open /dev/iommu', 'ioas = IOAS_ALLOC ctx'];
const on = (machine: string, ...lines: readonly string[]): ScriptRun => {
  const run = ScriptRun.of([machine, ...START, ...lines].join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
};
const withTests = (...lines: readonly string[]): ScriptRun => on('machine t iommu=none selftest', ...lines);

describe('a mock device', () => {
  it('is not to be had from a kernel without its tests', () => {
    expect(on('machine t').line('dev = TEST_MOCK_DOMAIN ioas').errno).toBe('ENOTTY');
  });

  it('is bound and attached when it is made, and stands in the world with its IOMMU', () => {
    const run = withTests('dev = TEST_MOCK_DOMAIN ioas');
    const device = run.simulator.world().get('dev:iommufd_mock0');
    expect(device).toMatchObject({ iommuId: 'iommu:iommufd_selftest_iommu', idevId: 'idev:1.3' });
    expect(run.simulator.world().get('iommu:iommufd_selftest_iommu')).toMatchObject({
      deviceIds: ['dev:iommufd_mock0'],
    });
    run.line('close ctx');
    expect(run.simulator.world().has('dev:iommufd_mock0')).toBe(false);
  });

  it('moves to another table, and to nothing else', () => {
    const run = withTests('dev = TEST_MOCK_DOMAIN ioas', 'other = HWPT_ALLOC dev ioas');
    expect(run.line('TEST_MOCK_DOMAIN_REPLACE dev ctx').status).toBe('error');
    expect(run.line('TEST_MOCK_DOMAIN_REPLACE other other').status).toBe('error');
    run.line('TEST_MOCK_DOMAIN_REPLACE dev other');
    expect(run.line('expect dev hwptId other').ok).toBe(true);
  });

  it('has PASIDs and dirty tracking as it was made', () => {
    const run = withTests('dev = TEST_MOCK_DOMAIN ioas no-dirty', 'other = TEST_MOCK_DOMAIN ioas pasid');
    // mock_domain_alloc_paging_flags(): dirty tracking of a device without is EOPNOTSUPP.
    expect(run.line('x = HWPT_ALLOC dev ioas dirty').errno).toBe('EOPNOTSUPP');
    expect(run.line('x = HWPT_ALLOC other ioas dirty').status).toBe('ok');
    expect(run.line('y = HWPT_ALLOC other ioas pasid').status).toBe('ok');
  });

  it('has no event for a VM that it is not in', () => {
    // iommufd_test_trigger_vevent(): ENOENT unless the device is on a domain of a vIOMMU.
    expect(withTests('dev = TEST_MOCK_DOMAIN ioas').line('TEST_TRIGGER_VEVENT dev').errno).toBe('ENOENT');
  });
});
