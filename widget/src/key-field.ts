const ERROR_ID = 'contact-sync-key-error';

/** The field of the API key, which Kommo shows from the manifest, and the error beside it. */
export class KeyField {
  constructor(private readonly modal: () => JQuery) {}

  private get input(): JQuery {
    return this.modal().find('input[name="api_key"]');
  }

  /** Connects the label of Kommo's markup with the input for screen readers. */
  label(text: string): void {
    this.input.attr({ 'aria-label': text, autocomplete: 'off', spellcheck: 'false' });
  }

  showError(text: string): void {
    this.clearError();
    const input = this.input.attr({ 'aria-invalid': 'true', 'aria-describedby': ERROR_ID });
    const place = input.closest('.widget_settings_block__item_field');
    const error = `<p class="contact-sync contact-sync__error" id="${ERROR_ID}" role="alert"></p>`;
    (place.length > 0 ? place : input.parent()).append(error);
    this.modal().find(`#${ERROR_ID}`).text(text);
    input.trigger('focus');
  }

  clearError(): void {
    this.input.removeAttr('aria-invalid aria-describedby');
    this.modal().find(`#${ERROR_ID}`).remove();
  }

  /** Empties the field: the key stays with the service only. */
  clear(): void {
    this.input.val('');
  }
}
