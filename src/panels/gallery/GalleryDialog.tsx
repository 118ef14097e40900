import { useApp } from '../../store';
import { Dialog } from '../../ui/Dialog';
import { SceneCard } from './SceneCard';
import { useScenes } from './use-scenes';

export function GalleryDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const scenes = useScenes();
  return (
    <Dialog
      title="Scenes"
      description="Each is a script: open it, play it, change it. Undo brings back what you had."
      width={780}
      onClose={() => openDialog(null)}
    >
      <ul className="scene-grid">
        {scenes?.map((scene) => (
          <li key={scene.id}>
            <SceneCard scene={scene} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
