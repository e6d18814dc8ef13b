import type { ArchiveContent, Finding, Rule } from '../archive-content.js';

const REQUIRED = ['manifest.json', 'script.js'];
const ALLOWED = [
  /^manifest\.json$/,
  /^script\.js$/,
  /^style\.css$/,
  /^i18n\/[a-z]{2}\.json$/,
  /^images\/[\w.-]+\.(png|jpg)$/,
  /^templates\/[\w.-]+\.twig$/,
];
const TEXT = /\.(json|js|css|twig)$/;
const BOM = [0xef, 0xbb, 0xbf];

const textFiles = ({ names }: ArchiveContent): readonly string[] => names.filter((name) => TEXT.test(name));

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const findTexts = (content: ArchiveContent, isBad: (bytes: Uint8Array) => boolean, message: string): Finding[] =>
  textFiles(content)
    .filter((name) => isBad(content.files[name] ?? new Uint8Array()))
    .map((place) => ({ place, message }));

/** Rules about the files and their bytes. */
export const fileRules: Readonly<Record<string, Rule>> = {
  'files-at-root': ({ names }) =>
    REQUIRED.filter((name) => !names.includes(name)).map((place) => ({ place, message: 'is missing at the root of the archive' })),
  'no-unknown-files': ({ names }) =>
    names.filter((name) => !ALLOWED.some((pattern) => pattern.test(name))).map((place) => ({ place, message: 'is no file of a widget' })),
  utf8: (content) => findTexts(content, (bytes) => !isUtf8(bytes), 'is not UTF-8'),
  'no-bom': (content) => findTexts(content, (bytes) => BOM.every((byte, index) => bytes[index] === byte), 'begins with a byte order mark'),
  'unix-lines': (content) => findTexts(content, (bytes) => bytes.includes(0x0d), 'has a carriage return; lines must end with \\n'),
  'no-unused-templates': (content) =>
    content.names
      .filter((name) => name.startsWith('templates/') && !content.text('script.js').includes(name))
      .map((place) => ({ place, message: 'is not used by script.js' })),
};
