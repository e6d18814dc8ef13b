export { packWidget, SERVICE_URL_MARK, type WidgetFiles } from './pack-widget.js';
export { readWidgetFiles, widgetFilesFolder } from './widget-files.js';
