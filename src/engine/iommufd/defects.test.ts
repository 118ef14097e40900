import { describe, expect, it } from 'vitest';
import { DEFECTS } from './defects';
import { Replay } from './testing/recorded-replay';

// Where the real kernel warns, hangs or crashes nothing could be recorded: up to that line the answers are the kernel's,
// from there on they are what the interface promises (Documentation/userspace-api/iommufd.rst, include/uapi/linux/iommufd.h)
// or what the function at fault was meant to do; each test says which.

const MOCK = ['i1=IOAS_ALLOC', '= OK id=1', 'd1=T_MOCK pt=$i1', '= OK stdev=2 hwpt=4 idev=3'];
/** A page fault that nobody has read. */
const PENDING = [
  ...MOCK,
  'f1=FAULT_ALLOC',
  '= OK id=5 fd=fd,cloexec',
  'h1=HWPT_ALLOC flags=4 dev=$d1.idev pt=$i1 fault=$f1',
  '= OK id=6',
  'T_REPLACE stdev=$d1 pt=$h1',
  '= OK pt=6',
  'T_IOPF dev=$d1.idev grpid=1 perm=1 addr=0x1000',
  '= OK',
];

/** Operations and the lines that they must print. Afterwards nothing may be left. */
function expectScript(...script: readonly (readonly string[])[]): void {
  expectLines(new Replay(), ...script);
}

function expectLines(replay: Replay, ...script: readonly (readonly string[])[]): void {
  const lines = script.flat();
  const printed = lines.map((line) => (line.startsWith('=') ? '' : replay.execute(line)));
  lines.forEach((line, index) => {
    if (!line.startsWith('=')) printed[index + 1] = printed[index] ?? '';
  });
  lines.forEach((line, index) => {
    if (!line.startsWith('=')) printed[index] = line;
  });
  expect(printed).toEqual(lines);
  expect(replay.machine.end()).toEqual([]);
}

describe('where the kernel is wrong', () => {
  // iommufd_auto_response_faults() is there to answer what nobody will answer any more.
  it('pending-detach: a device that goes takes its unanswered faults with it', () => {
    expectScript(PENDING, ['POLL@$f1.fd', '= OK ev=IN|OUT|RDNORM', 'DESTROY id=$d1', '= OK']);
    expectScript(PENDING, [
      'DESTROY id=$d1',
      '= OK',
      'POLL@$f1.fd',
      '= OK ev=OUT',
      'READ@$f1.fd n=40',
      '= OK n=0 w=-',
      'DESTROY id=$h1',
      '= OK',
    ]);
  });

  it('pending-detach: so does one that was read and not answered', () => {
    expectScript(PENDING, [
      'r=READ@$f1.fd n=40',
      '= OK n=40 w=2,3,0,1,1,0,1000,0,0,1',
      'DESTROY id=$d1',
      '= OK',
      'WRITE@$f1.fd data=$r.c0,0',
      '= EINVAL',
    ]);
  });

  it('pending-detach: a process may end with unanswered faults', () => {
    expectScript(PENDING);
  });

  it('pending-replace: a device that is moved to another HWPT leaves no fault behind in the old queue', () => {
    expectScript(PENDING, [
      'T_REPLACE stdev=$d1 pt=$i1',
      '= OK pt=4',
      'READ@$f1.fd n=40',
      '= OK n=0 w=-',
      'WRITE@$f1.fd data=1,0',
      '= EINVAL',
    ]);
  });

  it('pending-replace: nor when the new HWPT has a queue as well', () => {
    expectScript(PENDING, [
      'f2=FAULT_ALLOC',
      '= OK id=4 fd=fd,cloexec',
      'h2=HWPT_ALLOC flags=4 dev=$d1.idev pt=$i1 fault=$f2',
      '= OK id=7',
      'T_REPLACE stdev=$d1 pt=$h2',
      '= OK pt=7',
      'POLL@$f1.fd',
      '= OK ev=OUT',
      'POLL@$f2.fd',
      '= OK ev=OUT',
    ]);
  });

  // Recorded, up to the read that crashes.
  it('pending-replace: as the kernel does it, the fault stays in the old queue', () => {
    expectLines(new Replay({ kernelDefects: new Set(['replace-answers-new-queue']) }), PENDING, [
      'f2=FAULT_ALLOC',
      '= OK id=4 fd=fd,cloexec',
      'h2=HWPT_ALLOC flags=4 dev=$d1.idev pt=$i1 fault=$f2',
      '= OK id=7',
      'T_REPLACE stdev=$d1 pt=$h2',
      '= OK pt=7',
      'POLL@$f1.fd',
      '= OK ev=IN|OUT|RDNORM',
    ]);
  });

  // read(2): EFAULT for a buffer outside the address space.
  it('read-efault-loop: a fault that cannot be delivered stays deliverable', () => {
    expectScript(PENDING, [
      'READ@$f1.fd n=40 ptr=0xd00000000',
      '= EFAULT',
      'r=READ@$f1.fd n=40',
      '= OK n=40 w=2,3,0,1,1,0,1000,0,0,1',
      'WRITE@$f1.fd data=$r.c0,0',
      '= OK n=8',
    ]);
  });

  it('hw-queue-leak: a queue can be destroyed after another area was unmapped under an access', () => {
    expectScript(['BUF a 0x10000', '= OK'], MOCK, [
      'hp=HWPT_ALLOC flags=1 dev=$d1.idev pt=$i1',
      '= OK id=5',
      'v1=VIOMMU_ALLOC type=0xdeadbeef dev=$d1.idev hwpt=$hp',
      '= OK id=6',
      'MAP flags=7 ioas=$i1 va=%a len=0x1000 iova=0x2000000',
      '= OK iova=0x2000000',
      'MAP flags=7 ioas=$i1 va=%a+0x2000 len=0x1000 iova=0x3000000',
      '= OK iova=0x3000000',
      'a1=T_ACCESS ioas=$i1 flags=1',
      '= OK fd=fd,cloexec',
      'hq=HW_QUEUE_ALLOC viommu=$v1 type=0xdeadbeef index=0 iova=0x2000000 len=0x1000',
      '= OK id=8',
      'T_ACC_PIN acc=$a1.fd iova=0x3000000 len=0x1000',
      '= OK pin=0',
      'UNMAP ioas=$i1 iova=0x3000000 len=0x1000',
      '= OK len=0x1000',
      'UNMAP ioas=$i1 iova=0x2000000 len=0x1000',
      '= EBUSY',
      'DESTROY id=$hq',
      '= OK',
      'UNMAP ioas=$i1 iova=0x2000000 len=0x1000',
      '= OK len=0x1000',
    ]);
  });

  // The kernel moves everything and then reports a failure; its next call, recorded, shows that ownership has moved.
  it('change-process-dead-owner: memory of a dead process can be taken over', () => {
    expectScript(
      ['BUF m 0x4000 memfd', '= OK', 'OPTION id=0 op=0 val=1', '= OK val=0x1', 'CAP drop ipc_lock', '= OK'],
      MOCK,
      [
        'MAP_FILE flags=6 ioas=$i1 file=$m.fd start=0 len=0x2000',
        '= OK iova=0x1000000',
        'STATUS',
        '= OK VmPin=8 VmLck=8',
        'child CHANGE_PROCESS',
        '= OK',
        'STATUS',
        '= OK VmPin=0 VmLck=0',
        'CHANGE_PROCESS',
        '= OK',
        'STATUS',
        '= OK VmPin=8 VmLck=8',
        'CHANGE_PROCESS',
        '= OK',
      ],
    );
  });

  it('pasid-left: a device that goes takes its PASIDs with it', () => {
    expectScript([
      'i1=IOAS_ALLOC',
      '= OK id=1',
      'd1=T_MOCK_FLAGS pt=$i1 flags=4',
      '= OK stdev=2 hwpt=4 idev=3',
      'h1=HWPT_ALLOC flags=8 dev=$d1.idev pt=$i1',
      '= OK id=5',
      'T_REPLACE stdev=$d1 pt=$h1',
      '= OK pt=5',
      'T_PASID_ATTACH stdev=$d1 pasid=5 pt=$h1',
      '= OK pt=5',
      'DESTROY id=$d1',
      '= OK',
      'DESTROY id=$h1',
      '= OK',
    ]);
  });

  it('dma-buf-fd-leak: without a descriptor there is no dma-buf', () => {
    expectScript(['IOAS_ALLOC', '= OK id=1', 'RLIMIT nofile 0', '= OK', 'T_DMABUF len=0x1000', '= EMFILE']);
  });

  // Recorded: the errno, beside a warning.
  it('huge-counts: a huge number of entries is too much memory', () => {
    expectScript(['BUF s 0x20000 shared', '= OK'], MOCK, [
      'hp=HWPT_ALLOC flags=1 dev=$d1.idev pt=$i1',
      '= OK id=5',
      'v1=VIOMMU_ALLOC type=0xdeadbeef dev=$d1.idev hwpt=$hp',
      '= OK id=6',
      'INVALIDATE hwpt=$v1 dtype=0xdeadbeef elen=12 num=0x7fffffff dptr=%s',
      '= ENOMEM num=0!',
    ]);
    expectScript(MOCK, [
      'h1=HWPT_ALLOC flags=2 dev=$d1.idev pt=$i1',
      '= OK id=5',
      'SET_DIRTY hwpt=$h1 flags=1',
      '= OK',
      'T_DIRTY hwpt=$h1 iova=0 len=0x8000000000000000 page=1 ptr=1',
      '= ENOMEM',
    ]);
  });

  // Recorded: the errno, beside a warning.
  it('vfio-no-permission: a mapping without permissions is refused by the page tables', () => {
    expectScript(
      ['BUF a 0x10000', '= OK', 'i1=IOAS_ALLOC', '= OK id=1', 'VFIO_IOAS op=1 ioas=$i1', '= OK ioas=1'],
      [
        'd1=T_MOCK pt=$i1',
        '= OK stdev=2 hwpt=4 idev=3',
        'VFIO_MAP argsz=32 flags=0 va=%a iova=0x20000000 len=0x4000',
        '= EINVAL',
        'VFIO_UNMAP argsz=24 iova=0x20000000 len=0x4000',
        '= OK len=0x0',
      ],
    );
  });

  it('every note has a name of its own', () => {
    expect(new Set(DEFECTS.map(({ id }) => id)).size).toBe(DEFECTS.length);
  });
});
