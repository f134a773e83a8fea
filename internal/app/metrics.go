package app

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"libration/internal/app/account"
	"libration/internal/webguard"
)

// metrics are those of the installation. Those of its accounts are theirs.
type metrics struct {
	registry *prometheus.Registry
	refused  func(service string) func(webguard.Reason)
}

func newMetrics(version string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "libration_info", Help: "Always 1; the label is the version.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.refused = account.CountRefused(m.registry)
	return m
}

// Describe implements prometheus.Collector: nothing, as the series vary.
func (a *App) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector for what is the installation's.
func (a *App) Collect(ch chan<- prometheus.Metric) {
	one := func(kind prometheus.ValueType, value float64, name, help string) {
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, nil), kind, value)
	}
	account.CollectServices(ch, a.supervisor.Status())
	connections := a.pool.Stats()
	one(prometheus.GaugeValue, float64(connections.Open), "libration_inbound_connections", "Connections that bots have open, all listeners together.")
	one(prometheus.GaugeValue, float64(connections.Most), "libration_inbound_connections_limit", "How many they may have open.")
	one(prometheus.CounterValue, float64(connections.Refused), "libration_inbound_connections_refused_total", "Connections that were refused because too many were open.")
	one(prometheus.CounterValue, float64(connections.Evicted), "libration_inbound_connections_evicted_total", "Idle connections that were closed because others needed the room.")
}

// Gather implements prometheus.Gatherer: the metrics of the installation and of all
// accounts. Where there are several, those have the label account.
func (a *App) Gather() ([]*dto.MetricFamily, error) {
	all := prometheus.Gatherers{a.metrics.registry}
	members := a.now()
	for _, m := range members {
		gather := m.account().Metrics()
		if len(members) > 1 {
			gather = labelled{gather, m.name()}
		}
		all = append(all, gather)
	}
	return all.Gather()
}

// labelled adds the label account.
type labelled struct {
	prometheus.Gatherer
	name string
}

// Gather implements prometheus.Gatherer.
func (l labelled) Gather() ([]*dto.MetricFamily, error) {
	families, err := l.Gatherer.Gather()
	label := &dto.LabelPair{Name: new("account"), Value: &l.name}
	for _, f := range families {
		for _, m := range f.Metric {
			m.Label = append(m.Label, label)
			slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
		}
	}
	return families, err
}
