/** One server-sent event. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Reads server-sent events from text that arrives in pieces. */
export class EventReader {
  private rest = '';
  private name = '';
  private data: string[] = [];

  /** Returns the events that the piece completes. */
  read(piece: string): ServerEvent[] {
    const lines = (this.rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.readLine(line));
  }

  private readLine(line: string): ServerEvent[] {
    if (line !== '') {
      this.readField(line);
      return [];
    }
    const event = { name: this.name === '' ? 'message' : this.name, data: this.data.join('\n') };
    const isComplete = this.data.length > 0;
    this.name = '';
    this.data = [];
    return isComplete ? [event] : [];
  }

  /** A line that begins with a colon is a comment. */
  private readField(line: string): void {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') this.name = value;
    if (field === 'data') this.data.push(value);
  }
}
