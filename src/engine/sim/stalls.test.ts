import { describe, expect, it } from 'vitest';
import { parseLine } from '../../scenario/parse';
import { ScriptRun } from '../../testing/run-script';
import { simLineOf } from '../../worker/sim-line';
import type { Step } from './simulator';

const BOARD = `machine m iommu=smmuv3
platform a.x stream=0x100 driver=vfio-platform stall msi reset
platform b.x stream=0x101 driver=vfio-platform msi reset
boot
ctx = open /dev/iommu
dev = BIND ctx a.x
ioas = IOAS_ALLOC ctx
ram = mmap qemu 64K pages=4K
faults = FAULT_QUEUE_ALLOC ctx
hwpt = HWPT_ALLOC dev ioas fault=faults
ATTACH dev hwpt`;

function board(): ScriptRun {
  const run = ScriptRun.of(BOARD);
  expect(run.wrong).toEqual([]);
  return run;
}

/** One line with all that it did. */
function step(run: ScriptRun, text: string): Step {
  const made = run.simulator.execute(simLineOf(parseLine(text, run.results.length + 1)));
  run.results.push(made.result);
  return made;
}

/** Spec: IHI 0070, section 3.12.2 "Stall model". Linux: arm_smmu_handle_event(), arm_smmu_page_response(), io-pgfault.c */
describe('a DMA that an SMMU stalls', () => {
  it('waits, and goes on within the line that has it retried', () => {
    const run = board();
    const held = step(run, 'dma a.x write 0x100040 64 ! WAITS');
    expect(held.result).toMatchObject({ status: 'waits', ok: true });
    expect(held.lookups).toMatchObject([
      { parts: [{ pa: null, stalled: 0, fault: { name: 'F_TRANSLATION' } }] },
    ]);
    expect(run.line('IOAS_MAP ioas ram iova=0x100000 rw').ok).toBe(true);
    expect(run.line('read faults contains "device 1: w at 0x100040, group 0, last, cookie 1"').ok).toBe(true);
    const answered = step(run, 'write faults 1 SUCCESS');
    expect(answered.result.result).toMatch(/^8 bytes taken; line 12 went on: PA 0x/);
    const [lookup] = answered.lookups;
    // It belongs to the line that set it going.
    expect(lookup).toMatchObject({ line: answered.result.line, iova: 0x100040n });
    const pa = lookup?.parts[0]?.pa ?? 0;
    // What a device writes are the low bytes of the addresses.
    expect([...(run.simulator.readMemory(pa, 3) ?? [])]).toEqual([0x40, 0x41, 0x42]);
    expect(step(run, 'dma a.x read 0x100040 64').lookups[0]?.parts[0]?.pa).toBe(pa);
  });

  it('the kernel prints nothing of one that somebody handles', () => {
    const run = board();
    const { lookups } = step(run, 'dma a.x write 0x100040 64 ! WAITS');
    expect(lookups[0]?.parts[0]?.fault?.kernelLine).toBe('');
    expect(run.line('expect-log "F_TRANSLATION" absent').ok).toBe(true);
  });

  it('comes to nothing when the answer is INVALID', () => {
    const run = board();
    run.line('dma a.x write 0x100040 64 ! WAITS');
    run.line('read faults');
    expect(run.line('write faults 1 INVALID').result).toBe(
      '8 bytes taken; line 12 went on: fault 0x10: F_TRANSLATION',
    );
    expect(run.wrong).toEqual([]);
  });

  it('stalls page by page, and every time it is asked for', () => {
    const run = board();
    run.line('dma a.x write 0x100ff0 0x20 ! WAITS');
    run.line('read faults contains "at 0x100ff0"');
    run.line('IOAS_MAP ioas ram iova=0x100000 len=4K rw');
    expect(run.line('write faults 1 SUCCESS').result).toBe('8 bytes taken');
    run.line('read faults contains "at 0x101000"');
    run.line('IOAS_MAP ioas ram iova=0x101000 offset=4K len=4K rw');
    expect(run.line('write faults 1 SUCCESS').result).toMatch(/line 12 went on: PA 0x\w+, 2 pages/);
    expect(run.wrong).toEqual([]);
  });

  it('retried without its page, it stalls again; here that ends after once', () => {
    const run = board();
    run.line('dma a.x write 0x100040 64 ! WAITS');
    run.line('read faults');
    expect(run.line('write faults 1 SUCCESS').result).toBe('8 bytes taken');
    run.line('read faults contains "at 0x100040"');
    expect(run.line('write faults 1 SUCCESS').result).toMatch(/line 12 went on: fault 0x10/);
    expect(run.wrong).toEqual([]);
  });

  it('several wait, and each hears its own answer', () => {
    const run = board();
    run.line('dma a.x write 0x100040 64 ! WAITS');
    run.line('dma a.x write 0x200040 64 ! WAITS');
    run.line('read faults contains "at 0x200040, group 1, last, cookie 2"');
    expect(run.line('write faults 2 INVALID').result).toMatch(/; line 13 went on: fault/);
    run.line('IOAS_MAP ioas ram iova=0x100000 rw');
    expect(run.line('write faults 1 SUCCESS').result).toMatch(/; line 12 went on: PA/);
    expect(run.wrong).toEqual([]);
  });

  // Linux: arm_smmu_disable_iopf(), iopf_queue_remove_device()
  it.each(['DETACH dev', 'UNBIND dev', 'close ctx'])('%s leaves none waiting', (line) => {
    const run = board();
    run.line('dma a.x write 0x100040 64 ! WAITS');
    expect(run.line(line).result).toMatch(/line 12 went on: fault 0x10: F_TRANSLATION/);
    expect([...run.simulator.world().values()].filter(({ type }) => type === 'task')).toEqual([]);
  });

  it('where nobody handles faults the kernel ends it at once, and prints the event', () => {
    const run = board();
    run.line('REPLACE dev ioas');
    expect(run.line('dma a.x write 0x100040 64 ! FAULT').result).toBe(
      'fault 0x10: F_TRANSLATION; stalled, and terminated',
    );
    expect(run.line('expect-log "client: a.x sid: 0x100 ssid: 0x0 iova: 0x100040"').ok).toBe(true);
    expect(run.line('expect-log "stall stag: 0x0"').ok).toBe(true);
  });

  it('one whose faults may not wait is refused, also where a queue would take them', () => {
    const run = board();
    run.line('other = BIND ctx b.x');
    run.line('hwpt2 = HWPT_ALLOC other ioas fault=faults');
    run.line('ATTACH other hwpt2');
    expect(run.line('dma b.x write 0x100040 64 ! FAULT').result).toBe('fault 0x10: F_TRANSLATION');
    run.line('expect faults queued absent');
    expect(run.wrong).toEqual([]);
  });

  // Linux: arm_smmu_enable_iopf()
  it('a device with two StreamIDs gets no domain that takes faults', () => {
    const run = ScriptRun.of(BOARD.replace('stream=0x100', 'stream=0x100+0x110'));
    expect(run.results.at(-1)).toMatchObject({ errno: 'EOPNOTSUPP', rule: 'arm_smmu_enable_iopf' });
  });

  it('as a task it stops where it waits, and whoever steps it sees the rest', () => {
    const run = board();
    expect(run.line('t1 = begin dma a.x write 0x100040 64').status).toBe('ok');
    expect(run.line('finish t1 ! WAITS').ok).toBe(true);
    run.line('IOAS_MAP ioas ram iova=0x100000 rw');
    run.line('read faults');
    expect(run.line('write faults 1 SUCCESS').result).toBe('8 bytes taken');
    const { result, lookups } = step(run, 'finish t1');
    expect(result.result).toMatch(/PA 0x/);
    expect(lookups).toHaveLength(1);
  });
});

/** Linux: drivers/iommu/iommu-sva.c iommu_sva_iopf_handler(), iommu_sva_handle_mm() */
describe('a process whose device stalls', () => {
  it('what the process may not do comes to nothing, within the same line', () => {
    const run = ScriptRun.of(`machine m iommu=smmuv3
platform a.x stream=0x100 driver=uacce stall pasid=16
boot
page = mmap worker 64K pages=4K
bond = iommu_sva_bind_device a.x worker
dma a.x write 0x7ffff7fef040 64 pasid=1 in=page
munmap page
dma a.x write 0x7ffff7fef040 64 pasid=1 ! FAULT`);
    expect(run.wrong).toEqual([]);
    expect(run.results.at(-1)?.result).toBe('fault 0x10: F_TRANSLATION; stalled, and terminated');
    expect(run.line('expect-log "F_TRANSLATION" absent').ok).toBe(true);
  });
});
