import type { SimLine, Simulator, Step } from '../../engine/sim/simulator';
import type { World } from '../../engine/sim/diff';
import { agreementOf } from './agreement';
import { Costs } from './costs';
import { nextPost, type Post } from './posts';
import { Player } from './player';
import { Worlds } from './worlds';

/** Machines that are kept, at most: of small ones. One of a thousand functions takes some 14 MB. */
const MOST = 24;
const MOST_FUNCTIONS = 6000;
const FEWEST = 4;
/** Worlds before the cursor that are remembered, for who goes back by so few lines or by single ones. */
const TRAIL = 16;
const TRAIL_WITHIN = 64;
/** What they may cost whoever waits. */
const BACK_MS = 25;
/** Machines that should stand at the cursor, for whoever wants to try something. */
const SPARES = 4;
const MOST_SPARES = 6;

/**
 * A script in time: the machine at the cursor, and others parked along the script so that no line is far from one.
 *
 * A machine is full of closures and suspended tasks: it cannot be copied, and it cannot go back. So going back means taking
 * one that stands earlier, and running on from there with nothing put into words; when nobody asks for anything, new ones
 * are brought to where one is missing.
 */
export class Timeline {
  private script: readonly SimLine[] = [];
  private readonly costs: Costs;
  private live: Player;
  /** Oldest first. Some of them ran lines of another script: undo may bring it back. */
  private readonly parked: Player[] = [];
  private job: { readonly player: Player; readonly to: number } | null = null;
  private spares = SPARES;
  private readonly worlds: Worlds;
  /** Where the cursor is, while the machine itself is still elsewhere: the world there is known, and nobody asked for more. */
  private owed: number | null = null;

  /** `now`: milliseconds. It decides where machines are kept, never what they do. */
  constructor(private readonly now: () => number) {
    this.costs = new Costs(now);
    this.worlds = new Worlds(now);
    this.live = this.fresh();
  }

  get lines(): readonly SimLine[] {
    return this.script;
  }

  get cursor(): number {
    return this.owed ?? this.live.at;
  }

  /** The machine at the cursor. */
  get simulator(): Simulator {
    if (this.owed !== null) this.bring(this.owed);
    return this.live.simulator;
  }

  /** The world at the cursor. */
  world(): World {
    return this.worlds.find(this.cursor) ?? this.worlds.read(this.cursor, this.simulator);
  }

  /** Another script. The machine stays where it is until `seek`. */
  open(script: readonly SimLine[]): void {
    if (script === this.script) return;
    const { lines, moved } = agreementOf(this.script, script);
    this.costs.forget(lines);
    this.worlds.forget(moved[0] ?? lines);
    this.script = script;
    if (this.job !== null) this.park(this.job.player);
    this.job = null;
    for (const player of [this.live, ...this.parked]) player.follow(script);
  }

  /** Brings the machine to where so many lines have run, with nothing told of them. */
  seek(to: number): void {
    if (this.worlds.has(to)) this.owed = to;
    else this.bring(to);
  }

  private bring(to: number): void {
    this.owed = null;
    const { live } = this;
    const here = live.onPath && live.at <= to ? live : null;
    const nearest = this.nearest(to, this.script);
    if (nearest !== null && nearest.at > (here?.at ?? -1)) {
      this.take(nearest);
      this.park(live);
      this.live = nearest;
    } else if (here === null) {
      this.park(live);
      this.live = this.fresh();
    }
    // Who went back a little will go back a little more.
    const back = live !== this.live && live.at > to && live.at - to <= TRAIL_WITHIN;
    if (back) this.trail(this.live, to, BACK_MS);
    this.live.pass(to);
  }

  /** On to a line, remembering the worlds of the last ones before it: as many as take no longer than this. */
  private trail(player: Player, to: number, milliseconds: number): void {
    const lines = Math.min(TRAIL, Math.floor(milliseconds / Math.max(this.worlds.cost, 0.1)));
    player.pass(to - lines);
    for (; player.at < to; player.pass(player.at + 1)) this.worlds.read(player.at, player.simulator);
  }

  /** The next line, with all that is to be told of it; null at the end. */
  step(): Step | null {
    if (this.owed !== null) this.bring(this.owed);
    return this.live.play();
  }

  /**
   * Runs lines in the place of those after the cursor, up to the first that does not come out as it says. One that makes no
   * sense changed nothing, and is not kept.
   */
  append(lines: readonly SimLine[]): readonly Step[] {
    const { simulator } = this;
    const script = this.script.slice(0, this.cursor);
    const steps: Step[] = [];
    for (const line of lines) {
      const step = simulator.execute(line);
      steps.push(step);
      if (step.result.status !== 'error') script.push(line);
      if (!step.result.ok) break;
    }
    this.live.ran(script);
    this.open(script);
    return steps;
  }

  /** A machine of its own at a line, to be spoiled or to be given back. */
  copyAt(at: number, lines = this.script): Player {
    const player = this.nearest(at, lines) ?? this.fresh();
    this.take(player);
    player.follow(lines);
    player.pass(at);
    return player;
  }

  giveBack(player: Player): void {
    player.follow(this.script);
    this.park(player);
  }

  /** Something about the machine at another time. */
  look<T>(at: number, lines: readonly SimLine[], read: (simulator: Simulator) => T): T {
    const here = lines === this.script && this.live.onPath && this.owed === null;
    if (here && at === this.cursor) return read(this.simulator);
    const player = this.copyAt(at, lines);
    const found = read(player.simulator);
    this.giveBack(player);
    return found;
  }

  /** So many copies at the cursor were wanted at once. */
  expectTries(count: number): void {
    this.spares = Math.min(MOST_SPARES, Math.max(SPARES, count));
  }

  /** While nobody asks for anything: brings machines to where one is missing. False: there is one wherever it pays. */
  work(milliseconds: number): boolean {
    if (this.job === null) {
      const post = this.missing();
      if (post === null) return false;
      this.job = { player: this.recruit(post), to: post.at };
    }
    const { player, to } = this.job;
    const until = this.now() + milliseconds;
    // On the way to the cursor the worlds just before it are remembered: a step back then needs no machine.
    const trail = to === this.cursor ? to - TRAIL : to;
    player.pass(trail, milliseconds);
    while (player.at >= trail && player.at < to && this.now() < until) {
      this.worlds.read(player.at, player.simulator);
      player.pass(player.at + 1);
    }
    if (player.at < to) return true;
    this.park(player);
    this.job = null;
    return true;
  }

  private missing(): Post | null {
    const { script, live, parked, capacity, cursor } = this;
    const players = this.owed === null ? parked : [live, ...parked];
    const at = players.filter(({ onPath }) => onPath).map((player) => player.at);
    const wanted = { sums: this.costs.sums(script.length), cursor, spares: this.spares, capacity };
    return nextPost(wanted, at);
  }

  /** Somebody who is not needed where he stands, or who is new. */
  private recruit({ at, surplus }: Post): Player {
    const idle = this.parked.filter((player) => player.onPath && player.at <= at && surplus.has(player.at));
    const nearest = idle.reduce<Player | null>(
      (best, each) => (each.at > (best?.at ?? 0) ? each : best),
      null,
    );
    if (nearest !== null) this.take(nearest);
    return nearest ?? this.fresh();
  }

  private get capacity(): number {
    const most = Math.floor(MOST_FUNCTIONS / (this.live.simulator.functions + 1));
    return Math.max(FEWEST, Math.min(MOST, most));
  }

  private fresh(): Player {
    return new Player(this.script, this.costs);
  }

  private nearest(at: number, lines: readonly SimLine[]): Player | null {
    let nearest: Player | null = null;
    for (const player of this.parked)
      if (player.at <= at && player.at > (nearest?.at ?? 0) && player.isIn(lines)) nearest = player;
    return nearest;
  }

  private take(player: Player): void {
    const index = this.parked.indexOf(player);
    if (index >= 0) this.parked.splice(index, 1);
  }

  private park(player: Player): void {
    if (player.at > 0) this.parked.push(player);
    while (this.parked.length > this.capacity) {
      const stray = this.parked.findIndex(({ onPath }) => !onPath);
      this.parked.splice(Math.max(0, stray), 1);
    }
  }
}
