/**
 * A streamed Markdown text whose images are links. A model that read a candidate may write what the candidate wants, and an
 * image would be fetched from wherever it says as soon as it is shown.
 */
export async function* withoutImages(pieces: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  // A mark may be cut in two by the stream.
  let held = '';
  for await (const piece of pieces) {
    const text = (held + piece).replace(/!+(?=\[)/g, '').replace(/<(?=img\b)/gi, '&lt;');
    const tail = /(?:!+|<i?m?)$/i.exec(text)?.[0] ?? '';
    held = tail;
    const whole = text.slice(0, text.length - tail.length);
    if (whole !== '') yield whole;
  }
  if (held !== '') yield held;
}
