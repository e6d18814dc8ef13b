export {
  countCall,
  HttpClient,
  type HttpDownload,
  type HttpPeer,
  type HttpPorts,
  type HttpRequest,
  type HttpResponse,
  ResponseTooLargeError,
} from './http-client.js';
export { HttpClientModule } from './http-client.module.js';
