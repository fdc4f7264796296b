/** What YAML holds, with integers as `bigint` and floats as `number`. */
export type YamlValue = bigint | number | string | boolean | null | readonly YamlValue[];

/** Python's `str()` of a value from YAML: `True`, `[1, 2]`, `1.0`, text as it is. */
export function pythonText(value: YamlValue): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

function pythonRepr(value: YamlValue): string {
  switch (typeof value) {
    case 'bigint':
      return String(value);
    case 'number':
      return pythonFloat(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'string':
      return quoted(value);
    default:
      return value === null ? 'None' : `[${value.map(pythonRepr).join(', ')}]`;
  }
}

/** Like Python's `repr` of a float: the shortest digits, an exponent below 1e-4 and from 1e16 on. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  return mark + text.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`).replaceAll('\n', '\\n') + mark;
}
