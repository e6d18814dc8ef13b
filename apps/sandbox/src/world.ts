import type { Clock } from '#domain';
import { CallLog, type Target } from './call-log.js';
import { ControlApi } from './control/control-api.js';
import { KommoContactsControl } from './control/kommo-contacts-control.js';
import { KommoControl } from './control/kommo-control.js';
import { UnisenderControl } from './control/unisender-control.js';
import { FaultBoard, type Fault } from './faults.js';
import { textReply, type IncomingCall, type Reply } from './http/message.js';
import { createOutbound, type SendOutbound } from './http/outbound.js';
import { isKommoHost, KommoWorld } from './kommo/kommo-world.js';
import { seededRandom } from './random.js';
import { Scheduler } from './scheduler.js';
import { Switches } from './switches.js';
import { importedRows, isUnisenderPath, UnisenderWorld } from './unisender/unisender-world.js';

export interface WorldOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly reset: () => void;
}

/** Both vendors and the control API over one state; a reset throws it away and makes another. */
export class World {
  private readonly switches = new Switches();
  private readonly scheduler: Scheduler;
  private readonly calls: CallLog;
  private readonly faults: FaultBoard;
  private readonly kommo: KommoWorld;
  private readonly unisender: UnisenderWorld;
  private readonly control: ControlApi;

  constructor(options: WorldOptions) {
    const { clock } = options;
    const random = seededRandom(options.seed);
    const send = createOutbound(clock);
    this.scheduler = new Scheduler(clock);
    this.calls = new CallLog(clock, this.switches);
    this.faults = new FaultBoard(random, this.switches);
    const ports = { clock, scheduler: this.scheduler, switches: this.switches, send, random };
    this.kommo = new KommoWorld(ports);
    this.unisender = new UnisenderWorld(ports);
    this.control = new ControlApi({ switches: this.switches, faults: this.faults, calls: this.calls, reset: options.reset });
    this.registerControls(send);
  }

  handle(call: IncomingCall): Promise<Reply> | Reply {
    if (isKommoHost(call.host)) return this.kommoCall(call);
    if (isUnisenderPath(call.path)) return this.observed('unisender', call, () => this.unisender.handle(call));
    if (call.path.startsWith('/sandbox')) return this.control.handle(call);
    if (call.path === '/oauth') return this.kommo.consentPage.handle(call);
    return textReply(
      `Nothing at ${call.path}: Kommo is known by the Host header, Unisender by /{en|ru|ua}/api/, control by /sandbox/`,
      404,
    );
  }

  close(): void {
    this.scheduler.close();
  }

  private registerControls(send: SendOutbound): void {
    const kommoControl = new KommoControl(this.kommo, send);
    kommoControl.register(this.control.router);
    new KommoContactsControl(this.kommo, (request) => kommoControl.accountOf(request)).register(this.control.router);
    new UnisenderControl(this.unisender, () => this.kommo.desk.nowSeconds()).register(this.control.router);
  }

  private kommoCall(call: IncomingCall): Promise<Reply> {
    return this.observed('kommo', call, async () => {
      const limited =
        call.path.startsWith('/api/') || call.path.startsWith('/oauth2/') ? this.kommo.limiter.refuse(call.remoteAddress) : undefined;
      return limited ?? this.kommo.handle(call);
    });
  }

  /** Logs the call and lets a fault stand in for the answer, before or after the effect. */
  private async observed(target: Target, call: IncomingCall, answer: () => Promise<Reply>): Promise<Reply> {
    const finish = this.calls.record(target, call);
    const fault = this.faults.take(target, call);
    const reply = fault ? await this.faultedReply(fault, answer) : await answer();
    const rows = target === 'unisender' ? importedRows(call) : undefined;
    finish({ status: reply.breakage ? null : reply.status, ...(fault && { fault: fault.kind }), ...(rows !== undefined && { rows }) });
    return reply;
  }

  private async faultedReply(fault: Fault, answer: () => Promise<Reply>): Promise<Reply> {
    return this.faults.reply(fault, fault.applied === 'after' ? await answer() : undefined);
  }
}
