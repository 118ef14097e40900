import { useEffect, useState } from 'react';
import { bringIn, gatherFiles } from '../panels/import/join';
import { useApp } from '../store';

/** Files dropped anywhere on the page are offered for import, several as one text. */
export function DropZone() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const holdsFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const onOver = (event: DragEvent): void => {
      if (!holdsFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      void gatherFiles(files).then((gathered) => {
        if (gathered.ok) bringIn(gathered.offer);
        else useApp.getState().actions.notify({ tone: 'error', text: gathered.why });
      });
    };
    document.addEventListener('dragover', onOver);
    document.addEventListener('dragleave', onLeave);
    document.addEventListener('drop', onDrop);
    return () => {
      document.removeEventListener('dragover', onOver);
      document.removeEventListener('dragleave', onLeave);
      document.removeEventListener('drop', onDrop);
    };
  }, []);
  if (!over) return null;
  return (
    <div className="drop-zone" aria-hidden="true">
      <p>Drop lspci, a kernel’s log, ACPI tables, or a scenario</p>
    </div>
  );
}
