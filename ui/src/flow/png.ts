// A drawing painted as pixels. A canvas knows the fonts of the page, which a picture inside an image does not.
import type { Drawing, Font, Shape } from './drawing';

/** What every webview can paint; above it a canvas stays empty without saying so. */
const most = { side: 16_000, pixels: 120_000_000 } as const;

export const css = ({ size, weight }: Font, family: string): string => `${weight} ${size}px ${family}`;

/** Twice the size for sharp text, or as much as there may be. */
export function scaleOf({ width, height }: { width: number; height: number }): number {
  return Math.min(2, most.side / Math.max(width, height), Math.sqrt(most.pixels / (width * height)));
}

function paint(context: CanvasRenderingContext2D, shape: Shape, family: string): void {
  context.save();
  if (shape.kind === 'text') {
    context.font = css(shape.font, family);
    context.fillStyle = shape.fill;
    context.fillText(shape.text, shape.x, shape.y);
  } else {
    const path = new Path2D(shape.kind === 'path' ? shape.d : undefined);
    if (shape.kind === 'path') context.translate(shape.x, shape.y);
    else path.roundRect(shape.x, shape.y, shape.width, shape.height, shape.radius);
    context.globalAlpha = shape.opacity ?? 1;
    if (shape.fill !== undefined) {
      context.fillStyle = shape.fill;
      context.fill(path);
    }
    if (shape.stroke !== undefined) {
      context.strokeStyle = shape.stroke;
      context.lineWidth = shape.line ?? 1;
      context.setLineDash((shape.dash ?? '').split(' ').filter(Boolean).map(Number));
      context.stroke(path);
    }
  }
  context.restore();
}

export async function png(drawing: Drawing): Promise<Blob> {
  const scale = scaleOf(drawing);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(drawing.width * scale);
  canvas.height = Math.round(drawing.height * scale);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.fillStyle = drawing.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  for (const { shapes } of drawing.parts) for (const shape of shapes) paint(context, shape, drawing.family);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('no picture');
  return blob;
}
