import { From, Id, Text, Unread } from '../http/fields.js';

export class WidgetBody {
  @From('id')
  @Id()
  account_id!: number;

  @From('key')
  @Text()
  unisender_key!: string;

  /** Read by the use case, which names every bad setting. */
  @Unread()
  settings?: unknown;
}

export class WidgetStatusQuery {
  @From('id')
  @Id()
  account_id!: number;
}
