import { Check } from 'lucide-react';
import type { GalleryScene } from '../../gallery';
import { useSeen } from '../../gallery/seen';
import { DIFFICULTY_WORDS, SEEN } from '../../words/panels/card';
import { useOpenScene } from './use-scenes';
import './gallery.css';

/** A scene to open: one undoable step, whatever was there before. */
export function SceneCard({ scene }: { readonly scene: GalleryScene }) {
  const open = useOpenScene();
  const seen = useSeen((state) => state.seen.has(scene.id));
  return (
    <button type="button" className="scene-card" onClick={() => void open(scene.id, scene.script)}>
      <b>
        {scene.title}
        {seen && <Check size={14} role="img" aria-label={SEEN} />}
      </b>
      <span className="prose">{scene.summary}</span>
      <span className="row">
        {[DIFFICULTY_WORDS[scene.difficulty], ...scene.tags].map((tag) => (
          <span key={tag} className="chip">
            {tag}
          </span>
        ))}
      </span>
    </button>
  );
}
