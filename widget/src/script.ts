import $ from 'jquery';
import type { KommoWidget, SaveEvent } from './kommo';
import { Panel } from './panel';
import { Service } from './service';
import { Templates } from './templates';
import { Translator } from './translator';

function addStyle(widget: KommoWidget): void {
  const { path, version } = widget.get_settings();
  const href = `${path}/style.css?v=${version}`;
  if ($(`link[href="${href}"]`).length === 0) $('<link rel="stylesheet">').attr('href', href).appendTo('head');
}

/** The widget. Kommo calls it as a constructor and adds its own methods to the object. */
export default function ContactSyncWidget(this: KommoWidget): KommoWidget {
  // Kommo adds its methods after this constructor, so they are used in the callbacks only.
  let panel: Panel | undefined;
  const modal = () => $(`.modal.${this.get_settings().widget_code}`);
  const getPanel = () =>
    (panel ??= new Panel({
      service: new Service(this),
      templates: new Templates(this),
      translator: new Translator(this.langs),
      modal,
      widgetCode: this.get_settings().widget_code,
    }));

  const save = async (event: SaveEvent): Promise<boolean> => {
    try {
      await getPanel().save(event);
      return true;
    } catch (error) {
      modal().find('.js-widget-save').trigger('button:save:error');
      throw error;
    }
  };

  this.callbacks = {
    render: () => true,
    init: () => {
      addStyle(this);
      return true;
    },
    bind_actions: () => true,
    settings: (modalBody) => {
      void getPanel().open(modalBody);
      return true;
    },
    onSave: (event) => (event.active === 'N' ? true : save(event)),
    destroy: () => panel?.close(),
  };
  return this;
}
