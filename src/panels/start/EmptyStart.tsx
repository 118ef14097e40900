import { ClipboardPaste, ListChecks, Plus } from 'lucide-react';
import { lazy, Suspense, type ReactNode } from 'react';
import { useApp } from '../../store';
import { SceneCard } from '../gallery/SceneCard';
import { useScenes } from '../gallery/use-scenes';
import { Phrase } from '../../ui/Phrase';
import { START } from '../../words/panels/start';
import './start.css';

const LearnDoor = lazy(() => import('../lesson/LearnDoor').then((module) => ({ default: module.LearnDoor })));

/** The smallest machine on which every step can be made. */
const SCRATCH = [
  'machine scratch iommu=vtd',
  'pci 00:01.0 root-port class=060400 bus=01-01 acs=SV+RR+CR+UF driver=pcieport',
  'pci 01:00.0 endpoint id=8086:10d3 class=020000 driver=e1000e "Network card"',
  'boot',
].join('\n');

/** An empty page invites: a scene, one's own machine, or a first device. `children`: what this browser has of one's work. */
export function EmptyStart({ children }: { readonly children?: ReactNode }) {
  const { openDialog, replaceScript } = useApp((state) => state.actions);
  const starting = useApp((state) => state.engine.status === 'starting');
  const isEmpty = useApp((state) => state.script === '');
  const scenes = useScenes();
  if (!isEmpty) return <Beginning />;
  if (starting && location.hash.length > 1) return null; // a link is on its way
  return (
    <div className="start">
      <div className="start-inner">
        {children}
        <h2>{START.title}</h2>
        <p className="prose">{START.says}</p>
        <div className="start-learning">
          <Suspense fallback={null}>
            <LearnDoor />
          </Suspense>
        </div>
        <ul className="scene-grid">
          {scenes?.slice(0, 3).map((scene) => (
            <li key={scene.id}>
              <SceneCard scene={scene} />
            </li>
          ))}
        </ul>
        <div className="start-doors">
          <button type="button" className="start-door" onClick={() => openDialog('import')}>
            <ClipboardPaste size={18} strokeWidth={1.75} aria-hidden="true" />
            <span>
              <b>{START.machine}</b>
              <span className="prose">
                <Phrase
                  text={START.machineSays}
                  parts={{ lspci: <code>lspci</code>, dmesg: <code>dmesg</code> }}
                />
              </span>
            </span>
          </button>
          <button
            type="button"
            className="start-door"
            disabled={starting}
            onClick={() => void replaceScript(SCRATCH)}
          >
            <Plus size={18} strokeWidth={1.75} aria-hidden="true" />
            <span>
              <b>{START.scratch}</b>
              <span className="prose">{START.scratchSays}</span>
            </span>
          </button>
          <button type="button" className="start-door" onClick={() => openDialog('gallery')}>
            <ListChecks size={18} strokeWidth={1.75} aria-hidden="true" />
            <span>
              <b>{START.rows}</b>
              <span className="prose">{START.rowsSay}</span>
            </span>
          </button>
        </div>
      </div>
    </div>
  );
}

/** The scene stands before its first line: there is nothing to draw yet, and it says how to go on. */
function Beginning() {
  const waits = useApp(
    (state) => state.cursor === 0 && state.engine.status === 'ready' && !state.playback.running,
  );
  if (!waits) return null;
  return (
    <div className="start">
      <p className="prose start-beginning">
        <b>{START.beginning}</b>
        <Phrase
          text={START.goOn}
          parts={{ space: <kbd className="kbd">Space</kbd>, dot: <kbd className="kbd">.</kbd> }}
        />
      </p>
    </div>
  );
}
