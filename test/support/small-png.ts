import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MAX_COLORS = 256;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** One number `0xRRGGBB` for each pixel, row by row. */
  readonly pixels: Uint32Array;
}

function* readChunks(png: Buffer): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [toLeft, toAbove, toCorner] = [Math.abs(estimate - left), Math.abs(estimate - above), Math.abs(estimate - corner)];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

const predictors: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_left, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

/** Reads a PNG of Chromium: 8 bits, RGB or RGBA, not interlaced. Ignores transparency. */
function decode(png: Buffer): Picture {
  const chunks = [...readChunks(png)];
  const header = chunks[0]?.data ?? Buffer.alloc(13);
  const [width, height, colorType] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9]];
  const step = colorType === 6 ? 4 : 3;
  const data = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data)));
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(width * step);
  for (let y = 0, at = 0; y < height; y += 1) {
    const predict = predictors[data[at] ?? 0] ?? paeth;
    const row = new Uint8Array(data.subarray(at + 1, at + 1 + width * step));
    for (let x = 0; x < row.length; x += 1) {
      const [left, corner] = x < step ? [0, 0] : [row[x - step] ?? 0, above[x - step] ?? 0];
      row[x] = (row[x] ?? 0) + predict(left, above[x] ?? 0, corner);
    }
    for (let x = 0; x < width; x += 1) {
      pixels[y * width + x] = ((row[x * step] ?? 0) << 16) | ((row[x * step + 1] ?? 0) << 8) | (row[x * step + 2] ?? 0);
    }
    above = row;
    at += row.length + 1;
  }
  return { width, height, pixels };
}

const distance = (one: number, other: number) =>
  Math.abs((one >> 16) - (other >> 16)) + Math.abs(((one >> 8) & 255) - ((other >> 8) & 255)) + Math.abs((one & 255) - (other & 255));

/** The most frequent colours, and the nearest of them for each other colour. */
function toPalette(pixels: Uint32Array): { readonly colors: readonly number[]; readonly indexOf: ReadonlyMap<number, number> } {
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const byCount = [...counts].sort(([, one], [, other]) => other - one).map(([color]) => color);
  const colors = byCount.slice(0, MAX_COLORS);
  const nearest = (color: number) =>
    colors.reduce((best, each, index) => (distance(each, color) < distance(colors[best] ?? 0, color) ? index : best), 0);
  return { colors, indexOf: new Map(byCount.map((color, index) => [color, index < MAX_COLORS ? index : nearest(color)])) };
}

function toChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** Writes a screenshot with a palette of 256 colours: a fraction of its bytes, and the same to the eye. */
export function shrinkPng(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const { colors, indexOf } = toPalette(pixels);
  const rows = Buffer.alloc((width + 1) * height);
  pixels.forEach((pixel, at) => {
    rows[at + Math.floor(at / width) + 1] = indexOf.get(pixel) ?? 0;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits, palette
  header[8] = 8;
  header[9] = 3;
  const palette = Buffer.from(colors.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  const chunks = [toChunk('IHDR', header), toChunk('PLTE', palette), toChunk('IDAT', deflateSync(rows, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...chunks, toChunk('IEND', Buffer.alloc(0))]);
}
