import { From, Id, Text } from '../http/fields.js';

export class WidgetBody {
  @Id()
  @From('id')
  account_id!: number;

  @Text()
  @From('key')
  unisender_key!: string;

  /** Read by the use case, which names every bad setting. */
  @From()
  settings?: unknown;
}

export class WidgetStatusQuery {
  @Id()
  @From('id')
  account_id!: number;
}
