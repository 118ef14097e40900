import { useEffect, useMemo, useState } from 'react';
import { useApp } from '../../../store/index';
import { runsOfLine } from '../../../store/playback';
import { beatsOfTraffic, isNews, trafficBeatMs } from '../../../store/traffic-show';
import type { Painter } from '../painter';
import type { StageSpace } from '../stage';
import { coursesOf } from './lanes';
import { TrafficLayer } from './traffic-layer';

/** The layer of the traffic on stage; null: none is. */
export function useTrafficLayer(painter: Painter | null, space: StageSpace): TrafficLayer | null {
  const line = useApp((s) => s.playback.traffic);
  const traffic = useApp((s) => s.traffic);
  const step = useApp((s) => s.playback.step);
  const playing = useApp((s) => s.playback.playing);
  const speed = useApp((s) => s.playback.speed);
  const [layer] = useState(() => new TrafficLayer());
  const runs = useMemo(() => (line === null ? [] : runsOfLine(traffic, line)), [traffic, line]);
  const courses = useMemo(() => coursesOf(runs.filter(isNews), space), [runs, space]);
  useEffect(() => {
    const { playback } = useApp.getState();
    const behind = playback.lookup !== null || playback.sample !== null;
    layer.show({
      subject: runs[0] ?? null,
      courses,
      beats: beatsOfTraffic(runs),
      // Behind a look-up it stands complete.
      step: behind ? beatsOfTraffic(runs) : step,
      playing: playing && !behind,
      speed,
      beatMs: trafficBeatMs(speed),
      flash: playback.tempo === 'instant',
    });
    painter?.repaint();
  }, [painter, layer, runs, courses, step, playing, speed]);
  return line === null ? null : layer;
}
