// Saves what is shown as a picture in the theme that is on.
import { moment } from '../text/format';
import { t } from '../text/catalogue';
import { draw, type Font, type Scene, type Theme } from './drawing';
import type { FlowGraph } from '../api/types';
import { save } from '../components/save';
import type { Picture } from './fold';
import { litItems } from './fold';
import { layout } from './layout';
import { drawLines } from './lines';
import { css, png } from './png';
import { svg } from './svg';

export const formats = ['svg', 'png'] as const;
export type Format = (typeof formats)[number];

function currentTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const family = style.getPropertyValue('--font').trim();
  const context = document.createElement('canvas').getContext('2d');
  return {
    colour: (token) => style.getPropertyValue(`--${token}`).trim(),
    family,
    measure: (text: string, font: Font) => {
      if (!context) return text.length * font.size * 0.6;
      context.font = css(font, family);
      return context.measureText(text).width;
    },
  };
}

/** As wide as a page, whatever the window's size. */
const page = { width: 1240, height: 700 };

export function scene(
  graph: FlowGraph,
  picture: Picture,
  selected: string | null,
  lit: ReadonlySet<string>,
): Scene {
  const places = layout(picture, page);
  const items = new Map(picture.items.map((item) => [item.id, item]));
  const on = selected === null ? null : litItems(picture, graph, lit);
  return {
    picture,
    places,
    lines: drawLines(
      places.lines,
      picture.edges,
      places.spots,
      (id) => items.get(id),
      (id) => on?.has(id) ?? false,
    ),
    lit: on,
    selected: selected === null ? null : (picture.drawnAs.get(selected) ?? null),
    caption: `${t.app.name} · ${t.flow.label} · ${moment(graph.seenAt)}`,
  };
}

export async function exportPicture(format: Format, shown: Scene): Promise<void> {
  const drawing = draw(shown, currentTheme());
  const file = format === 'svg' ? new Blob([svg(drawing)], { type: 'image/svg+xml' }) : await png(drawing);
  save(`${t.flow.exportName}.${format}`, file);
}
