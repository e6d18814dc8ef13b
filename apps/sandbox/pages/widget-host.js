/* What Kommo's page gives to a widget: AMD, jQuery, twig.js, underscore, APP, the widget's methods, and the settings window. */
(function (window, $, Twig, requirejs) {
  const page = new URLSearchParams(window.location.search);
  const code = page.get('code');
  const language = page.get('lang') || 'en';
  const path = `/upl/${code}/widget`;
  /** What a test reads: the saved fields, and how often the window showed an error. */
  const host = (window.host = { saved: [], saveErrors: 0, isReady: false, status: 'install' });
  const labels = {
    en: { save: 'Save', disable: 'Disable', close: 'Close' },
    es: { save: 'Guardar', disable: 'Desactivar', close: 'Cerrar' },
    pt: { save: 'Salvar', disable: 'Desativar', close: 'Fechar' },
    ru: { save: 'Сохранить', disable: 'Отключить', close: 'Закрыть' },
  }[language];

  document.documentElement.lang = language;
  document.body.classList.toggle('dark', page.get('theme') === 'dark');
  window.define('jquery', [], () => $);
  window.define('underscore', [], () => window._);
  window.define('twigjs', [], () => Twig);
  // twig.js escapes nothing unless the template asks for it.
  const render = (data, params) => Twig.twig({ data }).render(params);

  const account = { id: Number(page.get('account_id')), subdomain: window.location.hostname.split('.')[0] };
  const constants = { account, user: { id: Number(page.get('user_id')) }, user_rights: { is_admin: page.get('is_admin') !== '0' } };
  window.APP = window.AMOCRM = { constant: (name) => constants[name], lang_id: language, widgets: { system: { area: 'settings' } } };

  const settings = {
    widget_code: code,
    path,
    oauth_client_uuid: page.get('client_id'),
    status: 'not_configured',
    active: 'N',
  };

  const methods = (langs, manifest) => ({
    langs,
    params: settings,
    get_settings: () => settings,
    set_settings: (values) => Object.assign(settings, values),
    get_version: () => manifest.widget.version,
    get_install_status: () => settings.status,
    set_status: (status) => (host.status = status),
    system: () => ({ area: 'settings', amouser_id: constants.user.id, subdomain: account.subdomain, server: window.location.hostname }),
    i18n: (block) => langs[block],
    render: ({ href, data, base_path: base = '', v, load }, params) => {
      if (href === undefined) return render(data, params);
      $.get(`${base}/${href.replace(/^\//, '')}?v=${v}`, (text) => load({ render: (values) => render(text, values) }), 'text');
      return undefined;
    },
    $authorizedAjax: (options) => {
      const result = $.Deferred();
      $.ajax({ url: `/ajax/v2/integrations/${settings.oauth_client_uuid}/disposable_token`, dataType: 'json' })
        .done(({ token }) =>
          $.ajax({ ...options, headers: { ...options.headers, 'X-Auth-Token': token } })
            .done(result.resolve)
            .fail(result.reject),
        )
        .fail(result.reject);
      return result.promise();
    },
  });

  const fieldTypes = { text: 'text', pass: 'password' };

  function fieldMarkup([name, { type, name: key }], langs) {
    if (type === 'custom') {
      return `<div id="${code}_custom_content"></div><input type="hidden" name="${name}" id="${code}_custom">`;
    }
    const [block, text] = key.split('.');
    return `<div class="widget_settings_block__item_field">
      <div class="widget_settings_block__title_field">${langs[block][text]}</div>
      <div class="widget_settings_block__input_field">
        <input class="text-input" type="${fieldTypes[type]}" name="${name}">
      </div>
    </div>`;
  }

  function openModal(widget, manifest) {
    const fields = Object.entries(manifest.settings).map((field) => fieldMarkup(field, widget.langs));
    const modal = $(`<div class="modal ${code}" role="dialog" aria-label="${widget.langs.widget.name}">
      <div class="modal-body"><h2>${widget.langs.widget.name}</h2><p>${widget.langs.widget.description}</p>
        <div class="widget_settings_block">${fields.join('')}
          <div class="widget_settings_block__controls">
            <button type="button" class="button-input js-widget-save" data-onsave-destroy-modal="false">${labels.save}</button>
            <button type="button" class="button-input js-widget-uninstall">${labels.disable}</button>
            <button type="button" class="button-input js-modal-close">${labels.close}</button>
          </div>
        </div>
      </div>
    </div>`).appendTo('body');
    bindModal(modal, widget, manifest);
    $('#work_area').hide();
    widget.callbacks.settings(modal.find('.modal-body'));
  }

  function bindModal(modal, widget, manifest) {
    const save = modal.find('.js-widget-save');
    const entered = () =>
      Object.fromEntries(Object.keys(manifest.settings).map((name) => [name, String(modal.find(`[name="${name}"]`).val() ?? '')]));
    const submit = async (active) => {
      save.removeClass('button-input-error');
      const event = { active, fields: entered() };
      try {
        if ((await widget.callbacks.onSave(event)) === true) host.saved.push(event);
      } catch (error) {
        host.lastError = String(error);
      }
      if (active === 'N') widget.callbacks.destroy();
    };
    save.on('button:save:error', () => {
      host.saveErrors += 1;
      save.addClass('button-input-error');
    });
    save.on('click', () => void submit('Y'));
    modal.find('.js-widget-uninstall').on('click', () => void submit('N'));
    modal.find('.js-modal-close').on('click', () => {
      modal.remove();
      $('#work_area').show();
    });
  }

  async function start() {
    const [manifest, langs] = await Promise.all([$.getJSON(`${path}/manifest.json`), $.getJSON(`${path}/i18n/${language}.json`)]);
    settings.version = manifest.widget.version;
    requirejs([`${path}/script.js`], (Widget) => {
      const widget = Object.assign(new Widget(), methods(langs, manifest));
      const { render: isRendered, init, bind_actions: bind } = widget.callbacks;
      host.isReady = isRendered() === true && init() === true && bind() === true;
      $('#open_widget').on('click', () => openModal(widget, manifest));
    });
  }

  void start();
})(window, window.jQuery, window.Twig, window.requirejs);
