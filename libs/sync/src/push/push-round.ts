/** The addresses of a round: all, while they are not known. */
type Addresses = 'all' | ReadonlySet<string>;

/**
 * Lets one holder of a lease write the mirror while a round of its push waits for Unisender. A round decides by what the mirror holds of its
 * addresses, and clears their dirty marks at its end: a change of the same addresses must wait for that end, or it would be lost.
 */
export class PushRound {
  private addresses: Addresses | undefined;
  private ended: Promise<void> = Promise.resolve();
  private written: Promise<unknown> = Promise.resolve();

  /** Runs a round. No write runs beside it until it calls {@link allowOthers}. One round at a time. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.begin(work);
    this.ended = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** Lets writes run that change none of these addresses. */
  allowOthers(addresses: ReadonlySet<string>): void {
    this.addresses = addresses;
  }

  /** Lets no other write begin before the round has ended, and waits for the one that runs. */
  async excludeAll(): Promise<void> {
    this.addresses = 'all';
    await this.written;
  }

  /**
   * Runs a write of the mirror beside a round that may not change its addresses, or else after it. `changed`: the addresses that it
   * changes. One write at a time.
   */
  async write<Result>(changed: Addresses, work: () => Promise<Result>): Promise<Result> {
    while (this.isChangedBy(changed)) await this.ended;
    const result = work();
    this.written = result.catch(() => {});
    return result;
  }

  private async begin<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      await this.excludeAll();
      return await work();
    } finally {
      this.addresses = undefined;
    }
  }

  private isChangedBy(changed: Addresses): boolean {
    const { addresses } = this;
    if (addresses === undefined) return false;
    return addresses === 'all' || changed === 'all' || [...changed].some((address) => addresses.has(address));
  }
}
