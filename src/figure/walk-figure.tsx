import { stagedLookup } from '../store/playback';
import { useApp } from '../store';
import { WalkView } from '../panels/walk/WalkView';
import { hex } from '../lib/u64';
import type { Lookup } from '../engine/sim/batch';
import { Defs } from './boxes';
import type { FigureOptions } from './canvas-figure';
import { colourOf } from './colour';
import { onStage } from './stage';
import { figureFile } from './svg';
import { traced } from './trace';
import { FIGURE_WORDS } from '../words/figure';

/** The look-up on stage, as far as it has been stepped; null without one. */
export async function walkFigure({ theme, title, scene }: FigureOptions): Promise<string | null> {
  const lookup = stagedLookup(useApp.getState());
  if (lookup === null) return null;
  const content = (
    <div className="figure-walk">
      <WalkView lookup={lookup} wide={false} tools={null} />
    </div>
  );
  return onStage(theme, content, (stage) => {
    const defs = new Defs();
    const from = stage.getBoundingClientRect();
    return figureFile({
      width: Math.ceil(from.width),
      height: Math.ceil(from.height),
      background: colourOf(getComputedStyle(stage).backgroundColor)?.hex ?? '#ffffff',
      title,
      description: FIGURE_WORDS.ofWalk(nameOf(lookup)),
      scene,
      body: traced(stage, from, defs),
      defs: defs.text,
    });
  });
}

const nameOf = ({ line, access, bytes, iova }: Lookup): string =>
  FIGURE_WORDS.lookup(line, access, bytes, hex(iova));
