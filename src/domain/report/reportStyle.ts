/** The style sheet of the report: of the reader's own choice of dark or light, and for paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --quiet: #59636e; --page: #ffffff; --raised: #f6f8fa; --line: #d1d9e0;
  --best: #0550ae; --median: #953800; --most: #0550ae22; --half: #0550ae44; --reference: #8250df;
  --valid: #1a7f37; --invalid: #bc4c00; --crashed: #cf222e; --timeout: #9a6700; --limit: #8250df;
  --no-program: #6e7781; --evaluator-error: #1b7c83; --running: #54aeff;
  --added: #dafbe1; --removed: #ffebe9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --quiet: #9198a1; --page: #0d1117; --raised: #161b22; --line: #3d444d;
    --best: #79c0ff; --median: #ffa657; --most: #79c0ff22; --half: #79c0ff44; --reference: #d2a8ff;
    --valid: #3fb950; --invalid: #f0883e; --crashed: #ff7b72; --timeout: #d29922; --limit: #bc8cff;
    --no-program: #8b949e; --evaluator-error: #39c5cf; --running: #388bfd;
    --added: #12331c; --removed: #3d1418;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.5rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 0.75rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; }
p { max-width: 46rem; }
.quiet, caption, figcaption { color: var(--quiet); }
figure { margin: 0 0 1rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .tick { fill: var(--quiet); }
svg .label { fill: var(--reference); }
svg .grid { stroke: var(--line); stroke-width: 0.5; }
svg .axis { stroke: var(--quiet); }
svg path { fill: none; }
svg .best { stroke: var(--best); stroke-width: 2; }
svg .median { stroke: var(--median); stroke-width: 1.5; stroke-dasharray: 6 3; }
svg .reference { stroke: var(--reference); stroke-dasharray: 3 3; }
svg .most { fill: var(--most); }
svg .half { fill: var(--half); }
svg .outcome { fill: var(--no-program); stroke: var(--page); stroke-width: 0.5; }
svg .valid { fill: var(--valid); } svg .invalid { fill: var(--invalid); } svg .crashed { fill: var(--crashed); }
svg .timeout { fill: var(--timeout); } svg .limit { fill: var(--limit); } svg .running { fill: var(--running); }
svg .evaluator-error { fill: var(--evaluator-error); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; margin: 0.25rem 0 0; }
.legend svg { display: inline-block; width: 0.8rem; height: 0.8rem; margin-right: 0.4rem; vertical-align: -0.05rem; }
.scroll { overflow: auto; max-height: 32rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 0.25rem; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td.number, th.number { text-align: right; }
td:first-child, th { white-space: nowrap; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.75rem; overflow: auto; max-height: 40rem; font: 12.5px/1.45 ui-monospace, Menlo, Consolas, monospace; tab-size: 4; }
pre .added { background: var(--added); } pre .removed { background: var(--removed); } pre .hunk { color: var(--quiet); }
pre span { display: block; min-height: 1.45em; }
details > summary { cursor: pointer; padding: 0.25rem 0; }
@media print {
  body { max-width: none; } pre, .scroll { max-height: none; overflow: visible; white-space: pre-wrap; }
}
`;
