import type { ErrorCode } from '#domain';
import { escapeHtml, hashSource } from '../http/html.js';

const languages = ['en', 'es', 'pt', 'ru'] as const;

type Language = (typeof languages)[number];

/** What the page shows: how the authorisation ended. */
export type AuthorizationOutcome = 'connected' | 'background' | 'declined' | 'expired' | 'administrator' | 'setup' | 'later' | 'refused';

/** A title, and what to do. */
type Text = readonly [title: string, text: string];

const texts: Readonly<Record<AuthorizationOutcome, Readonly<Record<Language, Text>>>> = {
  connected: {
    en: ['Connected', 'You may close this window.'],
    es: ['Conectado', 'Puede cerrar esta ventana.'],
    pt: ['Conectado', 'Pode fechar esta janela.'],
    ru: ['Подключено', 'Это окно можно закрыть.'],
  },
  background: {
    en: [
      'Almost connected',
      'Kommo responds slowly. The connection continues by itself: you may close this window and look at the widget in a minute.',
    ],
    es: ['Casi conectado', 'Kommo responde despacio. La conexión continúa sola: puede cerrar esta ventana y mirar el widget en un minuto.'],
    pt: [
      'Quase conectado',
      'O Kommo responde devagar. A conexão continua sozinha: pode fechar esta janela e ver o widget dentro de um minuto.',
    ],
    ru: ['Почти подключено', 'Kommo отвечает медленно. Подключение продолжается само: закройте это окно и проверьте виджет через минуту.'],
  },
  declined: {
    en: ['Not connected', 'The access was not allowed. Open the link again and press “Allow”.'],
    es: ['No conectado', 'No se permitió el acceso. Abra el enlace otra vez y pulse «Permitir».'],
    pt: ['Não conectado', 'O acesso não foi permitido. Abra o link novamente e pressione “Permitir”.'],
    ru: ['Не подключено', 'Доступ не был разрешён. Откройте ссылку ещё раз и нажмите «Разрешить».'],
  },
  expired: {
    en: ['Not connected', 'This link has expired or was used before. Open the connection link again.'],
    es: ['No conectado', 'Este enlace ha caducado o ya se usó. Abra otra vez el enlace de conexión.'],
    pt: ['Não conectado', 'Este link expirou ou já foi usado. Abra novamente o link de conexão.'],
    ru: ['Не подключено', 'Ссылка устарела или уже использована. Откройте ссылку для подключения ещё раз.'],
  },
  administrator: {
    en: ['Not connected', 'Your Kommo user has too few rights. Let an administrator of the account open the connection link.'],
    es: [
      'No conectado',
      'Su usuario de Kommo no tiene suficientes permisos. Pida a un administrador de la cuenta que abra el enlace de conexión.',
    ],
    pt: ['Não conectado', 'O seu usuário do Kommo tem poucas permissões. Peça a um administrador da conta que abra o link de conexão.'],
    ru: ['Не подключено', 'У вашего пользователя Kommo недостаточно прав. Пусть ссылку для подключения откроет администратор аккаунта.'],
  },
  setup: {
    en: ['Not connected', 'The service is not set up for this account yet. Ask its operator.'],
    es: ['No conectado', 'El servicio aún no está configurado para esta cuenta. Pregunte a su operador.'],
    pt: ['Não conectado', 'O serviço ainda não está configurado para esta conta. Fale com o operador.'],
    ru: ['Не подключено', 'Сервис ещё не настроен для этого аккаунта. Обратитесь к его оператору.'],
  },
  later: {
    en: ['Not connected yet', 'The service or Kommo is busy. Open the connection link again in a few minutes.'],
    es: ['Aún no conectado', 'El servicio o Kommo está ocupado. Abra otra vez el enlace de conexión en unos minutos.'],
    pt: ['Ainda não conectado', 'O serviço ou o Kommo está ocupado. Abra novamente o link de conexão em alguns minutos.'],
    ru: ['Ещё не подключено', 'Сервис или Kommo занят. Откройте ссылку для подключения ещё раз через несколько минут.'],
  },
  refused: {
    en: ['Not connected', 'Kommo or the service refused the connection. Open the connection link again; if it stays so, ask the operator.'],
    es: ['No conectado', 'Kommo o el servicio rechazó la conexión. Abra otra vez el enlace; si el problema sigue, pregunte al operador.'],
    pt: ['Não conectado', 'O Kommo ou o serviço recusou a conexão. Abra novamente o link; se continuar, fale com o operador.'],
    ru: ['Не подключено', 'Kommo или сервис отклонил подключение. Откройте ссылку ещё раз; если не поможет, обратитесь к оператору.'],
  },
};

const outcomes: Readonly<Partial<Record<ErrorCode, AuthorizationOutcome>>> = {
  consent_declined: 'declined',
  invalid_input: 'expired',
  kommo_code_refused: 'expired',
  administrator_required: 'administrator',
  integration_missing: 'setup',
  other_integration: 'setup',
};

/** The outcome of an error by its code and its HTTP status. */
export const outcomeOf = (code: ErrorCode, status: number): AuthorizationOutcome =>
  outcomes[code] ?? (status === 429 || status === 503 ? 'later' : 'refused');

/** Whether the caller asks for a page. A program that accepts anything gets JSON. */
export const wantsPage = (accept: string | undefined): boolean => /\btext\/html\b/i.test(accept ?? '');

/** The language of the browser: the accepted one that the pages have, by its weight; English without one. */
export function chooseLanguage(header = ''): Language {
  const wanted = header
    .split(',')
    .slice(0, 20)
    .map((part) => {
      const [tag = '', quality] = part.trim().split(/\s*;\s*q=/i);
      return { tag: tag.slice(0, 2).toLowerCase(), weight: quality === undefined ? 1 : Number(quality) || 0 };
    })
    .sort((one, other) => other.weight - one.weight);
  const found = wanted.flatMap(({ tag, weight }) => (weight > 0 ? languages.filter((language) => language === tag) : []));
  return found[0] ?? 'en';
}

const STYLE =
  ':root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28rem;padding:0 1rem;text-align:center;overflow-wrap:anywhere;background:Canvas;color:CanvasText}';

/** The page has one style sheet, and nothing else. */
export const authorizationPagePolicy = `default-src 'none'; style-src ${hashSource(STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Renders what the browser shows after the consent page of Kommo. `name` is that of the account. */
export function renderAuthorizationPage(outcome: AuthorizationOutcome, acceptLanguage: string | undefined, name = ''): string {
  const language = chooseLanguage(acceptLanguage);
  const [title, text] = texts[outcome][language];
  const account = name === '' ? '' : `<p><strong>${escapeHtml(name)}</strong></p>\n`;
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${STYLE}</style></head>
<body>
<main>
<h1>${title}</h1>
${account}<p>${text}</p>
</main>
</body>
</html>
`;
}
