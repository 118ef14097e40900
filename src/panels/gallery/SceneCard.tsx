import type { GalleryScene } from '../../gallery';
import { useOpenScene } from './use-scenes';
import './gallery.css';

/** A scene to open: one undoable step, whatever was there before. */
export function SceneCard({ scene }: { readonly scene: GalleryScene }) {
  const open = useOpenScene();
  return (
    <button type="button" className="scene-card" onClick={() => void open(scene.script)}>
      <b>{scene.title}</b>
      <span className="prose">{scene.summary}</span>
      {scene.tags.length > 0 && (
        <span className="row">
          {scene.tags.map((tag) => (
            <span key={tag} className="chip">
              {tag}
            </span>
          ))}
        </span>
      )}
    </button>
  );
}
