import { Resvg } from '@resvg/resvg-js';

/** The images that Kommo demands, in pixels (reference/kommo.md 6.1). */
export const LOGO_SIZES: Readonly<Record<string, readonly [width: number, height: number]>> = {
  'images/logo.png': [130, 100],
  'images/logo_main.png': [400, 272],
  'images/logo_medium.png': [240, 84],
  'images/logo_min.png': [84, 84],
  'images/logo_small.png': [108, 108],
};

/** A person, 100 × 100. */
const PERSON = '<circle cx="50" cy="34" r="20"/><path d="M12 92c0-24 16-36 38-36s38 12 38 36z"/>';

/** An envelope, 100 × 100. */
const ENVELOPE = '<path d="M8 24h84L50 58z"/><path d="M4 32v48h92V32L50 70z"/>';

/** Two arrows that form a circle, 100 × 100. */
const ARROWS =
  '<path d="M50 14a36 36 0 0 1 35 28l10-3-14 24-22-15 11-3a21 21 0 0 0-20-15c-6 0-11 2-15 6L25 25a36 36 0 0 1 25-11z"/>' +
  '<path d="M50 86a36 36 0 0 1-35-28l-10 3 14-24 22 15-11 3a21 21 0 0 0 20 15c6 0 11-2 15-6l10 11a36 36 0 0 1-25 11z"/>';

const place = (shape: string, { x, y, size }: { x: number; y: number; size: number }): string =>
  `<g transform="translate(${x} ${y}) scale(${size / 100})">${shape}</g>`;

/** The wide sign: person, arrows, envelope. The square one has no room for the person. */
function drawSign(width: number, height: number): string {
  const isWide = width / height > 1.2;
  const shapes = isWide ? [PERSON, ARROWS, ENVELOPE] : [ENVELOPE];
  const size = Math.min((width * 0.8) / (shapes.length + (shapes.length - 1) * 0.25), height * 0.56);
  const total = size * (shapes.length + (shapes.length - 1) * 0.25);
  const start = (width - total) / 2;
  return shapes.map((shape, index) => place(shape, { x: start + index * size * 1.25, y: (height - size) / 2, size })).join('');
}

/** An image of the widget as SVG: a white sign on a coloured card, with the margin of 10 pixels that the largest one needs. */
export function drawLogo(width: number, height: number): string {
  const margin = width >= 400 ? 10 : 0;
  const card = `x="${margin}" y="${margin}" width="${width - 2 * margin}" height="${height - 2 * margin}" rx="${Math.min(width, height) * 0.12}"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    '<defs><linearGradient id="card" x1="0" y1="0" x2="1" y2="1">' +
    '<stop offset="0" stop-color="#1f6feb"/><stop offset="1" stop-color="#14a38b"/></linearGradient></defs>' +
    `<rect ${card} fill="url(#card)"/><g fill="#ffffff">${drawSign(width, height)}</g></svg>`
  );
}

/** Draws every image of the widget as PNG. */
export function drawLogos(): Record<string, Uint8Array> {
  const draw = ([name, [width, height]]: [string, readonly [number, number]]) => [
    name,
    new Resvg(drawLogo(width, height)).render().asPng(),
  ];
  return Object.fromEntries(Object.entries(LOGO_SIZES).map(draw)) as Record<string, Uint8Array>;
}
