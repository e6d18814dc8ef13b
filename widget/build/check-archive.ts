import { unzipSync } from 'fflate';
import { ArchiveContent, type Problem, type Rule } from './archive-content.js';
import { fileRules } from './rules/file-rules.js';
import { imageRules } from './rules/image-rules.js';
import { manifestRules } from './rules/manifest-rules.js';
import { scriptRules } from './rules/script-rules.js';
import { styleRules } from './rules/style-rules.js';
import { textRules } from './rules/text-rules.js';

const rules: Readonly<Record<string, Rule>> = {
  ...fileRules,
  ...manifestRules,
  ...textRules,
  ...imageRules,
  ...scriptRules,
  ...styleRules,
};

/** The names of all rules. */
export const ruleNames: readonly string[] = Object.keys(rules);

function unpack(bytes: Uint8Array): Record<string, Uint8Array> | undefined {
  try {
    return unzipSync(bytes);
  } catch {
    return undefined;
  }
}

/** Checks an archive against Kommo's rules (reference/kommo.md 6.1, 6.2, 6.6). Returns each broken rule with the place and a message. */
export function checkArchive(bytes: Uint8Array): Problem[] {
  const files = unpack(bytes);
  if (!files) return [{ rule: 'zip', place: 'widget.zip', message: 'is no ZIP archive' }];
  const content = new ArchiveContent(files);
  return Object.entries(rules).flatMap(([rule, check]) => check(content).map((finding) => ({ rule, ...finding })));
}
