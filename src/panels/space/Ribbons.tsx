import { overlaps, type Range } from '../../lib/folded-strip';
import type { Ribbon } from './ribbons';

const HEIGHT = 44;

interface RibbonsProps {
  readonly ribbons: readonly Ribbon[];
  readonly width: number;
  readonly iova: Range | null;
  readonly memory: Range | null;
}

/** From the addresses of devices to the memory behind them. Faint, but for those that somebody points at an end of. */
export function Ribbons({ ribbons, width, iova, memory }: RibbonsProps) {
  const isLit = ({ range, to }: Ribbon): boolean =>
    (iova !== null && overlaps(iova, range)) || (memory !== null && overlaps(memory, to));
  const half = HEIGHT / 2;
  return (
    <svg className="space-ribbons" width={width} height={HEIGHT} aria-hidden="true">
      {[...ribbons]
        .sort((a, b) => Number(isLit(a)) - Number(isLit(b)))
        .map((ribbon) => {
          const { from, to } = ribbon;
          const [a, b, c, d] = [from.x + 1, from.x + from.width - 1, to.x + to.width - 1, to.x + 1];
          return (
            <path
              key={`${a} ${d}`}
              data-lit={isLit(ribbon) || undefined}
              d={`M${a} 0C${a} ${half} ${d} ${half} ${d} ${HEIGHT}H${c}C${c} ${half} ${b} ${half} ${b} 0Z`}
            />
          );
        })}
    </svg>
  );
}
