export { type HttpResponse, HttpClient, type HttpClientOptions, type HttpDownload, type HttpRequest } from './http-client.js';
