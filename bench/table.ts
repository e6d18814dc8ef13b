type Cells = readonly string[];

const pad = (cell: string, width: number, isNumber: boolean) => (isNumber ? cell.padStart(width) : cell.padEnd(width));

/** A Markdown table with aligned columns. Cells that begin with a digit are aligned to the right. */
export class Table {
  private readonly widths: number[];

  /** `samples`: the longest cell of each column, so that rows can be printed one by one. */
  constructor(
    private readonly heads: Cells,
    samples: Cells,
  ) {
    this.widths = heads.map((head, index) => Math.max(head.length, samples[index]?.length ?? 0));
  }

  /** Returns the header and the line below it. */
  head(): string {
    return `${this.row(this.heads)}\n${this.row(this.widths.map((width) => '-'.repeat(width)))}`;
  }

  /** Returns one row. */
  row(cells: Cells): string {
    return `| ${cells.map((cell, index) => pad(cell, this.widths[index] ?? 0, /^\d/.test(cell))).join(' | ')} |`;
  }
}
