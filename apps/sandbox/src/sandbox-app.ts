import type { Clock } from '#domain';
import { CallLog, type Target } from './call-log.js';
import { ControlApi } from './control/control-api.js';
import { KommoContactsControl } from './control/kommo-contacts-control.js';
import { KommoControl } from './control/kommo-control.js';
import { UnisenderControl } from './control/unisender-control.js';
import { FaultInjector, type Fault } from './fault-injector.js';
import { textResponse, type IncomingCall, type HttpResponse } from './http/message.js';
import { createOutbound, type SendOutbound } from './http/outbound.js';
import { isKommoHost, KommoEmulator } from './kommo/kommo-emulator.js';
import { seededRandom } from './random.js';
import { Scheduler } from './scheduler.js';
import { Switches } from './switches.js';
import { countImportedRows, isUnisenderPath, UnisenderEmulator } from './unisender/unisender-emulator.js';

/** Parts that outlive a reset. */
export interface SandboxAppOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly reset: () => void;
  /** Delivers hooks and callbacks. Default: over HTTP. */
  readonly send?: SendOutbound;
}

/** Both emulated vendors and the control API with their state. A reset replaces the whole object. */
export class SandboxApp {
  readonly switches = new Switches();
  /** Calls whose connection broke and that take effect later. */
  private lateCalls: (() => Promise<HttpResponse>)[] = [];
  private readonly clock: Clock;
  private readonly scheduler: Scheduler;
  private readonly calls: CallLog;
  private readonly faults: FaultInjector;
  readonly kommo: KommoEmulator;
  readonly unisender: UnisenderEmulator;
  private readonly control: ControlApi;

  constructor(options: SandboxAppOptions) {
    const { clock, send = createOutbound(clock) } = options;
    this.clock = clock;
    const random = seededRandom(options.seed);
    this.scheduler = new Scheduler(clock);
    this.calls = new CallLog(clock, this.switches);
    this.faults = new FaultInjector(random, this.switches);
    const ports = { clock, scheduler: this.scheduler, switches: this.switches, send, random };
    this.kommo = new KommoEmulator(ports);
    this.unisender = new UnisenderEmulator(ports);
    this.control = new ControlApi({
      switches: this.switches,
      faults: this.faults,
      calls: this.calls,
      reset: options.reset,
      applyLateCalls: () => this.applyLateCalls(),
    });
    this.registerControls(send);
  }

  /** Routes a call to a vendor, to the control API or to the consent page. */
  handle(call: IncomingCall): Promise<HttpResponse> | HttpResponse {
    if (isKommoHost(call.host)) return this.handleKommoCall(call);
    if (isUnisenderPath(call.path)) return this.respondAndLog('unisender', call, () => this.unisender.handle(call));
    if (call.path.startsWith('/sandbox')) return this.control.handle(call);
    if (call.path === '/oauth') return this.kommo.consentPage.handle(call);
    return textResponse(
      `Unknown path ${call.path}. Kommo is selected by the Host header, Unisender by /{en|ru|ua}/api/, the control API by /sandbox/`,
      404,
    );
  }

  /** Cancels everything that is scheduled. */
  close(): void {
    this.scheduler.close();
  }

  /** Applies the late calls in order. Returns their number. */
  private async applyLateCalls(): Promise<number> {
    const late = this.lateCalls;
    this.lateCalls = [];
    for (const respond of late) await respond();
    return late.length;
  }

  private registerControls(send: SendOutbound): void {
    const kommoControl = new KommoControl(this.kommo, send);
    kommoControl.register(this.control.router);
    new KommoContactsControl(this.kommo, (request) => kommoControl.accountOf(request)).register(this.control.router);
    new UnisenderControl(this.unisender, () => this.unisender.nowSeconds()).register(this.control.router);
  }

  private handleKommoCall(call: IncomingCall): Promise<HttpResponse> {
    return this.respondAndLog('kommo', call, async () => {
      const limited =
        call.path.startsWith('/api/') || call.path.startsWith('/oauth2/') ? this.kommo.limiter.check(call.remoteAddress) : undefined;
      return limited ?? this.kommo.handle(call);
    });
  }

  /** Logs the call. If a fault matches, it replaces the response, before or after the effect. */
  private async respondAndLog(target: Target, call: IncomingCall, respond: () => Promise<HttpResponse>): Promise<HttpResponse> {
    const finish = this.calls.record(target, call);
    const fault = this.faults.take(target, call);
    const response = fault ? await this.faultyResponse(fault, respond) : await respond();
    const rows = target === 'unisender' ? countImportedRows(call) : undefined;
    finish({
      status: response.breakage ? null : response.status,
      ...(fault && { fault: fault.kind }),
      ...(rows !== undefined && { rows }),
    });
    const nowMs = target === 'unisender' ? this.unisender.nowSeconds() * 1_000 : this.clock.nowMs();
    return { ...response, headers: { ...response.headers, date: new Date(nowMs).toUTCString() } };
  }

  private async faultyResponse(fault: Fault, respond: () => Promise<HttpResponse>): Promise<HttpResponse> {
    if (fault.kind === 'late') this.lateCalls.push(respond);
    return this.faults.toResponse(fault, fault.applied === 'after' && fault.kind !== 'late' ? await respond() : undefined);
  }
}
