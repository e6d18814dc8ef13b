import { ControlError } from '../control-error.js';
import type { CallFilter, CallLog } from '../call-log.js';
import type { Fault, FaultBoard } from '../faults.js';
import { jsonReply, noContent, type IncomingCall, type Reply } from '../http/message.js';
import { Router } from '../http/router.js';
import { switchRules, type Switches } from '../switches.js';
import { ControlRequest, type ControlHandler } from './control-request.js';

export interface ControlParts {
  readonly switches: Switches;
  readonly faults: FaultBoard;
  readonly calls: CallLog;
  readonly reset: () => void;
}

/** `/sandbox/…`: seeds, faults, switches and the log of calls. */
export class ControlApi {
  readonly router = new Router<ControlHandler>();

  constructor(private readonly parts: ControlParts) {
    this.router
      .add('GET', '/sandbox', () => jsonReply({ sandbox: 'ready' }))
      .add('POST', '/sandbox/reset', () => this.reset())
      .add('GET', '/sandbox/switches', (request) => this.showSwitches(request))
      .add('POST', '/sandbox/switches', (request) => this.setSwitches(request))
      .add('GET', '/sandbox/faults', () => jsonReply(parts.faults.list().map(faultView)))
      .add('POST', '/sandbox/faults', (request) => this.addFault(request))
      .add('DELETE', '/sandbox/faults', () => this.clearFaults())
      .add('DELETE', '/sandbox/faults/:id', (request) => this.clearFaults(Number(request.param('id'))))
      .add('GET', '/sandbox/calls', (request) => jsonReply(parts.calls.list(callFilter(request))))
      .add('GET', '/sandbox/calls/count', (request) => jsonReply({ count: parts.calls.count(callFilter(request)) }))
      .add('DELETE', '/sandbox/calls', () => this.clearCalls());
  }

  async handle(call: IncomingCall): Promise<Reply> {
    try {
      return await this.route(call);
    } catch (error) {
      if (error instanceof ControlError) return jsonReply({ error: error.message }, error.status);
      throw error;
    }
  }

  private route(call: IncomingCall): Reply | Promise<Reply> {
    const match = this.router.find(call.method, call.path.replace(/(.)\/$/, '$1'));
    if (match.kind === 'found') return match.handler(new ControlRequest(call, match.params));
    if (match.kind === 'wrong_method') throw new ControlError(`${call.method} is not allowed on ${call.path}`, 405);
    throw new ControlError(`no control route ${call.path}; see apps/sandbox/README.md`, 404);
  }

  private reset(): Reply {
    this.parts.reset();
    return noContent;
  }

  private showSwitches(request: ControlRequest): Reply {
    if (request.query.get('describe') !== '1') return jsonReply(this.parts.switches.all());
    const rows = Object.entries(switchRules).map(([name, { initial, expected, note }]) => ({
      name,
      default: initial,
      values: expected,
      note,
    }));
    return jsonReply(rows);
  }

  private setSwitches(request: ControlRequest): Reply {
    this.parts.switches.set(request.input().fields);
    return jsonReply(this.parts.switches.all());
  }

  private addFault(request: ControlRequest): Reply {
    const input = request.input().allowOnly('target', 'match', 'kind', 'times', 'probability', 'applied');
    return jsonReply(faultView(this.parts.faults.add(input.fields)), 201);
  }

  private clearFaults(id?: number): Reply {
    this.parts.faults.clear(id);
    return noContent;
  }

  private clearCalls(): Reply {
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
