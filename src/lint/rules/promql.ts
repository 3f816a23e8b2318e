import type { LintFinding, LintRule, Names } from '../document.ts';

/** Hubble's metrics by the names and labels that they have. */
export const promql: LintRule = {
  id: 'promql',
  title: 'metric and label names of Hubble in PromQL',
  judge(document, { names }) {
    if (document.kind !== 'text') return [];
    return document.lines.flatMap(({ text, place }) =>
      [...text.matchAll(/\b(hubble_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].flatMap(([, metric = '', labels = '']) =>
        judgeMetric(metric, labels, names).map((each): LintFinding => ({ level: 'error', place, ...each })),
      ),
    );
  },
};

/** Written for other things than metrics. */
const NOT_METRICS = /^hubble_(relay|ui|metrics|export|observe|cli)$/;

function judgeMetric(metric: string, selectors: string, names: Names): { what: string; fix: string }[] {
  const base = metric.replace(/_(bucket|sum|count)$/, '');
  const own = names.metrics[metric] ?? names.metrics[base];
  if (!own) {
    if (NOT_METRICS.test(metric)) return [];
    return [{ what: `Hubble has no metric ${metric}`, fix: insteadOf(metric) }];
  }
  const allowed = new Set([...own, ...names.contextLabels, ...names.scrapeLabels]);
  return [...selectors.matchAll(/([a-zA-Z_]\w*)\s*(!?=~?|=)\s*"([^"]*)"/g)].flatMap(([, label = '', , value = '']) => {
    if (!allowed.has(label))
      return [
        {
          what: `${metric} has no label ${label}`,
          fix: `it has ${own.join(', ')}; pods and namespaces only with sourceContext, destinationContext or labelsContext`,
        },
      ];
    if (label === 'reason' && /\s/.test(value))
      return [{ what: `reason="${value}" never matches: reasons are names of an enumeration`, fix: 'for instance reason="POLICY_DENIED"' }];
    if (label === 'rcode' && value === 'NoError') return [{ what: 'rcode="NoError" never matches', fix: 'the text is "No Error"' }];
    return [];
  });
}

function insteadOf(metric: string): string {
  if (/latency|response_time/.test(metric)) return 'hubble_http_request_duration_seconds_bucket (only where a policy has HTTP rules)';
  if (/lost|status_messages/.test(metric)) return 'hubble_lost_events_total{source=…}';
  return 'Documentation/observability/metrics.rst lists them';
}
