import { ControlError } from '../control-error.js';
import type { CallFilter, CallLog } from '../call-log.js';
import type { Fault, FaultInjector } from '../fault-injector.js';
import { jsonResponse, noContent, type IncomingCall, type HttpResponse } from '../http/message.js';
import { Router } from '../http/router.js';
import { switchRules, type Switches } from '../switches.js';
import { ControlRequest, type ControlHandler } from './control-request.js';

/** The parts that the control API changes and shows. */
export interface ControlParts {
  readonly switches: Switches;
  readonly faults: FaultInjector;
  readonly calls: CallLog;
  readonly reset: () => void;
  /** Applies the calls that the fault `late` held back. Returns their number. */
  readonly applyLateCalls: () => Promise<number>;
}

/** The control API (`/sandbox/…`). Serves reset, switches, faults and the call log; other routes are added to `router`. */
export class ControlApi {
  readonly router = new Router<ControlHandler>();

  constructor(private readonly parts: ControlParts) {
    this.router
      .add('GET', '/sandbox', () => jsonResponse({ sandbox: 'ready' }))
      .add('POST', '/sandbox/reset', () => this.reset())
      .add('GET', '/sandbox/switches', (request) => this.showSwitches(request))
      .add('POST', '/sandbox/switches', (request) => this.setSwitches(request))
      .add('GET', '/sandbox/faults', () => jsonResponse(parts.faults.list().map(faultView)))
      .add('POST', '/sandbox/faults', (request) => this.addFault(request))
      .add('POST', '/sandbox/faults/late', async () => jsonResponse({ applied: await parts.applyLateCalls() }))
      .add('DELETE', '/sandbox/faults', () => this.clearFaults())
      .add('DELETE', '/sandbox/faults/:id', (request) => this.clearFaults(Number(request.param('id'))))
      .add('GET', '/sandbox/calls', (request) => jsonResponse(parts.calls.list(callFilter(request))))
      .add('GET', '/sandbox/calls/count', (request) => jsonResponse({ count: parts.calls.count(callFilter(request)) }))
      .add('DELETE', '/sandbox/calls', () => this.clearCalls());
  }

  /** Handles a call to the control API. */
  async handle(call: IncomingCall): Promise<HttpResponse> {
    try {
      return await this.route(call);
    } catch (error) {
      if (error instanceof ControlError) return jsonResponse({ error: error.message }, error.status);
      throw error;
    }
  }

  private route(call: IncomingCall): HttpResponse | Promise<HttpResponse> {
    const match = this.router.find(call.method, call.path.replace(/(.)\/$/, '$1'));
    if (match.kind === 'found') return match.handler(new ControlRequest(call, match.params));
    if (match.kind === 'wrong_method') throw new ControlError(`${call.method} is not allowed on ${call.path}`, 405);
    throw new ControlError(`unknown control route ${call.path}; see apps/sandbox/README.md`, 404);
  }

  private reset(): HttpResponse {
    this.parts.reset();
    return noContent;
  }

  private showSwitches(request: ControlRequest): HttpResponse {
    if (request.query.get('describe') !== '1') return jsonResponse(this.parts.switches.all());
    const rows = Object.entries(switchRules).map(([name, { initial, expected, note }]) => ({
      name,
      default: initial,
      values: expected,
      note,
    }));
    return jsonResponse(rows);
  }

  private setSwitches(request: ControlRequest): HttpResponse {
    this.parts.switches.set(request.input().fields);
    return jsonResponse(this.parts.switches.all());
  }

  private addFault(request: ControlRequest): HttpResponse {
    const input = request.input().allowOnly('target', 'match', 'kind', 'times', 'probability', 'applied', 'location');
    return jsonResponse(faultView(this.parts.faults.add(input.fields)), 201);
  }

  private clearFaults(id?: number): HttpResponse {
    this.parts.faults.clear(id);
    return noContent;
  }

  private clearCalls(): HttpResponse {
    this.parts.calls.clear();
    return noContent;
  }
}

function faultView({ id, target, match, kind, applied, probability, timesLeft, hits }: Fault): Record<string, unknown> {
  return { id, target, match, kind, applied, probability, times_left: timesLeft, hits };
}

function callFilter(request: ControlRequest): CallFilter {
  const target = request.query.get('target');
  const since = request.queryNumber('since');
  const path = request.query.get('path');
  return { ...(target !== null && { target }), ...(since !== undefined && { since }), ...(path !== null && { path }) };
}
