import { setOutAt } from '../../../store/traffic-show';
import type { Point } from '../../layout/geometry';
import type { Course, Lane } from './lanes';

/** How many accesses of a course had set out after so many beats of the show. */
export const setOut = ({ run }: Pick<Course, 'run'>, beats: number, shown: number): number =>
  setOutAt(run.accesses, beats, shown);

/** The span of an access, counted from 0. */
export function spanOf(ends: readonly number[], access: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) <= access) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface LaneHeat {
  readonly lane: Lane;
  readonly count: number;
  /** 0 … 1, of the busiest lane; a lane with one access among thousands can still be seen. */
  readonly glow: number;
}

export interface LookHeat {
  readonly at: Point;
  readonly glow: number;
}

export interface Heat {
  readonly lanes: readonly LaneHeat[];
  /** Places where the hardware looked, each once. */
  readonly looks: readonly LookHeat[];
}

/** Which lanes were used how much by the first accesses of each course. */
export function heatAfter(courses: readonly Course[], beats: number, shown: number): Heat {
  const counted = courses.flatMap((course) => counts(course, setOut(course, beats, shown)));
  const most = counted.reduce((max, { count }) => Math.max(max, count), 1);
  const looks = new Map<string, { at: Point; count: number }>();
  for (const { lane, count } of counted)
    for (const at of lane.looks) {
      const key = `${Math.round(at.x)} ${Math.round(at.y)}`;
      const place = looks.get(key) ?? { at, count: 0 };
      place.count += count;
      looks.set(key, place);
    }
  const places = [...looks.values()];
  const mostLooks = places.reduce((max, { count }) => Math.max(max, count), 1);
  return {
    lanes: counted.map(({ lane, count }) => ({ lane, count, glow: glowOf(count, most) })),
    looks: places.map(({ at, count }) => ({ at, glow: glowOf(count, mostLooks) })),
  };
}

/** By orders of magnitude: what is rare matters too. */
const glowOf = (count: number, most: number): number => Math.log1p(count) / Math.log1p(most);

function counts(
  course: Course,
  accesses: number,
): readonly { readonly lane: Lane; readonly count: number }[] {
  const used = new Array<number>(course.lanes.length).fill(0);
  let before = 0;
  for (const [index, end] of course.ends.entries()) {
    if (before >= accesses) break;
    const lane = course.laneOf[index] ?? -1;
    if (lane >= 0) used[lane] = (used[lane] ?? 0) + Math.min(end, accesses) - before;
    before = end;
  }
  return course.lanes.flatMap((lane, index) => {
    const count = used[index] ?? 0;
    return count > 0 ? [{ lane, count }] : [];
  });
}
