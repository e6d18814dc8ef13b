/** A webhook of an account (reference kommo 5.1). Times are Unix seconds. */
export interface Webhook {
  readonly id: number;
  readonly destination: string;
  readonly createdAt: number;
  readonly createdBy: number;
  updatedAt: number;
  settings: readonly string[];
  disabled: boolean;
  /** Times of failed deliveries in the last two hours, in milliseconds. */
  invalidAtMs: number[];
}

const actions = ['add', 'update', 'delete', 'restore', 'responsible', 'note'];
const entities = ['contact', 'company', 'lead'];

/** The events that a webhook can subscribe to. */
export const knownSettings: ReadonlySet<string> = new Set([
  ...entities.flatMap((entity) => actions.map((action) => `${action}_${entity}`)),
  'status_lead',
  'add_task',
  'update_task',
  'delete_task',
  'responsible_task',
  'add_talk',
  'update_talk',
  'add_message',
  'add_chat_template_review',
]);
