import type { ArchiveContent, Finding, Rule } from '../archive-content.js';

const PLACE = 'style.css';
/** Every class of the widget begins like this. */
const OWN_ROOT = /^\.contact-sync(?![a-z0-9])/;

const withoutComments = (content: ArchiveContent) => content.text(PLACE).replace(/\/\*[\s\S]*?\*\//g, '');

/** The selectors of all rules. At-rules such as @media are not selectors themselves. */
const selectorsOf = (css: string): string[] =>
  [...css.matchAll(/([^{}]+)\{/g)]
    .flatMap(([, selectors = '']) => selectors.split(','))
    .map((selector) => selector.trim())
    .filter((selector) => selector !== '' && !selector.startsWith('@'));

const find = (content: ArchiveContent, isBad: (selector: string) => boolean, message: string): Finding[] =>
  selectorsOf(withoutComments(content))
    .filter(isBad)
    .map((selector) => ({ place: PLACE, message: `${selector}: ${message}` }));

const classesOf = (selector: string): string[] => selector.match(/\.[\w-]+/g) ?? [];

/** Rules about style.css. */
export const styleRules: Readonly<Record<string, Rule>> = {
  'own-root-selector': (content) => find(content, (selector) => !OWN_ROOT.test(selector), 'must begin with .contact-sync'),
  'no-system-classes': (content) =>
    find(content, (selector) => classesOf(selector).some((name) => !OWN_ROOT.test(name)), 'must not name classes of Kommo'),
  'no-foreign-styles': (content) =>
    /@import|url\(\s*['"]?(https?:)?\/\//i.test(withoutComments(content))
      ? [{ place: PLACE, message: 'must not load from other hosts' }]
      : [],
};
