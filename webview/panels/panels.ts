import type { Choices } from '../data/scene';
import type { HostBridge } from '../page/hostBridge';
import { bestChart } from './bestChart';
import { makeChartPanel } from './chartPanel';
import { compareRequest, makeComparePanel } from './compareChart';
import { makeConstructionPanel } from './constructionPanel';
import { distributionChart } from './distributionChart';
import { gainChart } from './gainChart';
import { makeMoneyPanel } from './moneyChart';
import { outcomeChart } from './outcomeChart';
import type { Panel, PanelPorts } from './panel';
import { rolloutChart } from './rolloutChart';
import { makeSearchPanel } from './searchPanel';
import { makeTrainingSection } from './trainingSection';

/** All panels in the order in which they are looked at. */
export function makePanels(host: HostBridge, choose: (change: Partial<Choices>) => void): Panel[] {
  const ports: PanelPorts = {
    send: host.send,
    isTableShown: (id) => host.state.tables[id] ?? false,
    keepTableShown: (id, shown) => host.keep({ tables: { ...host.state.tables, [id]: shown } }),
  };
  const compare = (sessionIds: string[]): void => {
    host.keep({ compared: sessionIds });
    host.send(compareRequest(sessionIds));
  };
  return [
    makeChartPanel(bestChart, ports),
    makeChartPanel(
      distributionChart(host.state.distribution, (distribution) => choose({ distribution })),
      ports,
    ),
    makeConstructionPanel(ports),
    makeChartPanel(rolloutChart, ports),
    makeChartPanel(outcomeChart, ports),
    makeTrainingSection(),
    makeMoneyPanel(ports),
    makeSearchPanel(ports),
    makeChartPanel(gainChart, ports),
    makeComparePanel(ports, compare),
  ];
}
