import { currentAccountId, type KommoWidget } from './kommo';

/** The URL of the service. It is filled in when the archive is packed. */
const SERVICE_URL = '%SERVICE_URL%';

/** A run as the service shows it. */
export interface Run {
  readonly run_id: string;
  readonly mode: string;
  readonly state: string;
  readonly read: number;
  readonly total_estimate: number | null;
  readonly eta_seconds: number | null;
  readonly finished_at: string | null;
  readonly planned_removals?: number | null;
  readonly samples?: readonly string[] | null;
}

/** The settings of the account. Those that the service does not know are absent. */
export interface Settings {
  readonly list_title?: string | null;
  readonly list_id?: number | null;
  readonly delete_policy?: string;
  readonly address_kinds?: readonly string[];
  readonly fields?: Readonly<Record<string, string>>;
  readonly include_tags?: readonly string[];
  readonly exclude_tags?: readonly string[];
  readonly responsible_user_ids?: readonly number[];
  readonly write_back?: boolean;
  readonly write_back_tag?: string;
}

/** The response of `GET /widget/status`. */
export interface Status {
  readonly name: string;
  readonly status: string;
  readonly connected: boolean;
  readonly unisender_key: string | null;
  readonly unisender_key_problem: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly webhook: string | null;
  readonly settings: Settings | null;
  readonly contacts: {
    readonly total: number;
    readonly in_sync: number;
    readonly waiting?: number;
    readonly excluded: number;
    readonly failing: number;
  };
  readonly last_event_at: string | null;
  readonly last_run: Run | null;
  readonly paused?: { readonly code: string; readonly until: string } | null;
  readonly attention?: readonly string[];
}

/** The response of `GET /widget/options`. */
export interface Options {
  readonly lists: readonly { readonly id: number; readonly title: string }[];
  readonly unisender_fields: readonly { readonly name: string }[];
  readonly kommo_fields: readonly { readonly key: string; readonly name: string }[];
  readonly tags: readonly string[];
  readonly users: readonly { readonly id: number; readonly name: string }[];
}

/** An address of `GET /widget/failures`. */
export interface FailingAddress {
  readonly contact_id: number | null;
  readonly email: string;
  readonly code: string | null;
  readonly cause: string | null;
  /** How often Unisender refused it; 0 for an invalid address. */
  readonly attempts: number;
}

/** One page of `GET /widget/failures`. */
export interface Failures {
  readonly addresses: readonly FailingAddress[];
  readonly next: string | null;
}

/** What `POST /widget` accepts. */
export interface Change {
  readonly unisender_key?: string;
  readonly settings?: Settings;
}

/** The response of `POST /widget?preview=1`. */
export interface Preview {
  readonly would_add: number;
  readonly would_remove: number;
}

export type Action = 'reconcile' | 'resync' | 'confirm' | 'cancel';

/** The service refused a request, or did not respond. */
export class Refusal extends Error {
  constructor(
    /** An error code of the service; `unavailable` without a response. */
    readonly code: string,
    readonly fields: readonly string[] = [],
  ) {
    super(code);
  }
}

interface ErrorBody {
  readonly data?: { readonly error?: string; readonly fields?: readonly { readonly field: string }[] };
}

function toRefusal(response: JQuery.jqXHR): Refusal {
  const { data } = (response.responseJSON ?? {}) as ErrorBody;
  const fields = (data?.fields ?? []).map(({ field }) => field);
  return new Refusal(data?.error ?? (response.status === 401 ? 'widget_token_refused' : 'unavailable'), fields);
}

/** Calls the service as the user of this page. Every method rejects with a Refusal. */
export class Service {
  constructor(private readonly widget: KommoWidget) {}

  status(): Promise<Status> {
    return this.get('status');
  }

  options(): Promise<Options> {
    return this.get('options');
  }

  failures(after: string | null): Promise<Failures> {
    return this.get('failures', after === null ? {} : { after });
  }

  /** Counts what saving the change would add and remove. Saves nothing. */
  preview(change: Change): Promise<Preview> {
    return this.post('?preview=1', change);
  }

  save(change: Change): Promise<unknown> {
    return this.post('', change);
  }

  act(action: Action, details: { readonly run_id?: string } = {}): Promise<unknown> {
    return this.post('/actions', { action, ...details });
  }

  /** The page where the administrator allows the access. */
  connectUrl(): string {
    const clientId = this.widget.get_settings().oauth_client_uuid;
    const client = clientId === undefined ? '' : `&client_id=${encodeURIComponent(clientId)}`;
    return `${SERVICE_URL}/auth?id=${currentAccountId()}${client}`;
  }

  private get<T>(path: string, query: object = {}): Promise<T> {
    return this.call({ url: `${SERVICE_URL}/widget/${path}`, data: { account_id: currentAccountId(), ...query } });
  }

  private post<T>(path: string, body: object): Promise<T> {
    const data = JSON.stringify({ account_id: currentAccountId(), ...body });
    return this.call({ url: `${SERVICE_URL}/widget${path}`, method: 'POST', contentType: 'application/json', data });
  }

  private call<T>(options: JQuery.AjaxSettings): Promise<T> {
    return new Promise((resolve, reject) => {
      this.widget
        .$authorizedAjax({ dataType: 'json', ...options })
        .done((body: { readonly data: T }) => resolve(body.data))
        .fail((response: JQuery.jqXHR) => reject(toRefusal(response)));
    });
  }
}
