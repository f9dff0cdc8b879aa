/** The unsent cells as a CSV file that Excel opens, and that the import of a filled sheet takes. */

//: Identifiers of `about`, of the cell and of this list, under the headers of the sheet: progress/rules.py.
const COLUMNS = [
  ["project_code", "项目代码"], ["project", "项目"], ["indicator_code", "指标代码"], ["indicator", "指标"],
  ["unit", "单位"], ["region_code", "地区代码"], ["region", "地区"], ["period_label", "调度期"],
  ["value", "本期数值"], ["no_progress_reason", "本期无进展的原因"], ["note", "进展说明"],
  ["standing", "状态"], ["version", "版本"], ["typed", "填写时间"], ["reason", "未保存原因"],
];
const NUMBER = /^-?[0-9]+([.][0-9]+)?$/;
//: What makes a spreadsheet calculate a text instead of showing it.
const FORMULA = /^[=+\-@＝＋－＠\t\r]/;

/** One field: a number as it is, a text that can never be a formula. */
export function field(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.split('"').join('""')}"` : safe;
}

/** The whole file, marked as UTF-8 for Excel. */
export function sheet(rows) {
  const lines = [COLUMNS.map(([, header]) => header), ...rows.map((row) => COLUMNS.map(([name]) => field(row[name])))];
  return `\ufeff${lines.map((line) => `${line.join(",")}\r\n`).join("")}`;
}

/** Let the browser save the text as a file. */
export function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
