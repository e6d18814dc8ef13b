/** How many bytes of bodies may be in memory at a time. */
export interface BodyBudgetOptions {
  readonly maxBytes: number;
  /** Of one caller: the operator, or an account. */
  readonly maxBytesPerCaller: number;
}

/** The bytes that one request holds. */
export interface BodyShare {
  /** Returns false, and takes nothing, when the budget does not allow so many more bytes. */
  take(bytes: number): boolean;
  /** Gives everything back. Safe to repeat. */
  release(): void;
}

/** Bounds the bytes of all bodies that are not answered yet, of the process and of each caller. */
export class BodyBudget {
  private total = 0;
  private readonly perCaller = new Map<string, number>();

  constructor(private readonly options: BodyBudgetOptions) {}

  /** The bytes that are held now. */
  get heldBytes(): number {
    return this.total;
  }

  /** Opens an empty share of a caller. */
  open(caller: string): BodyShare {
    let held = 0;
    return {
      take: (bytes) => {
        if (!this.fits(caller, bytes)) return false;
        held += bytes;
        this.add(caller, bytes);
        return true;
      },
      release: () => {
        this.add(caller, -held);
        held = 0;
      },
    };
  }

  private fits(caller: string, bytes: number): boolean {
    const own = (this.perCaller.get(caller) ?? 0) + bytes;
    return this.total + bytes <= this.options.maxBytes && own <= this.options.maxBytesPerCaller;
  }

  private add(caller: string, bytes: number): void {
    this.total += bytes;
    const own = (this.perCaller.get(caller) ?? 0) + bytes;
    if (own > 0) this.perCaller.set(caller, own);
    else this.perCaller.delete(caller);
  }
}
