import './zodWithoutEval';
import './pageLanguage';
import './styles/base.css';
import './styles/header.css';
import './styles/charts.css';
import './styles/candidates.css';
import { onThemeChange } from './charts/theme';
import type { Choices } from './data/scene';
import { makeAnnouncer } from './page/announcer';
import { makeBoard } from './page/board';
import { makeCandidateSection } from './page/candidateSection';
import { makeControls } from './page/controls';
import { make, setText } from './page/dom';
import { makeGlance } from './page/glanceSection';
import { makeHeaderSection } from './page/headerSection';
import { connectToHost, type HostBridge } from './page/hostBridge';
import { applyMessage, type PageModel } from './page/pageModel';
import { SessionData } from './page/sessionData';
import { throttle } from './page/throttle';
import { makePanels } from './panels/panels';
import { t } from './words/texts';

const root = document.getElementById('dashboard');
const sessionId = document.body.dataset['sessionId'];
if (root === null || sessionId === undefined) throw new Error('This page was not made by the extension.');
run(root, connectToHost(sessionId));

function run(root: HTMLElement, host: HostBridge): void {
  const notice = make('p', {
    id: 'notice',
    class: 'empty muted',
    role: 'status',
    text: t('Waiting for the session…'),
  });
  const data = new SessionData();
  let model: PageModel | undefined;
  const choose = (change: Partial<Choices>): void => {
    host.keep(change);
    drawCharts();
  };
  const header = makeHeaderSection(host.send);
  const glance = makeGlance();
  const controls = makeControls(choose, host.send);
  const panels = makePanels(host, choose);
  const candidates = makeCandidateSection(host.state.order, (order) => host.keep({ order }), host.send);
  const announcer = makeAnnouncer();
  const content = make('div', { class: 'content', hidden: true }, [
    header.element,
    glance.element,
    controls.element,
    make(
      'div',
      { class: 'charts' },
      panels.map(({ element }) => element),
    ),
    candidates.element,
  ]);
  root.append(notice, content, announcer.element);
  const board = makeBoard([glance, controls, ...panels]);

  const drawCharts = (): void => {
    if (model !== undefined) board.show(data.scene(model, host.state));
  };
  const show = (shown: PageModel): void => {
    const first = content.hidden;
    notice.hidden = true;
    content.hidden = false;
    header.show(shown.header);
    drawCharts();
    candidates.show(shown);
    announcer.show(shown);
    if (first) window.scrollTo(0, host.state.scrollTop);
  };
  const showNotice = (text: string): void => {
    content.hidden = true;
    notice.hidden = false;
    setText(notice, text);
  };
  const ready = (): void => {
    host.send({ type: 'ready' });
    if (host.state.compared.length > 0) host.send({ type: 'compare', sessionIds: host.state.compared });
  };

  let asked = true;
  host.listen(
    (message) => {
      if (data.take(message)) {
        drawCharts();
        return;
      }
      const applied = applyMessage(model, message);
      switch (applied.kind) {
        case 'model':
          model = applied.model;
          asked = false;
          show(applied.model);
          break;
        case 'gap':
          // Patches that were on their way may follow; one question is enough.
          if (!asked) ready();
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
        t(
          'The page and the extension do not understand each other. Close this tab and open it again. ({0})',
          reason,
        ),
      );
    },
  );
  onThemeChange(() => board.redraw());
  const keepScroll = throttle(500, (scrollTop: number) => host.keep({ scrollTop }));
  window.addEventListener('scroll', () => keepScroll(window.scrollY), { passive: true });
  ready();
}
