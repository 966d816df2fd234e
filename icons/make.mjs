// Draws every size that the three desktops ask for out of the two SVG files: `node icons/make.mjs`.
// Up to 32 pixels the small drawing is used, whose strokes stay apart. ICO and ICNS are thin boxes around
// PNG files, so they are written here; the drawing itself is resvg's work.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const here = new URL('.', import.meta.url);
const { Resvg } = createRequire(new URL('../ui/package.json', import.meta.url))('@resvg/resvg-js');
const large = readFileSync(new URL('portico.svg', here), 'utf8');
const small = readFileSync(new URL('portico-small.svg', here), 'utf8');

const png = (size) =>
  new Resvg(size <= 32 ? small : large, { fitTo: { mode: 'width', value: size } }).render().asPng();
const write = (name, bytes) => writeFileSync(new URL(name, here), bytes);

/** ICO: a directory of images; a side of 256 is written as 0. */
function ico(sizes) {
  const images = sizes.map(png);
  const head = Buffer.alloc(6 + 16 * sizes.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(sizes.length, 4);
  let offset = head.length;
  sizes.forEach((size, index) => {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(images[index].length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += images[index].length;
  });
  return Buffer.concat([head, ...images]);
}

/** ICNS: blocks of a four-letter kind, a length that counts its own eight bytes, and a PNG. */
function icns(kinds) {
  const blocks = Object.entries(kinds).map(([kind, size]) => {
    const image = png(size);
    const head = Buffer.alloc(8);
    head.write(kind, 0, 'ascii');
    head.writeUInt32BE(image.length + 8, 4);
    return Buffer.concat([head, image]);
  });
  const head = Buffer.alloc(8);
  head.write('icns', 0, 'ascii');
  head.writeUInt32BE(8 + blocks.reduce((sum, block) => sum + block.length, 0), 4);
  return Buffer.concat([head, ...blocks]);
}

write('32x32.png', png(32));
write('128x128.png', png(128));
write('128x128@2x.png', png(256));
write('icon.png', png(512));
write('icon.ico', ico([16, 24, 32, 48, 64, 256]));
write(
  'icon.icns',
  icns({ icp4: 16, icp5: 32, ic07: 128, ic08: 256, ic09: 512, ic11: 32, ic13: 256, ic14: 512 }),
);
