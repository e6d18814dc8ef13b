import type { ReactNode } from 'react';
import { ApiError } from '../api/client.js';
import { Button } from './button.js';

/** Grey bars in place of what is loaded. */
export function Loading({ label = 'Loading' }: { readonly label?: string }) {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">{label} …</span>
      <span className="loading__bar" />
      <span className="loading__bar" />
      <span className="loading__bar" />
    </div>
  );
}

/** Nothing to show, and why. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty__title">{title}</p>
      {children !== undefined && <div className="empty__text">{children}</div>}
    </div>
  );
}

/** What failed, with the service's own words, and a button that tries again. */
export function Failure({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <p className="failure__title">{toMessage(error)}</p>
      {error instanceof ApiError && error.isOffline && <p>The console tries again by itself.</p>}
      {error instanceof ApiError && <FieldProblems error={error} />}
      {onRetry && <Button onPress={onRetry}>Try again</Button>}
    </div>
  );
}

function FieldProblems({ error }: { readonly error: ApiError }) {
  if (error.fields.length === 0) return null;
  return (
    <ul>
      {error.fields.map(({ field, problem }) => (
        <li key={`${field}${problem}`}>
          <code>{field}</code> {problem}
        </li>
      ))}
    </ul>
  );
}

/** The message of any error. */
export const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface LoadedProps<Data> {
  readonly query: { readonly data: Data | undefined; readonly error: unknown; readonly refetch: () => unknown };
  readonly children: (data: Data) => ReactNode;
}

/** Shows a query: loading, failed, or its data. Data that was loaded before stays while the service does not respond. */
export function Loaded<Data>({ query: { data, error, refetch }, children }: LoadedProps<Data>) {
  if (data !== undefined) return <>{children(data)}</>;
  if (error !== null && error !== undefined) return <Failure error={error} onRetry={() => void refetch()} />;
  return <Loading />;
}
