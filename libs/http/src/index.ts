export { type HttpAnswer, HttpClient, type HttpClientOptions, type HttpDownload, type HttpRequest } from './http-client.js';
