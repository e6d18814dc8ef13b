import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { zipSync } from 'fflate';
import { packWidget, type WidgetFiles } from '#widget';
import { textsOf } from './archive-content.js';
import { buildWidgetFiles } from './build-files.js';
import { checkArchive, ruleNames } from './check-archive.js';

type Change = Record<string, (content: string, files: WidgetFiles) => string | Uint8Array | undefined>;
type Json = Record<string, unknown>;

const folder = join(import.meta.dirname, '..');

/** Changes a JSON file. */
const json = (change: (value: Json) => unknown) => (content: string) => JSON.stringify(change(JSON.parse(content) as Json));
const manifest = (change: (value: Json) => Json): Change => ({ 'manifest.json': json(change) });
const widgetPart = (part: Json) => manifest((value) => ({ ...value, widget: { ...(value['widget'] as Json), ...part } }));
const english = (block: string, part: Json): Change => ({
  'i18n/en.json': json((value) => ({ ...value, [block]: { ...(value[block] as Json), ...part } })),
});
const append = (name: string, text: string): Change => ({ [name]: (content) => content + text });
const script = (line: string) => append('script.js', `\n${line}\n`);
const style = (line: string) => append('style.css', `${line}\n`);

/** For each rule a change of the archive that breaks this rule. */
const broken: Readonly<Record<string, Change>> = {
  'files-at-root': { 'script.js': () => undefined },
  'no-unknown-files': { 'readme.txt': () => 'text' },
  utf8: { 'style.css': () => new Uint8Array([0x2e, 0xff, 0xfe]) },
  'no-bom': { 'i18n/es.json': (content) => `\ufeff${content}` },
  'unix-lines': { 'style.css': (content) => content.replace('\n', '\r\n') },
  'no-unused-templates': { 'templates/other.twig': () => '<p></p>' },
  'manifest-json': { 'manifest.json': () => '{' },
  'widget-texts': widgetPart({ description: 1 }),
  'interface-version': widgetPart({ interface_version: 1 }),
  version: widgetPart({ version: '1.0' }),
  locales: widgetPart({ locale: ['en', 'es', 'pt', 'xx'] }),
  installation: widgetPart({ installation: 'yes' }),
  'settings-needed': manifest((value) => ({ ...value, settings: {} })),
  'setting-types': manifest((value) => ({
    ...value,
    settings: { api_key: { name: 'settings.api_key', type: 'password', required: true } },
  })),
  'custom-needs-location': manifest((value) => ({ ...value, locations: ['everywhere'] })),
  locations: manifest((value) => ({ ...value, locations: ['settings', 'somewhere'] })),
  'location-pairs': manifest((value) => ({ ...value, locations: ['settings', 'ccard-0', 'ccard-1'] })),
  'used-locations': manifest((value) => ({ ...value, locations: ['settings', 'advanced_settings'] })),
  tour: manifest((value) => ({ ...value, tour: { is_tour: false } })),
  'locale-files': { 'i18n/tr.json': () => '{}' },
  'same-keys': english('settings', { only_here: 'text' }),
  'same-values-in-texts': english('status', { progress: 'Contacts read' }),
  'plural-forms': english('save', { would_remove: '{count, plural, other {# addresses}}' }),
  'no-empty-texts': english('status', { connect: ' ' }),
  'manifest-texts': manifest((value) => ({ ...value, settings: { api_key: { name: 'settings.unknown', type: 'text', required: true } } })),
  'name-length': english('widget', { name: 'Unisender list by Contact Sync Ltd' }),
  'name-words': english('widget', { name: 'Unisendersynchronisation by Me' }),
  'name-form': english('widget', { name: 'Unisender' }),
  'name-without-kommo': english('widget', { name: 'Kommo mail by Contact Sync' }),
  'short-description-length': english('widget', { short_description: 'x'.repeat(51) }),
  'description-length': english('widget', { description: 'x'.repeat(401) }),
  'logos-present': { 'images/logo_min.png': () => undefined },
  'logo-sizes': { 'images/logo.png': (_content, files) => files['images/logo_min.png'] },
  'image-bytes': {
    'images/logo.png': (_content, files) => Buffer.concat([files['images/logo.png'] ?? Buffer.of(), Buffer.alloc(301 * 1024)]),
  },
  'no-unused-images': { 'images/other.png': (_content, files) => files['images/logo.png'] },
  'amd-module': { 'script.js': (content) => `const name = 1;\n${content}` },
  'callbacks-present': { 'script.js': (content) => content.replaceAll('bind_actions', 'bindings') },
  'no-minified-code': { 'script.js': (content) => `${content}\n// ${'x'.repeat(600)}` },
  'no-eval': script('new Function("return 1")();'),
  'no-console': script('console.log(1);'),
  'no-debugger': script('debugger;'),
  'no-synchronous-ajax': script('var options = { async: false };'),
  'no-requests-in-loops': script('[1].forEach(function () { self.crm_post("/"); });'),
  'no-script-elements': script('document.createElement("SCRIPT");'),
  'no-virtual-clicks': script('$(".js-widget-install").trigger("click");'),
  'no-writes-to-app': script('APP.data = 1;'),
  'own-root-selector': style('p .contact-sync { margin: 0 }'),
  'no-system-classes': style('.contact-sync .modal-body { margin: 0 }'),
  'no-foreign-styles': style('.contact-sync__x { background: url(https://other.example/x.png) }'),
};

describe('checkArchive', () => {
  let files: WidgetFiles;

  beforeAll(async () => {
    files = await buildWidgetFiles(folder);
  });

  function packChanged(change: Change): Uint8Array {
    const changed: Record<string, Uint8Array> = { ...files };
    for (const [name, edit] of Object.entries(change)) {
      const content = edit(Buffer.from(files[name] ?? '').toString('utf8'), files);
      if (content === undefined) delete changed[name];
      else changed[name] = typeof content === 'string' ? Buffer.from(content) : content;
    }
    return zipSync(changed);
  }

  it('accepts the widget', () => {
    expect(checkArchive(packWidget(files, 'https://sync.example.org'))).toEqual([]);
  });

  it('refuses what is no archive', () => {
    expect(checkArchive(Buffer.from('text'))).toEqual([{ rule: 'zip', place: 'widget.zip', message: 'is no ZIP archive' }]);
  });

  it('has an archive that breaks each rule', () => {
    expect(Object.keys(broken).sort()).toEqual([...ruleNames].sort());
  });

  it.each(Object.entries(broken))('reports %s with a place and a message', (rule, change) => {
    const problems = checkArchive(packChanged(change)).filter((problem) => problem.rule === rule);
    expect(problems.length).toBeGreaterThan(0);
    for (const { place, message } of problems)
      expect({ place, message }).toEqual({ place: expect.stringMatching(/\w/), message: expect.stringMatching(/\w/) });
  });

  it('accepts console.trace in a catch', () => {
    const change = script('try { define(); } catch (error) { console.trace(error); }');
    expect(checkArchive(packChanged(change)).filter(({ rule }) => rule === 'no-console')).toEqual([]);
  });

  it('builds equal archives twice', async () => {
    const again = await buildWidgetFiles(folder);
    expect(Buffer.from(packWidget(again, 'https://a.example')).equals(Buffer.from(packWidget(files, 'https://a.example')))).toBe(true);
  });

  it('has a text for every key that the templates and the script use', () => {
    const texts = textsOf(JSON.parse(Buffer.from(files['i18n/en.json'] ?? '').toString('utf8')));
    const sources = Object.keys(files).filter((name) => /^templates\/|^script\.js$/.test(name));
    const blocks = 'status|actions|failures|form|save|errors|attention|reasons';
    const used = sources.flatMap((name) =>
      [
        ...Buffer.from(files[name] ?? '')
          .toString('utf8')
          .matchAll(new RegExp(`['{ ]((?:${blocks})\\.[a-z]\\w+)(?:'|\\|e)`, 'g')),
      ].map(([, key = '']) => key),
    );
    expect(used.length).toBeGreaterThan(50);
    expect([...new Set(used)].filter((key) => !texts.has(key))).toEqual([]);
  });
});
