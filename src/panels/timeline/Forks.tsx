import { useApp } from '../../store';
import { linesOf } from '../../store/script';

/** So many are drawn; the menu has all. */
const MOST = 4;

/** Futures that were left: a thin line each, from where it leaves the present script, as long as it goes on. */
export function Forks({ stops, last }: { readonly stops: readonly number[]; readonly last: number }) {
  const branches = useApp((state) => state.branches);
  const script = useApp((state) => state.script);
  if (branches.length === 0) return null;
  const total = Math.max(1, linesOf(script).length);
  return (
    <div className="forks" aria-hidden="true">
      {branches.slice(0, MOST).map(({ id, forkedAt, lines }, index) => {
        const stop = stops.findLastIndex((each) => each <= forkedAt);
        // Its lines are as long as those of the script are on average.
        const length = Math.max(0, lines - forkedAt) / total;
        return (
          <span
            key={id}
            style={{
              left: `${(Math.max(0, stop) / last) * 100}%`,
              width: `${length * 100}%`,
              maxWidth: `${(1 - Math.max(0, stop) / last) * 100}%`,
              ['--row' as string]: index,
            }}
          />
        );
      })}
    </div>
  );
}
