import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { ReachabilityProbes } from '#monitoring';
import { type Finding, ok, problem } from './finding.js';
import { checkFolders } from './folder-checks.js';

/** The file system of DATA_DIR. */
export interface DiskState {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

const MEBIBYTE = 1024 * 1024;
const LOW_BYTES = 1024 * MEBIBYTE;
const FULL_BYTES = 100 * MEBIBYTE;

const isLocal = (host: string) => /^(localhost|127\.|10\.|192\.168\.|\[::1\])/.test(host);

/** Checks what surrounds the service: folders, disk, public URL and vendors. */
@Injectable()
export class EnvironmentChecks {
  constructor(
    private readonly config: Config,
    private readonly probes: ReachabilityProbes,
  ) {}

  /** Reads the free space under DATA_DIR. Undefined when it cannot be read. */
  async findDisk(): Promise<DiskState | undefined> {
    try {
      const path = resolve(this.config.dataDir);
      const { bavail, blocks, bsize } = await statfs(path);
      return { path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      return undefined;
    }
  }

  /** Returns the findings. Calls the vendors and the public URL once each. Never throws. */
  async run(disk: DiskState | undefined): Promise<Finding[]> {
    const [publicUrl, kommo, unisender] = await Promise.all([this.checkPublicUrl(), this.checkKommo(), this.checkUnisender()]);
    const folders = await checkFolders(this.config);
    return [...folders, ...(disk ? [this.checkDisk(disk)] : []), ...publicUrl, kommo, unisender];
  }

  private checkDisk({ path, freeBytes, totalBytes }: DiskState): Finding {
    const free = Math.floor(freeBytes / MEBIBYTE);
    const message = `${free} MiB of ${Math.floor(totalBytes / MEBIBYTE)} MiB are free`;
    if (freeBytes > LOW_BYTES) return ok('disk', message, path);
    const level = freeBytes > FULL_BYTES ? 'warning' : 'error';
    return problem('disk', level, { subject: path, message, remedy: 'Free disk space, or move DATA_DIR to a larger disk.' });
  }

  private async checkPublicUrl(): Promise<Finding[]> {
    const { publicUrl } = this.config;
    const { protocol, hostname } = new URL(publicUrl);
    const remedy = 'Set PUBLIC_URL to the HTTPS URL by which Kommo reaches this service.';
    if (isLocal(hostname)) {
      const message = 'PUBLIC_URL names this machine or a private network: the vendors cannot send webhooks';
      return [problem('public_url', 'warning', { subject: publicUrl, message, remedy })];
    }
    if (protocol !== 'https:') {
      const message = 'PUBLIC_URL is not HTTPS: Kommo sends its webhooks to HTTPS only';
      return [problem('public_url', 'warning', { subject: publicUrl, message, remedy })];
    }
    const failure = await this.probes.probePublicUrl();
    if (failure === undefined) return [ok('public_url', 'PUBLIC_URL responds from this machine', publicUrl)];
    const message = `PUBLIC_URL does not respond from this machine: ${failure}`;
    const check = 'Check name, certificate and proxy. Some networks cannot reach their own public address.';
    return [problem('public_url', 'warning', { subject: publicUrl, message, remedy: check })];
  }

  private async checkKommo(): Promise<Finding> {
    const failure = await this.probes.probeKommo();
    if (failure === undefined) return ok('kommo', 'Kommo responds');
    return problem('kommo', 'error', { message: `Kommo does not respond: ${failure}`, remedy: 'Check the network, DNS and the firewall.' });
  }

  private async checkUnisender(): Promise<Finding> {
    const failure = await this.probes.probeUnisender();
    if (failure === undefined) return ok('unisender', 'Unisender responds');
    const message = `Unisender does not respond: ${failure}`;
    return problem('unisender', 'error', { message, remedy: 'Check the network, DNS, the firewall and UNISENDER_URL.' });
  }
}
