type Cells = readonly string[];

const pad = (cell: string, width: number, isNumber: boolean) => (isNumber ? cell.padStart(width) : cell.padEnd(width));

/** A Markdown table whose columns line up; cells that begin with a digit stand to the right. */
export class Table {
  private readonly widths: number[];

  /** `samples`: the longest cell of each column, so that rows can be printed as they come. */
  constructor(
    private readonly heads: Cells,
    samples: Cells,
  ) {
    this.widths = heads.map((head, index) => Math.max(head.length, samples[index]?.length ?? 0));
  }

  head(): string {
    return `${this.row(this.heads)}\n${this.row(this.widths.map((width) => '-'.repeat(width)))}`;
  }

  row(cells: Cells): string {
    return `| ${cells.map((cell, index) => pad(cell, this.widths[index] ?? 0, /^\d/.test(cell))).join(' | ')} |`;
  }
}
