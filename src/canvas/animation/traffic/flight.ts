/**
 * How far a show of traffic has come, in beats. The store counts beats; accesses set out at theirs and are on their way for
 * some beats more, so what is shown runs after what is counted.
 */
export interface Flight {
  /** Accesses before this beat are not on their way any more, however late it is. */
  readonly from: number;
  /** Beats counted: nothing sets out after them. */
  readonly step: number;
  /** Beats shown; past `step` what is under way still arrives. */
  readonly shown: number;
  /** Beats that a way takes. */
  readonly beatsAWay: number;
  /** Beats shown in the time of one: a long step by hand is gone through faster. */
  readonly rate: number;
}

/** What a token's way takes at two steps a second; the faster, the less. */
const WAY_MS = 1800;
const wayMs = (speed: number): number => Math.max(450, Math.min(2400, WAY_MS / Math.max(0.1, speed)));
/** A step by hand takes no longer than so many beats. */
const LONG_STEP = 15;

export const landed: Flight = { from: 0, step: 0, shown: 0, beatsAWay: 0, rate: 1 };

/** All that has set out by a beat has arrived. */
export const arrivedAt = (step: number): Flight => ({ ...landed, from: step, step, shown: step });

export interface Steps {
  readonly step: number;
  readonly playing: boolean;
  readonly beatMs: number;
  readonly speed: number;
}

/** The store has come to another beat: what is new sets out. */
export function advanced(before: Flight, { step, playing, beatMs, speed }: Steps): Flight {
  if (step < before.step) return arrivedAt(step);
  if (step === before.step) return before;
  const beatsAWay = wayMs(speed) / beatMs;
  const rests = before.shown >= before.step + before.beatsAWay;
  return {
    from: rests ? before.step : before.from,
    step,
    shown: rests ? before.step : before.shown,
    beatsAWay,
    rate: playing ? 1 : Math.max(1, (step - before.step) / LONG_STEP),
  };
}

/** Where it ends: while it plays it waits for the next beat. */
export const endOf = ({ step, beatsAWay }: Flight, playing: boolean): number =>
  playing ? step : step + beatsAWay;

/** After so many beats' time. */
export const moved = (flight: Flight, beats: number, playing: boolean): Flight => ({
  ...flight,
  shown: Math.max(flight.shown, Math.min(endOf(flight, playing), flight.shown + beats * flight.rate)),
});

/**
 * Calls back for each access that is on its way, with how far it has come (0 … 1). `accesses` set out evenly over `beats`.
 */
export function eachUnderWay(
  { from, step, shown, beatsAWay }: Flight,
  accesses: number,
  beats: number,
  visit: (access: number, share: number) => void,
): void {
  if (beats <= 0 || beatsAWay <= 0) return;
  const gap = beats / accesses;
  const oldest = Math.max(from, shown - beatsAWay);
  for (let access = Math.max(0, Math.ceil(oldest / gap - 1e-9)); access < accesses; access++) {
    const beat = access * gap;
    if (beat >= step || beat > shown) return;
    const share = (shown - beat) / beatsAWay;
    if (share < 1) visit(access, share);
  }
}
