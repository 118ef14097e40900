import type { GalleryScene } from '../../gallery';
import { useApp } from '../../store';
import './gallery.css';

/** A scene to open: one undoable step, whatever was there before. */
export function SceneCard({ scene }: { readonly scene: GalleryScene }) {
  const { replaceScript, openDialog } = useApp((state) => state.actions);
  const open = async (): Promise<void> => {
    openDialog(null);
    await replaceScript(scene.script);
  };
  return (
    <button type="button" className="scene-card" onClick={() => void open()}>
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
