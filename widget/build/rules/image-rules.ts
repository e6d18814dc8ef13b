import { type ArchiveContent, type Finding, type Rule, textsOf, valueAt } from '../archive-content.js';
import { LOGO_SIZES } from '../logos.js';

const MAX_BYTES = 300 * 1024;
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PIPELINE_LOGO = 'images/logo_dp.png';
const PIPELINE_LOGO_SIZE = [174, 109] as const;

/** Width and height of a PNG; undefined for anything else. */
function readPngSize(bytes: Uint8Array): readonly [number, number] | undefined {
  const buffer = Buffer.from(bytes);
  if (buffer.length < 24 || !buffer.subarray(0, 8).equals(PNG_SIGNATURE)) return undefined;
  return [buffer.readUInt32BE(16), buffer.readUInt32BE(20)];
}

const needsPipelineLogo = ({ locations }: ArchiveContent) => locations.includes('digital_pipeline');

const expectedLogos = (content: ArchiveContent): [string, readonly [number, number]][] => [
  ...Object.entries(LOGO_SIZES),
  ...(needsPipelineLogo(content) ? [[PIPELINE_LOGO, PIPELINE_LOGO_SIZE] as [string, readonly [number, number]]] : []),
];

const tourImages = ({ manifest }: ArchiveContent): string[] => {
  const images = Object.values((valueAt(manifest, 'tour', 'tour_images') ?? {}) as Record<string, unknown>).flat();
  return images.map((path) => String(path).replace(/^\//, ''));
};

function checkSize({ files }: ArchiveContent, name: string, [width, height]: readonly [number, number]): Finding[] {
  const bytes = files[name];
  if (!bytes) return [];
  const size = readPngSize(bytes);
  if (size?.[0] === width && size[1] === height) return [];
  return [{ place: name, message: `must be a PNG of ${width} × ${height} pixels${size ? `, not ${size.join(' × ')}` : ''}` }];
}

/** Rules about images. */
export const imageRules: Readonly<Record<string, Rule>> = {
  'logos-present': (content) =>
    expectedLogos(content)
      .filter(([name]) => !content.names.includes(name))
      .map(([place]) => ({ place, message: 'is missing' })),
  'logo-sizes': (content) => expectedLogos(content).flatMap(([name, size]) => checkSize(content, name, size)),
  'image-bytes': ({ names, files }) =>
    names
      .filter((name) => name.startsWith('images/') && (files[name]?.length ?? 0) > MAX_BYTES)
      .map((place) => ({ place, message: 'must have at most 300 KB' })),
  'no-unused-images': (content) => {
    const used = new Set([...expectedLogos(content).map(([name]) => name), ...tourImages(content)]);
    const texts = [...textsOf(content.manifest).values()].join(' ') + content.text('style.css') + content.text('script.js');
    return content.names
      .filter((name) => name.startsWith('images/') && !used.has(name) && !texts.includes(name))
      .map((place) => ({ place, message: 'is not used' }));
  },
};
