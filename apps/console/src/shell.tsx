import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useLiveness } from './api/live.js';
import { signOut } from './api/session.js';
import type { Liveness } from './api/stream.js';
import { isReadOnly } from './environment.js';
import { Button } from './ui/button.js';
import { Select } from './ui/field.js';
import { type Theme, useTheme } from './ui/theme.js';

const pages = [
  ['/', 'Overview'],
  ['/accounts', 'Accounts'],
  ['/person', 'Find a person'],
  ['/queues', 'Queues'],
  ['/connect', 'Connect'],
  ['/audit', 'Audit'],
  ['/system', 'System'],
] as const;

const livenessTexts: Readonly<Record<Liveness, string>> = {
  connecting: 'Connecting …',
  live: 'Live',
  polling: 'Every 2 s',
  offline: 'Offline',
};

const themes: readonly (readonly [Theme, string])[] = [
  ['auto', 'System theme'],
  ['light', 'Light theme'],
  ['dark', 'Dark theme'],
];

const isCurrent = (path: string, location: string) =>
  path === '/' ? location === '/' : location === path || location.startsWith(`${path}/`);

function Navigation({ onChoose }: { readonly onChoose: () => void }) {
  const [location] = useLocation();
  return (
    <ul className="nav__list">
      {pages.map(([path, title]) => (
        <li key={path}>
          <Link href={path} className="nav__link" aria-current={isCurrent(path, location) ? 'page' : undefined} onClick={onChoose}>
            {title}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The page of a location: a tab of an account is no page of its own. */
const pageOf = (location: string) => location.split('/').slice(0, 3).join('/');

/** The frame of every page: navigation, state of the connection, theme, sign-out. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const liveness = useLiveness();
  const [theme, setTheme] = useTheme();
  const [isOpen, setOpen] = useState(false);
  const [location] = useLocation();
  const page = pageOf(location);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    window.scrollTo(0, 0);
    // A screen reader announces the new page; the first page is announced by the browser.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [page]);
  return (
    <div className="shell">
      <a
        className="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header className="bar">
        <a className="bar__brand" href="#/">
          Kommo → Unisender
        </a>
        <span className={`live live--${liveness}`} role="status">
          {livenessTexts[liveness]}
        </span>
        <div className="bar__menu">
          <Button look="quiet" onPress={() => setOpen(!isOpen)} aria-expanded={isOpen} aria-controls="nav">
            Menu
          </Button>
        </div>
      </header>
      <nav id="nav" className={isOpen ? 'nav nav--open' : 'nav'} aria-label="Pages">
        <Navigation onChoose={() => setOpen(false)} />
        <div className="nav__foot">
          <Select label="Theme" isLabelHidden value={theme} onChange={setTheme} options={themes} />
          <Button onPress={() => signOut()}>Sign out</Button>
        </div>
      </nav>
      <main id="main" className="main" ref={main} tabIndex={-1}>
        {isReadOnly && <p className="banner">This console is read-only: CONSOLE_READ_ONLY is set. Nothing can be changed here.</p>}
        {liveness === 'offline' && (
          <p className="banner banner--bad" role="alert">
            The service does not respond. What you see is as old as the last response. The console tries again by itself.
          </p>
        )}
        {children}
      </main>
    </div>
  );
}
