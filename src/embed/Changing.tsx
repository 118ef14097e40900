import { lazy, Suspense } from 'react';
import { Console } from '../panels/log/Console';
import { RefusalCard } from '../panels/refusal/RefusalCard';
import { useApp } from '../store';
import '../panels/log/log.css';

const ContextMenu = lazy(async () => ({ default: (await import('../app/ContextMenu')).ContextMenu }));
const CommandPalette = lazy(async () => ({
  default: (await import('../app/CommandPalette')).CommandPalette,
}));

/** What a reader who may change the scene needs: a line to type, the menu of an object, and why the kernel said no. */
export function Changing() {
  const menu = useApp((state) => state.menu !== null);
  const choosing = useApp((state) => state.palette !== null);
  return (
    <div className="embed-changing">
      <RefusalCard />
      <Console />
      <Suspense fallback={null}>
        {menu && <ContextMenu />}
        {choosing && <CommandPalette />}
      </Suspense>
    </div>
  );
}
