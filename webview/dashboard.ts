import './zodWithoutEval';
import './dashboard.css';
import { makeAnnouncer } from './page/announcer';
import { bestChart } from './panels/bestChart';
import { makeCandidateSection } from './page/candidateSection';
import { makeChartSection, type ChartKind } from './panels/chartSection';
import { onThemeChange } from './charts/chartTheme';
import { distributionChart } from './panels/distributionChart';
import { make, setText } from './page/dom';
import { makeHeaderSection } from './page/headerSection';
import { connectToHost, type HostBridge } from './page/hostBridge';
import { applyMessage, type PageModel } from './page/pageModel';
import { throttle } from './page/throttle';
import { makeTrainingSection } from './panels/trainingSection';

const redrawIntervalMs = 250;

const root = document.getElementById('dashboard');
const sessionId = document.body.dataset['sessionId'];
if (root === null || sessionId === undefined) throw new Error('This page was not made by the extension.');
run(root, connectToHost(sessionId));

function run(root: HTMLElement, host: HostBridge): void {
  const notice = make('p', {
    id: 'notice',
    class: 'empty muted',
    role: 'status',
    text: 'Waiting for the session…',
  });
  const header = makeHeaderSection(host.send);
  const chartSection = (kind: ChartKind): ReturnType<typeof makeChartSection> =>
    makeChartSection(kind, host.state.tables[kind.id] ?? false, (shown) =>
      host.keep({ tables: { ...host.state.tables, [kind.id]: shown } }),
    );
  const charts = [chartSection(bestChart), chartSection(distributionChart)];
  const candidates = makeCandidateSection(host.state.order, (order) => host.keep({ order }), host.send);
  const training = makeTrainingSection();
  const announcer = makeAnnouncer();
  const content = make('div', { class: 'content', hidden: true }, [
    header.element,
    make(
      'div',
      { class: 'charts' },
      charts.map(({ element }) => element),
    ),
    training.element,
    candidates.element,
  ]);
  root.append(notice, content, announcer.element);

  const drawCharts = throttle(redrawIntervalMs, (shown: PageModel) => {
    for (const chart of charts) chart.show(shown);
  });
  const show = (shown: PageModel): void => {
    const first = content.hidden;
    notice.hidden = true;
    content.hidden = false;
    header.show(shown.header);
    training.show(shown);
    candidates.show(shown);
    drawCharts(shown);
    announcer.show(shown);
    if (first) window.scrollTo(0, host.state.scrollTop);
  };
  const showNotice = (text: string): void => {
    content.hidden = true;
    notice.hidden = false;
    setText(notice, text);
  };

  let model: PageModel | undefined;
  let asked = true;
  host.listen(
    (message) => {
      const applied = applyMessage(model, message);
      switch (applied.kind) {
        case 'model':
          model = applied.model;
          asked = false;
          show(applied.model);
          break;
        case 'gap':
          // Patches that were on their way may follow; one question is enough.
          if (!asked) host.send({ type: 'ready' });
          asked = true;
          break;
        case 'absent':
          model = undefined;
          showNotice(applied.message);
          break;
        case 'other':
          break;
      }
    },
    (reason) => {
      model = undefined;
      showNotice(
        `The page and the extension do not understand each other. Close this tab and open it again. (${reason})`,
      );
    },
  );
  onThemeChange(() => {
    for (const chart of charts) chart.recolour();
  });
  const keepScroll = throttle(500, (scrollTop: number) => host.keep({ scrollTop }));
  window.addEventListener('scroll', () => keepScroll(window.scrollY), { passive: true });
  host.send({ type: 'ready' });
}
