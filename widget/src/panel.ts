import $ from 'jquery';
import { readForm, isListMissing } from './form-reader';
import { KeyField } from './key-field';
import { currentAccountId, type SaveEvent } from './kommo';
import { isAboutKey, messageOf } from './messages';
import { type Action, type Change, type FailingAddress, type Options, Refusal, type Service, type Status } from './service';
import { changedSettings, type FormValues, toFormValues, toFormView } from './settings-form';
import { toStatusView } from './status-view';
import type { TemplateName, Templates } from './templates';
import type { Translator } from './translator';

const POLL_BUSY_MS = 1_000;
const POLL_IDLE_MS = 10_000;

const BLOCKS = ['status', 'actions', 'failures', 'form'] as const;

/** What the panel works with. */
export interface PanelParts {
  readonly service: Service;
  readonly templates: Templates;
  readonly translator: Translator;
  /** The open settings window. */
  readonly modal: () => JQuery;
  readonly widgetCode: string;
}

/** The content of the settings window: the state of the account, its failing addresses, and the settings. */
export class Panel {
  private readonly keyField: KeyField;
  private root: JQuery = $();
  private status: Status | undefined;
  private stored: FormValues | undefined;
  private shownStatus = '';
  private failures: readonly FailingAddress[] = [];
  private nextFailures: string | null = null;
  private confirmedChange = '';
  /** The service accepts changes from administrators only. */
  private isReadOnly = false;
  private timer: number | undefined;

  constructor(private readonly parts: PanelParts) {
    this.keyField = new KeyField(parts.modal);
  }

  /** Shows the panel in the settings window and keeps the state up to date while the window is open. */
  async open(body: JQuery): Promise<void> {
    this.close();
    this.root = this.placeIn(body);
    this.shownStatus = '';
    this.stored = undefined;
    this.failures = [];
    this.nextFailures = null;
    this.confirmedChange = '';
    this.keyField.label(this.text('settings.api_key'));
    this.root.html(await this.render('panel', {}));
    this.root.on('click', '[data-action]', (event) => this.onAction($<HTMLElement>(event.currentTarget as HTMLElement)));
    this.root.on('change input', '[data-part="form"]', () => this.onFormChange());
    await this.refresh();
    await this.loadForm();
  }

  /** Stops the updates. */
  close(): void {
    window.clearTimeout(this.timer);
    this.root.off();
  }

  /**
   * Saves what the window shows. Rejects when the service refuses it, and when the change removes addresses that the user has not
   * seen yet: then the window shows their number, and the next call saves.
   */
  async save({ fields }: SaveEvent): Promise<void> {
    this.keyField.clearError();
    this.say('');
    try {
      const change = this.readChange((fields['api_key'] ?? '').trim());
      if (Object.keys(change).length > 0) await this.apply(change);
    } catch (error) {
      this.showSaveError(error);
      throw error;
    }
    fields['api_key'] = '';
    this.keyField.clear();
    this.say(this.text('save.saved'));
    await this.refresh();
    await this.loadForm();
  }

  private async apply(change: Change): Promise<void> {
    const { service } = this.parts;
    const isSetUp = this.status?.connected === true && this.status.unisender_key !== null;
    const signature = JSON.stringify(change);
    if (isSetUp && this.confirmedChange !== signature) {
      const { would_remove: count } = await service.preview(change);
      if (count > 0) {
        this.confirmedChange = signature;
        throw new RemovalNotice(this.parts.translator.text('save.would_remove', { count }));
      }
    }
    await service.save(change);
    this.confirmedChange = '';
  }

  private readChange(key: string): Change {
    const settings = this.readSettings();
    if (key === '' && this.status?.unisender_key == null) throw new KeyMissing(this.text('errors.key_missing'));
    return { ...(key === '' ? {} : { unisender_key: key }), ...settings };
  }

  private readSettings(): Pick<Change, 'settings'> {
    if (!this.stored) return {};
    const form = this.part('form');
    const entered = readForm(form);
    if (entered.address_kinds.length === 0) throw new FormIncomplete(this.text('errors.kinds_missing'));
    if (isListMissing(form)) throw new FormIncomplete(this.text('errors.list_missing'));
    const settings = changedSettings(this.stored, entered);
    return Object.keys(settings).length === 0 ? {} : { settings };
  }

  private showSaveError(error: unknown): void {
    if (error instanceof KeyMissing) return this.keyField.showError(error.message);
    if (error instanceof FormIncomplete || error instanceof RemovalNotice) return this.say(error.message);
    const message = messageOf(error, this.parts.translator);
    if (isAboutKey(error)) this.keyField.showError(message);
    else this.say(message);
  }

  private async refresh(): Promise<void> {
    window.clearTimeout(this.timer);
    try {
      this.status = await this.parts.service.status();
      await this.showStatus(this.status);
    } catch (error) {
      const isFinal = error instanceof Refusal && error.code !== 'unavailable';
      this.part('status').text(isFinal ? messageOf(error, this.parts.translator) : this.text('errors.status_unavailable'));
      this.shownStatus = '';
    }
    this.scheduleRefresh();
  }

  private scheduleRefresh(): void {
    if (!this.isOpen()) return;
    const isBusy = this.status?.last_run?.state === 'running' || this.status?.last_run?.state === 'queued' || !this.status?.connected;
    this.timer = window.setTimeout(() => void this.poll(), isBusy ? POLL_BUSY_MS : POLL_IDLE_MS);
  }

  private async poll(): Promise<void> {
    if (!this.isOpen()) return;
    const wasConnected = this.status?.connected;
    await this.refresh();
    if (this.status?.connected && wasConnected === false) await this.loadForm();
  }

  private async showStatus(status: Status): Promise<void> {
    const { service, translator } = this.parts;
    const view = toStatusView(status, translator, { isReadOnly: this.isReadOnly });
    const html = await this.render('status', { view, connectUrl: service.connectUrl() });
    if (html !== this.shownStatus) this.replaceKeepingFocus(this.part('status'), html);
    this.shownStatus = html;
    if (!view.hasFailures) this.part('failures').prop('hidden', true).empty();
    else if (this.failures.length === 0) await this.tryLoadFailures(null);
  }

  /** A button that has the focus gets it back in the new content. */
  private replaceKeepingFocus(place: JQuery, html: string): void {
    const action = place.find(':focus').data('action') as string | undefined;
    place.html(html);
    if (action !== undefined) place.find(`[data-action="${action}"]`).trigger('focus');
  }

  /** A list that cannot be loaded is tried again with the next state. */
  private async tryLoadFailures(after: string | null): Promise<void> {
    try {
      await this.loadFailures(after);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.isReadOnly ||= error.code === 'administrator_required';
    }
  }

  private async loadFailures(after: string | null): Promise<void> {
    const { addresses, next } = await this.parts.service.failures(after);
    this.failures = after === null ? addresses : [...this.failures, ...addresses];
    this.nextFailures = next;
    const rows = this.failures.map((address) => ({ contactId: address.contact_id, email: address.email, reason: this.reasonOf(address) }));
    const html = await this.render('failures', { rows, hasMore: next !== null });
    this.part('failures')
      .html(html)
      .prop('hidden', rows.length === 0);
  }

  private reasonOf({ code, cause, attempts }: FailingAddress): string {
    const { translator } = this.parts;
    if (attempts === 0 || code === null) return translator.text('reasons.invalid');
    return cause === null ? translator.text('reasons.refused', { code }) : translator.text('reasons.refused_cause', { code, cause });
  }

  private async loadForm(): Promise<void> {
    const { settings, connected } = this.status ?? {};
    if (!settings || !connected) return this.explainForm('');
    const values = toFormValues(settings);
    try {
      const options = await this.parts.service.options();
      await this.showForm(values, options);
    } catch (error) {
      this.isReadOnly ||= error instanceof Refusal && error.code === 'administrator_required';
      this.explainForm(this.text(this.isReadOnly ? 'form.read_only' : 'errors.options_unavailable'));
      if (this.isReadOnly && this.status) await this.showStatus(this.status);
    }
  }

  private async showForm(values: FormValues, options: Options): Promise<void> {
    const { translator } = this.parts;
    const view = toFormView(values, options);
    const kinds = view.kinds.map((kind) => ({ ...kind, label: translator.text(`form.kind_${kind.value}`) }));
    const fields = view.fields.map((field) => ({
      ...field,
      created: { ...field.created, label: translator.text('form.field_create', { name: field.created.label }) },
    }));
    const defaultTitle = this.status?.list_title ?? `Kommo ${currentAccountId()}`;
    const form = this.part('form').html(await this.render('form', { view: { ...view, kinds, fields }, defaultTitle }));
    form.closest('section').prop('hidden', false);
    this.stored = readForm(form);
  }

  private explainForm(text: string): void {
    this.stored = undefined;
    this.part('form').text(text);
    this.part('form')
      .closest('section')
      .prop('hidden', text === '');
  }

  /** Kommo enables its button Save when a field changes. */
  private onFormChange(): void {
    if (!this.stored) return;
    const value = JSON.stringify(changedSettings(this.stored, readForm(this.part('form'))));
    this.parts.modal().find(`#${this.parts.widgetCode}_custom`).val(value).trigger('change');
  }

  private onAction(button: JQuery): void {
    const action = String(button.data('action'));
    if (action === 'connect') return;
    if (action === 'more') return void this.tryLoadFailures(this.nextFailures);
    void this.act(action as Action, button);
  }

  private async act(action: Action, button: JQuery): Promise<void> {
    button.prop('disabled', true);
    try {
      const runId = button.data('run-id') as string | undefined;
      await this.parts.service.act(action, runId === undefined ? {} : { run_id: runId });
      this.say(this.text(`actions.done_${action}`));
      if (action === 'resync') this.failures = [];
    } catch (error) {
      this.say(messageOf(error, this.parts.translator));
    }
    button.prop('disabled', false);
    await this.refresh();
  }

  private isOpen(): boolean {
    const [element] = this.root.toArray();
    return element !== undefined && document.body.contains(element);
  }

  /** Kommo's place for the custom field; the end of the window where it is absent. */
  private placeIn(body: JQuery): JQuery {
    const place = body.find(`#${this.parts.widgetCode}_custom_content`);
    if (place.length > 0) return place;
    return $('<div></div>').appendTo(body.find('.widget_settings_block').first().add(body).last());
  }

  private part(name: string): JQuery {
    return this.root.find(`[data-part="${name}"]`);
  }

  private say(text: string): void {
    const message = this.part('message').text(text);
    // The buttons of the window may be far below.
    if (text !== '') message.get(0)?.scrollIntoView({ block: 'nearest' });
  }

  private text(path: string): string {
    return this.parts.translator.text(path);
  }

  private async render(name: TemplateName, params: object): Promise<string> {
    const blocks = Object.fromEntries(BLOCKS.map((block) => [block, this.parts.translator.block(block)]));
    return this.parts.templates.render(name, { ...blocks, ...params });
  }
}

class KeyMissing extends Error {}
class FormIncomplete extends Error {}
class RemovalNotice extends Error {}
