import { type ArchiveContent, type Finding, type Rule, valueAt } from '../archive-content.js';

const LOCALES = new Set(['en', 'es', 'pt', 'ru', 'tr', 'id']);
const SETTING_TYPES = new Set(['text', 'pass', 'users', 'users_lp', 'custom']);
/** With a suffix: `-0` loads the widget, `-1` also shows it. */
const CARD_LOCATIONS = ['lcard', 'ccard', 'comcard', 'llist', 'clist', 'tlist'];
const LOCATIONS = new Set([
  ...CARD_LOCATIONS.flatMap((name) => [`${name}-0`, `${name}-1`]),
  'settings',
  'advanced_settings',
  'card_sdk',
  'catalogs',
  'digital_pipeline',
  'lead_sources',
  'widget_page',
  'sms',
  'mobile_card',
  'salesbot_designer',
  'website_chat_button',
  'everywhere',
  'ai_agent',
]);

const PLACE = 'manifest.json';
const find = (isBroken: boolean, message: string): Finding[] => (isBroken ? [{ place: PLACE, message }] : []);
const widget = ({ manifest }: ArchiveContent, name: string) => valueAt(manifest, 'widget', name);
const settingsOf = ({ manifest }: ArchiveContent): [string, unknown][] => Object.entries(manifest['settings'] ?? {});

/** A callback that a location needs, and the other way round. */
const CALLBACKS: readonly (readonly [location: string, callback: string])[] = [
  ['settings', 'settings'],
  ['advanced_settings', 'advancedSettings'],
  ['digital_pipeline', 'dpSettings'],
];

const hasCallback = (content: ArchiveContent, name: string) => new RegExp(`\\b${name}\\s*[:(]`).test(content.text('script.js'));

/** Rules about manifest.json. */
export const manifestRules: Readonly<Record<string, Rule>> = {
  'manifest-json': (content) => find(content.json(PLACE) === undefined, 'is no JSON object'),
  'widget-texts': (content) =>
    ['name', 'description', 'short_description']
      .filter((name) => typeof widget(content, name) !== 'string')
      .flatMap((name) => find(true, `widget.${name} must be the key of a text`)),
  'interface-version': (content) => find(widget(content, 'interface_version') !== 2, 'widget.interface_version must be 2'),
  version: (content) => {
    const version = widget(content, 'version');
    return find(
      version !== undefined && !(typeof version === 'string' && /^\d+\.\d+\.\d+$/.test(version)),
      'widget.version must be three numbers, such as 1.0.0',
    );
  },
  locales: ({ locales }) =>
    find(
      locales.length === 0 || locales.some((locale) => !LOCALES.has(locale)),
      `widget.locale must list locales of ${[...LOCALES].join(', ')}`,
    ),
  installation: (content) => find(typeof widget(content, 'installation') !== 'boolean', 'widget.installation must be true or false'),
  'settings-needed': (content) =>
    find(
      widget(content, 'installation') === true && settingsOf(content).length === 0,
      'settings must not be empty when widget.installation is true',
    ),
  'setting-types': (content) =>
    settingsOf(content)
      .filter(([, setting]) => !SETTING_TYPES.has(String(valueAt(setting, 'type'))) || typeof valueAt(setting, 'required') !== 'boolean')
      .flatMap(([name]) => find(true, `settings.${name} must have a type of ${[...SETTING_TYPES].join(', ')} and required true or false`)),
  'custom-needs-location': (content) =>
    find(
      settingsOf(content).some(([, setting]) => valueAt(setting, 'type') === 'custom') && !content.locations.includes('settings'),
      'a custom setting needs the location settings',
    ),
  locations: ({ locations }) =>
    locations.filter((location) => !LOCATIONS.has(location)).flatMap((location) => find(true, `the location ${location} is unknown`)),
  'location-pairs': ({ locations }) =>
    CARD_LOCATIONS.filter((name) => locations.includes(`${name}-0`) && locations.includes(`${name}-1`)).flatMap((name) =>
      find(true, `the locations ${name}-0 and ${name}-1 must not both be listed`),
    ),
  'used-locations': (content) =>
    CALLBACKS.filter(([location, callback]) => content.locations.includes(location) !== hasCallback(content, callback)).flatMap(
      ([location, callback]) => find(true, `the location ${location} and the callback ${callback} must be present together`),
    ),
  tour: ({ manifest }) => {
    const tour = manifest['tour'];
    return find(tour !== undefined && valueAt(tour, 'is_tour') !== true, 'tour.is_tour must be true');
  },
};
