import type { KommoWidget, Template } from './kommo';

export type TemplateName = 'panel' | 'status' | 'failures' | 'form';

const FILES: Readonly<Record<TemplateName, string>> = {
  panel: '/templates/panel.twig',
  status: '/templates/status.twig',
  failures: '/templates/failures.twig',
  form: '/templates/form.twig',
};

/** Loads each template once. */
export class Templates {
  private readonly loaded = new Map<TemplateName, Promise<Template>>();

  constructor(private readonly widget: KommoWidget) {}

  async render(name: TemplateName, params: object): Promise<string> {
    return (await this.load(name)).render(params);
  }

  private load(name: TemplateName): Promise<Template> {
    const known = this.loaded.get(name);
    if (known) return known;
    const { path, version } = this.widget.get_settings();
    const loading = new Promise<Template>((resolve) => {
      this.widget.render({ href: FILES[name], base_path: path, v: version, load: resolve }, {});
    });
    this.loaded.set(name, loading);
    return loading;
  }
}
