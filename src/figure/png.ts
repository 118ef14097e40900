import { sceneInFigure } from '../share/scene-in-figure';
import { withScene } from '../share/scene-in-png';

/** Pixels of a screen with fine ones. */
const SCALE = 2;
/** Browsers draw nothing on larger ones. */
const MOST = 16_384;

/** A picture of an SVG of ours, with the scene that is in that; null where the browser cannot draw one. */
export async function pngOf(svg: string): Promise<Blob | null> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(SCALE, MOST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    const context = canvas.getContext('2d');
    if (context === null) return null;
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const drawn = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    const link = sceneInFigure(svg);
    if (drawn === null || link === null) return drawn;
    return new Blob([withScene(new Uint8Array(await drawn.arrayBuffer()), link)], { type: 'image/png' });
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}
