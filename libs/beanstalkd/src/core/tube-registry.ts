import { RotatingSet } from './rotating-set.js';
import { Tube } from './tube.js';

/** Every existing tube. `default` always exists; another tube exists while it has references. */
export class TubeRegistry {
  /** The tube that every new connection uses and watches. */
  readonly default: Tube;
  private readonly byName = new Map<string, Tube>();
  private readonly order = new RotatingSet<Tube>();

  /** `onRemoved` is called after a tube without references has been removed. */
  constructor(private readonly onRemoved: (tube: Tube) => void) {
    this.default = this.ensure('default');
    this.addReference(this.default);
  }

  /** Number of tubes. */
  get size(): number {
    return this.byName.size;
  }

  /** All tubes in the order of `list-tubes` in beanstalkd 1.12. */
  list(): readonly Tube[] {
    return this.order.values();
  }

  /** Returns the tube with that name; undefined when it does not exist. */
  find(name: string): Tube | undefined {
    return this.byName.get(name);
  }

  /** Returns the tube with that name and creates it when needed. The caller must call `addReference` for a new tube. */
  ensure(name: string): Tube {
    return this.byName.get(name) ?? this.add(new Tube(name));
  }

  /** Adds a tube unless one with its name exists; returns the existing one. The caller must call `addReference` for a new tube. */
  add(tube: Tube): Tube {
    const known = this.byName.get(tube.name);
    if (known) return known;
    this.byName.set(tube.name, tube);
    this.order.append(tube);
    return tube;
  }

  /** Keeps the tube in existence until the matching `removeReference`. */
  addReference(tube: Tube): void {
    tube.references += 1;
  }

  /** Ends one `addReference`, and removes the tube with the last one. */
  removeReference(tube: Tube): void {
    tube.references -= 1;
    if (tube.references > 0) return;
    this.byName.delete(tube.name);
    this.order.remove(tube);
    this.onRemoved(tube);
  }
}
