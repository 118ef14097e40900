import { useEffect, useState } from 'react';
import { bringIn, gatherFiles } from '../panels/import/join';
import { useApp } from '../store';

/** A figure of ours is opened by the scene that it carries; anything else is text. */
async function takeIn(files: readonly File[]): Promise<void> {
  const { notify } = useApp.getState().actions;
  const [file] = files;
  if (files.length === 1 && file !== undefined && /\.svg$/i.test(file.name)) {
    const { hashInFigure } = await import('./figure-in-file');
    const found = await hashInFigure(file);
    if (found.ok) location.hash = found.hash;
    else notify({ tone: 'error', text: found.why });
    return;
  }
  const gathered = await gatherFiles(files);
  if (gathered.ok) bringIn(gathered.offer);
  else notify({ tone: 'error', text: gathered.why });
}

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
      void takeIn(files);
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
      <p>Drop lspci, a kernel’s log, ACPI tables, a scenario, or a figure</p>
    </div>
  );
}
