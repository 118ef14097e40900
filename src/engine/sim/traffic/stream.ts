import type { Device } from '../../iommu/device';
import type { DmaPart } from '../../hw/common/dma';
import type { Lookup, TrafficOutcome, TrafficSpan } from '../batch';
import { sendDma, servedBy, tellDma, wayOf, type DmaOrder, type Way } from '../dma';
import type { Machine } from '../machine';
import { firePeer } from '../peer-dma';
import type { TrafficPattern, WorldId } from '../world';
import { patternOf, type Piece } from './pattern';
import { Tally } from './tally';

export interface StreamSpec {
  readonly device: Device;
  readonly access: 'read' | 'write';
  readonly start: bigint;
  readonly last: bigint;
  readonly size: number;
  readonly pattern: TrafficPattern;
  readonly seed: number;
  /** Of its requests; null: they carry none. */
  readonly pasid: number | null;
}

/** Spans of which an access is shown from near. */
const MOST_SAMPLES = 50;
/** Accesses that are watched so that the first of a span is among them; and where there are more, after a span began. */
const MOST_WATCHED = 2000;
const WATCHED_AFTER = 4;
/** Refused accesses that are told of; of the others, as of what a kernel prints, there would be too many. */
const MOST_TOLD = 10;

/** An access that an IOMMU holds until somebody says what becomes of it. SMMUv3: a stalled transaction */
interface Held {
  readonly piece: Piece;
  readonly stag: number;
  /** Answers that the device had by then. */
  readonly earlier: number;
}

/** By what the tables say. */
interface Served {
  readonly hwptId: WorldId | null;
  readonly ioasId: WorldId | null;
}

/** What the last access was. */
export interface Done {
  readonly outcome: TrafficOutcome;
  readonly iova: bigint;
  /** A span began with it. */
  readonly begins: boolean;
  /** It is the one that shows its span from near. */
  readonly shown: boolean;
}

/** The accesses of a device, one after the other, and what they came to in the present line. */
export class Stream {
  tally: Tally;
  /** Not null: the device waits with this access, and makes no other. */
  held: Held | null = null;
  private readonly next: () => Piece;
  private way: Way;
  /** Another device answers to addresses of the range. */
  private meetsPeers = true;
  private watched = 0;
  private watch = 0;
  private samples = 0;
  /** How the line before ended, and how many lines just went on so. */
  private before: Pick<TrafficSpan, 'outcome' | 'hwptId'> | null = null;
  private alike = 0;
  private served: Served | null = null;

  constructor(
    private readonly machine: Machine,
    readonly spec: StreamSpec,
  ) {
    this.next = patternOf(spec);
    this.tally = new Tally(spec);
    this.way = wayOf(machine, spec.device);
    this.begin();
  }

  /** For a new line. */
  begin(): void {
    const { machine, spec } = this;
    const { device, start, last } = spec;
    this.before = this.tally.spans.at(-1) ?? this.before;
    this.tally = new Tally(spec);
    this.watched = 0;
    this.watch = 0;
    this.samples = 0;
    // What the kernel is about to forget stays where it is wired to.
    if (machine.core.devices.get(device.name) === device) {
      const { rid, unit } = wayOf(machine, device);
      this.way = { rid, unit: unit ?? this.way.unit };
    }
    this.meetsPeers = machine.topology.functions.some(
      ({ name, spec: { bars } }) =>
        name !== device.name &&
        bars.some((bar) => bar.start <= last + BigInt(spec.size) && bar.start + bar.bytes > start),
    );
  }

  /** It was taken out of its slot. */
  get gone(): boolean {
    const { topology, platform } = this.machine;
    const { name } = this.spec.device;
    return topology.findByName(name) === null && !platform.has(name);
  }

  /**
   * Makes one access; null: it waits for one that is held. `sameTables`: nothing happened since the last one that could
   * have led it to other tables.
   */
  fire(line: number, sameTables: boolean): Done | null {
    const { held } = this;
    const answer = held === null ? null : this.answerTo(held);
    if (held !== null && answer === null) return null;
    this.held = null;
    const piece = held?.piece ?? this.next();
    if (held !== null && answer !== 'retry') return this.count(piece, 'blocked', null, sameTables);
    const { access, device, pasid } = this.spec;
    const order: DmaOrder = {
      line,
      device,
      access,
      iova: piece.iova,
      bytes: piece.bytes,
      pasid,
      discard: true,
    };
    return this.send(piece, order, held !== null, sameTables);
  }

  private send(piece: Piece, order: DmaOrder, again: boolean, sameTables: boolean): Done | null {
    const { trace } = this.machine;
    const listening = trace.on;
    const mark = trace.mark();
    trace.on = listening && this.watches();
    const done = this.through(piece, order, mark, again, sameTables);
    if (trace.on && done !== null && !done.shown && !this.isTold(done)) trace.forget(mark);
    trace.on = listening;
    return done;
  }

  private isTold({ outcome }: Done): boolean {
    return outcome === 'blocked' && this.tally.blocked <= MOST_TOLD;
  }

  private through(
    piece: Piece,
    order: DmaOrder,
    mark: number,
    again: boolean,
    sameTables: boolean,
  ): Done | null {
    const { machine, way } = this;
    const peer = this.meetsPeers ? firePeer(machine, order) : null;
    if (peer !== null) return this.count(piece, 'bypass', () => peer, sameTables);
    const earlier = machine.endpoints.of(order.device.name).responses.length;
    const parts = sendDma(machine, order, way);
    const stag = parts.at(-1)?.stalled;
    // Tried again, and held again: its handler mends nothing.
    if (stag !== undefined && !again) {
      this.held = { piece, stag, earlier };
      return null;
    }
    const tell = (): Lookup => tellDma(machine, order, way, parts, machine.trace.since(mark));
    return this.count(piece, outcomeOf(parts), tell, sameTables);
  }

  private count(
    { iova }: Piece,
    outcome: TrafficOutcome,
    tell: (() => Lookup) | null,
    sameTables: boolean,
  ): Done {
    const { machine, tally } = this;
    if (!sameTables || this.served === null) {
      const { hwpt } = servedBy(machine, this.spec, this.way);
      this.served = {
        hwptId: hwpt?.worldId ?? null,
        // What goes through a guest's own table is no address of the IOAS.
        ioasId: hwpt?.kind === 'hwpt-paging' ? hwpt.filled.ioas.worldId : null,
      };
    }
    const { hwptId, ioasId } = this.served;
    const begins = tally.add(outcome, hwptId);
    if (ioasId !== null) tally.place(ioasId, iova, outcome);
    if (begins) this.watch = WATCHED_AFTER;
    const wanted = begins ? this.isNew(outcome) : this.watch > 0 && tally.unseen;
    const may = wanted && tell !== null && machine.trace.on && this.samples < MOST_SAMPLES;
    const shown = may && machine.traffic.closeUps.take();
    if (shown) {
      this.samples++;
      tally.show(machine.quiet ? null : tell());
    }
    return { outcome, iova, begins, shown };
  }

  /** Lines come and go, and nothing changes for the device: of thousands of such, few are shown from near. */
  private isNew(outcome: TrafficOutcome): boolean {
    const { before, served, tally } = this;
    const goesOn = tally.accesses === 1 && before?.outcome === outcome && before.hwptId === served?.hwptId;
    return !goesOn || (++this.alike <= MOST_SAMPLES && this.machine.traffic.closeUps.again());
  }

  /** Whether the hardware tells what it does for the next access. */
  private watches(): boolean {
    if (this.samples >= MOST_SAMPLES || this.machine.traffic.closeUps.spent) return false;
    if (this.watched++ < MOST_WATCHED) return true;
    return this.watch-- > 0;
  }

  private answerTo({ stag, earlier }: Held): 'retry' | 'terminate' | null {
    const { responses } = this.machine.endpoints.of(this.spec.device.name);
    const answer = responses.slice(earlier).find(({ group }) => group === stag);
    if (answer === undefined) return null;
    return answer.code === 0 ? 'retry' : 'terminate';
  }

  /** What must have come before it goes on. */
  get answered(): boolean {
    return this.held === null || this.answerTo(this.held) !== null;
  }

  get unit(): Way['unit'] {
    return this.way.unit;
  }
}

function outcomeOf(parts: readonly DmaPart[]): TrafficOutcome {
  let found: TrafficOutcome = 'bypass';
  for (const { reason, denied, from, interrupt } of parts) {
    if (denied || reason !== null) return 'blocked';
    if (interrupt || from === 'bypass') continue;
    if (from === 'walk') found = 'miss';
    else if (found === 'bypass') found = 'hit';
  }
  return found;
}
