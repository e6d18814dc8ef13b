const cr = 0x0d;
const lf = 0x0a;

const slabBytes = 1024 * 1024;

/** A larger body has memory of its own, which the garbage collector frees. */
export const maxSlabBodyBytes = 64 * 1024 + 2;

/** A body up to this size is kept as text: a string costs less than a buffer and needs no conversion when it is sent. */
export const maxTextBodyBytes = 512;

/** Slabs without bodies that are kept for the next ones. */
const minSpareSlabs = 2;

/** Bytes without bodies in slabs with bodies. Above this, and above half of the bytes of all bodies, bodies move together. */
const maxWastedBytes = 4 * slabBytes;

/** One piece of memory with many bodies, one behind the other. */
export class Slab {
  /** All its bytes. */
  readonly memory = Buffer.allocUnsafeSlow(slabBytes);
  /** Bodies in it, in no particular order. */
  readonly bodies: LargeBody[] = [];
  /** Bytes up to the end of the last body. */
  usedBytes = 0;
  /** Bytes of `bodies`. */
  bodyBytes = 0;
  /** Number of unsent replies with bytes of this slab. */
  holds = 0;

  /** True when nothing needs its bytes. */
  get isUnused(): boolean {
    return this.bodyBytes === 0 && this.holds === 0;
  }

  /** Gives the body the next bytes. The caller checks that there is room. */
  add(body: LargeBody): void {
    body.memory = this.memory;
    body.start = this.usedBytes;
    body.slab = this;
    body.index = this.bodies.length;
    this.bodies.push(body);
    this.usedBytes += body.length;
    this.bodyBytes += body.length;
  }

  /** Removes a body; its bytes stay as they are. */
  remove(body: LargeBody): void {
    const last = this.bodies.pop();
    if (last && last !== body) {
      this.bodies[body.index] = last;
      last.index = body.index;
    }
    body.slab = undefined;
    this.bodyBytes -= body.length;
  }
}

/** A large body, with its closing CR LF. It has no buffer of its own, because a buffer costs more than all its other fields. */
export class LargeBody {
  /** The slab that it is in; undefined when it has memory of its own, and after `BodyStore.release`. */
  slab: Slab | undefined = undefined;
  /** Position among the bodies of the slab. */
  index = -1;

  /** The body has `length` bytes of `memory`, from `start` on. */
  constructor(
    public memory: Buffer,
    public start: number,
    readonly length: number,
  ) {}

  /** Returns a view of its bytes. It is valid until the store changes: the body may move. */
  view(): Buffer {
    return this.memory.subarray(this.start, this.start + this.length);
  }

  /** Copies its bytes into `target` at the offset `at`. */
  copyTo(target: Buffer, at: number): void {
    this.memory.copy(target, at, this.start, this.start + this.length);
  }

  /** Copies bytes of `source` from `from` on into the body at the offset `at`, as many as both have. Returns how many. */
  fill(at: number, source: Buffer, from: number): number {
    return source.copy(this.memory, this.start + at, from, from + this.length - at);
  }

  /** True when its last two bytes are CR LF. */
  get hasLineEnd(): boolean {
    const end = this.start + this.length;
    return this.length >= 2 && this.memory[end - 2] === cr && this.memory[end - 1] === lf;
  }
}

/** Body of a job. A string is Latin-1: one character is one byte. */
export type JobBody = LargeBody | string;

/** The body as Latin-1. */
export const textOf = (body: JobBody): string =>
  typeof body === 'string' ? body : body.memory.toString('latin1', body.start, body.start + body.length);

/** Copies `body` into `target` at the offset `at`. */
export function copyBody(body: JobBody, target: Buffer, at: number): void {
  if (typeof body === 'string') target.write(body, at, 'latin1');
  else body.copyTo(target, at);
}

const noBytes = Buffer.alloc(0);

/**
 * Memory for large bodies. The memory of a deleted job is used again at once, without a garbage collection: V8 collects buffers only after
 * 64 MiB of garbage. Bodies are written one behind the other into slabs. A slab without bodies is used again; when slabs are
 * mostly empty, their bodies move together.
 */
export class BodyStore {
  /** Slabs with bodies, without the current one. */
  private readonly filled = new Set<Slab>();
  private readonly spare: Slab[] = [];
  private current: Slab | undefined;
  /** Bytes of all bodies in `filled`. */
  private filledBytes = 0;

  /** Memory for bodies of up to {@link maxSlabBodyBytes}, with or without a body in it now. */
  get slabBytes(): number {
    return (this.filled.size + this.spare.length + (this.current ? 1 : 0)) * slabBytes;
  }

  /** Returns a body of that size with undefined bytes, which the caller writes. */
  allocate(bytes: number): LargeBody {
    if (bytes > maxSlabBodyBytes) return new LargeBody(Buffer.allocUnsafeSlow(bytes), 0, bytes);
    const body = new LargeBody(noBytes, 0, bytes);
    this.slabFor(bytes).add(body);
    return body;
  }

  /** Copies a part of `source`. */
  copy(source: Buffer, start: number, end: number): JobBody {
    if (end - start <= maxTextBodyBytes) return source.toString('latin1', start, end);
    const body = this.allocate(end - start);
    body.fill(0, source, start);
    return body;
  }

  /** Frees the memory of a body, which must not be used afterwards. Does nothing the second time. */
  release(body: JobBody): void {
    if (typeof body === 'string' || !body.slab) return;
    const { slab } = body;
    slab.remove(body);
    if (slab !== this.current) this.filledBytes -= body.length;
    this.useAgain(slab);
    this.moveTogether();
  }

  /** Keeps the current bytes of a body unchanged until the result is given to `endHold`, even if the body is released or moves. */
  hold({ slab }: LargeBody): Slab | undefined {
    if (slab) slab.holds += 1;
    return slab;
  }

  /** Ends one `hold`. */
  endHold(slab: Slab): void {
    slab.holds -= 1;
    this.useAgain(slab);
  }

  private slabFor(bytes: number): Slab {
    if (this.current && slabBytes - this.current.usedBytes >= bytes) return this.current;
    const full = this.current;
    this.current = this.spare.pop() ?? new Slab();
    if (full && full.bodyBytes > 0) {
      this.filled.add(full);
      this.filledBytes += full.bodyBytes;
    }
    return this.current;
  }

  /** A slab whose last body was released while it was held comes here again when the hold ends. */
  private useAgain(slab: Slab): void {
    if (slab.bodyBytes === 0) this.filled.delete(slab);
    if (!slab.isUnused) return;
    slab.usedBytes = 0;
    if (slab !== this.current && this.spare.length < Math.max(minSpareSlabs, this.filled.size / 4)) this.spare.push(slab);
  }

  private moveTogether(): void {
    const wastedBytes = this.filled.size * slabBytes - this.filledBytes;
    if (wastedBytes <= maxWastedBytes || wastedBytes <= this.filledBytes / 2) return;
    let emptiest: Slab | undefined;
    for (const slab of this.filled) if (!emptiest || slab.bodyBytes < emptiest.bodyBytes) emptiest = slab;
    if (emptiest) this.empty(emptiest);
  }

  private empty(slab: Slab): void {
    for (let body = slab.bodies.at(-1); body; body = slab.bodies.at(-1)) {
      const { start, length } = body;
      slab.remove(body);
      this.filledBytes -= length;
      this.slabFor(length).add(body);
      body.fill(0, slab.memory, start);
    }
    this.useAgain(slab);
  }
}
