const BAR_WIDTH = 30;

/** Shows progress in one line of a terminal. Without a terminal it prints the last state at the end. */
export class ProgressBar {
  private last = '';

  constructor(
    private readonly output: NodeJS.WriteStream,
    private readonly label: string,
    private readonly total: number,
  ) {}

  /** Shows the new state. */
  show(done: number): void {
    const filled = Math.min(BAR_WIDTH, Math.round((done / this.total) * BAR_WIDTH));
    this.last = `${this.label} [${'█'.repeat(filled)}${'·'.repeat(BAR_WIDTH - filled)}] ${done}/${this.total}`;
    if (this.output.isTTY) this.output.write(`\r${this.last}`);
  }

  /** Ends the line. */
  end(): void {
    this.output.write(this.output.isTTY ? '\n' : `${this.last}\n`);
  }
}

/** Renders rows as a table with aligned columns: texts left, numbers right. */
export function renderTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? '')].length)));
  const pad = (text: string, column: number, isNumber: boolean) => {
    const fill = ' '.repeat((widths[column] ?? 0) - [...text].length);
    return isNumber ? fill + text : text + fill;
  };
  const line = (row: readonly (string | number)[]) =>
    row.map((cell, column) => pad(String(cell), column, typeof cell === 'number')).join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [line(header), rule, ...rows.map(line)].join('\n');
}
