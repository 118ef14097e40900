import { describe, expect, it } from 'vitest';
import { ranOf } from '../../testing/recorded-scenes';
import { cProgram } from './c/c-program';
import { markdownReport } from './markdown';
import { recordingOf, type Recording } from './recording';
import { straceText } from './strace-text';

const MACHINE = `machine "One card" iommu=vtd
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci
boot`;
const of = (...lines: readonly string[]): Recording => recordingOf(ranOf([MACHINE, ...lines].join('\n')));

describe('strace text', () => {
  // The shapes are those of strace 6.1 run on a program with these calls; descriptors are the lowest free, as in the kernel.
  it('has the calls of a program and nothing else, descriptors and addresses as its calls have them', () => {
    const text = straceText(
      of(
        'ctx = open /dev/iommu',
        'dev = BIND ctx 00:02.0',
        'dma 00:02.0 read 0 4 ! FAULT',
        'UNBIND dev',
        'close ctx',
      ),
    );
    expect(text.split('\n')).toEqual([
      'openat(AT_FDCWD, "/dev/iommu", O_RDWR|O_CLOEXEC) = 3',
      'openat(AT_FDCWD, "/sys/bus/pci/devices/0000:00:02.0/vfio-dev", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = 4',
      'close(4) = 0',
      'openat(AT_FDCWD, "/dev/vfio/devices/vfio0", O_RDWR|O_CLOEXEC) = 4',
      'ioctl(4, VFIO_DEVICE_BIND_IOMMUFD, {argsz=24, flags=0, iommufd=3, token_uuid_ptr=0} => {out_devid=1}) = 0',
      'close(4) = 0',
      'close(3) = 0',
      '',
    ]);
  });

  it('a scene without a program is no text', () => {
    expect(straceText(of('dma 00:02.0 read 0 4 ! FAULT'))).toBe('');
  });
});

describe('C program', () => {
  it('no text of a scene becomes code', () => {
    const program = cProgram(
      recordingOf(
        ranOf(
          `machine "*/ int evil; /*"\nnote "ends */ #error evil ??/"\n# */ evil \\\nctx = open /dev/iommu`,
        ),
      ),
    );
    expect(program.replace(/\/\*[^]*?\*\//g, '').replace(/"(?:[^"\\]|\\.)*"/g, '""')).not.toContain('evil');
  });

  it('names that C has for itself are other names in it', () => {
    const program = cProgram(of('int = open /dev/iommu', 'errno = IOAS_ALLOC int', 'DESTROY errno'));
    expect(program).toContain('static __u32 errno_2;');
    expect(program).toContain('.id = errno_2,');
  });

  it('each call expects what it came to in the scene', () => {
    const program = cProgram(of('ctx = open /dev/iommu', 'ioctl ctx 0x3b9f "08000000 00000000" ! ENOTTY'));
    expect(program).toContain('check(5, "ioctl 0x3b9f", ioctl(ctx_fd, 0x3b9f, cmd), ENOTTY);');
  });
});

describe('Markdown', () => {
  const report = (recording: Recording): string =>
    markdownReport({
      recording,
      script: 'machine "`x`"',
      groups: [{ number: 1, devices: ['0000:00:02.0'] }],
      link: null,
    });

  it('tells lines with their results, what DMA found, and groups', () => {
    const text = report(of('note "See *this*."', 'dma 00:02.0 read 0 4 ! FAULT'));
    expect(text).toContain('# One card');
    expect(text).toContain('See \\*this\\*.');
    expect(text).toMatch(/^\| 5 \| `dma 00:02\.0 read 0 4 ! FAULT` \| /m);
    expect(text).toMatch(/^\| 5 \| `0000:00:02\.0` \| read 4 B at `0x0` \| \*\*fault\*\* /m);
    expect(text).toContain('| 1 | `0000:00:02.0` |');
  });

  it('what is in the script never ends its fence', () => {
    const text = markdownReport({
      recording: of(),
      script: 'note "```"\nnote "````"',
      groups: [],
      link: null,
    });
    expect(text).toContain('`````iommu\n');
  });
});
