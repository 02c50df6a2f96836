// What a spreadsheet puts on the clipboard: rows by line break, cells by tab, a cell with either in quotes.

/** The cells of a copied block, row by row; one row of one cell for a plain word. */
export function readBlock(text) {
  const rows = [[""]];
  let isQuoted = false;
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let at = 0; at < source.length; at += 1) {
    const row = rows.at(-1);
    const sign = source[at];
    if (isQuoted) {
      if (sign !== '"') row[row.length - 1] += sign;
      else if (source[at + 1] === '"') row[row.length - 1] += source[(at += 1)];
      else isQuoted = false;
    } else if (sign === '"' && row.at(-1) === "") isQuoted = true;
    else if (sign === "\t") row.push("");
    else if (sign === "\n") rows.push([""]);
    else row[row.length - 1] += sign;
  }
  return rows;
}
