import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Button } from './button.js';

/** A column: its heading and its cell. On a narrow screen a row becomes a card with the headings as labels. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** A long text: on a screen of middle width it takes the whole line of a card. */
  readonly isWide?: boolean;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
}

function Head<Row>({ columns }: Pick<TableProps<Row>, 'columns'>) {
  return (
    <thead>
      <tr>
        {columns.map(({ heading, isNumber }) => (
          <th key={heading} scope="col" className={isNumber ? 'number' : undefined}>
            {heading}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Cells<Row>({ columns, row }: Pick<TableProps<Row>, 'columns'> & { readonly row: Row }) {
  return columns.map(({ heading, cell, isNumber, isWide }) => (
    <td key={heading} className={isNumber ? 'number' : isWide ? 'wide' : undefined}>
      <span className="cell-label" aria-hidden="true">
        {heading}
      </span>
      <span className="cell-value">{cell(row)}</span>
    </td>
  ));
}

/** A table of few rows. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return (
    <table className="table">
      <caption className="visually-hidden">{caption}</caption>
      <Head columns={columns} />
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            <Cells columns={columns} row={row} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface LongTableProps<Row> extends TableProps<Row> {
  readonly hasMore?: boolean;
  readonly isLoadingMore?: boolean;
  readonly onMore?: () => void;
}

const ESTIMATED_ROW_PX = 56;
const OVERSCAN = 12;

/** A table of any number of rows, in the scrolling page: only the visible rows are in the document. More are loaded near the end. */
export function LongTable<Row>({ caption, columns, rows, keyOf, hasMore = false, isLoadingMore = false, onMore }: LongTableProps<Row>) {
  const table = useRef<HTMLTableElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => setTop(table.current === null ? 0 : table.current.getBoundingClientRect().top + window.scrollY), [rows.length]);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ESTIMATED_ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
    getItemKey: (index) => keyOf(rows[index] as Row),
  });
  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0], items.at(-1)];
  const isAtEnd = (last?.index ?? -1) >= rows.length - 1;
  useEffect(() => {
    if (isAtEnd && hasMore && !isLoadingMore) onMore?.();
  }, [isAtEnd, hasMore, isLoadingMore, onMore]);
  const before = first === undefined ? 0 : first.start - top;
  const after = last === undefined ? 0 : virtualizer.getTotalSize() - (last.end - top);
  return (
    <>
      <table className="table" ref={table} aria-rowcount={hasMore ? -1 : rows.length + 1}>
        <caption className="visually-hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody>
          <Spacer height={before} columns={columns.length} />
          {items.map(({ index, key }) => (
            <tr key={String(key)} data-index={index} aria-rowindex={index + 2} ref={virtualizer.measureElement}>
              <Cells columns={columns} row={rows[index] as Row} />
            </tr>
          ))}
          <Spacer height={after} columns={columns.length} />
        </tbody>
      </table>
      {hasMore && onMore && (
        <p className="more">
          <Button onPress={onMore} isPending={isLoadingMore}>
            {isLoadingMore ? 'Loading …' : 'Load more'}
          </Button>
        </p>
      )}
    </>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
