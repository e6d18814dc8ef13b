import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { toMessage } from './states.js';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}

interface Toaster {
  /** Says that something is done. */
  readonly show: (text: string) => void;
  /** Says that something failed. */
  readonly showError: (error: unknown) => void;
}

const SHOWN_MS = 6_000;

const ToastContext = createContext<Toaster>({ show: () => {}, showError: () => {} });

/** Short messages about actions, also for screen readers. */
export const useToast = (): Toaster => useContext(ToastContext);

/** Shows the messages of its children in a corner. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const lastId = useRef(0);
  const add = useCallback((text: string, isError: boolean) => {
    const id = (lastId.current += 1);
    setToasts((all) => [...all, { id, text, isError }]);
    setTimeout(() => setToasts((all) => all.filter((toast) => toast.id !== id)), SHOWN_MS);
  }, []);
  const toaster = useMemo<Toaster>(() => ({ show: (text) => add(text, false), showError: (error) => add(toMessage(error), true) }), [add]);
  return (
    <ToastContext.Provider value={toaster}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, isError }) => (
          <p key={id} className={isError ? 'toast toast--error' : 'toast'}>
            {text}
          </p>
        ))}
      </div>
    </ToastContext.Provider>
  );
}
