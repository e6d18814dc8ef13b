const readMeta = (name: string): string => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';

/** Whether CONSOLE_READ_ONLY forbids every change. */
export const isReadOnly: boolean = readMeta('console-read-only') === '1';

/** The URL of the service as Kommo and Unisender see it, without a slash at its end. */
export const publicUrl: string = readMeta('console-public-url').replace(/\/+$/, '');
