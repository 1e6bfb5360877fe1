using Sidestep.Api.Status;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Daemon.Metrics;

public sealed class StatusMetricsTests
{
    [Fact]
    public async Task Values_are_those_of_the_status()
    {
        var series = (await Exposition.OfAsync(Cli.TestDirector.Full)).Series;
        Assert.Equal(1, series["""sidestep_build_info{version="0.1.0"}"""]);
        Assert.Equal(1, series["""sidestep_interface_attached{interface="eth0",driver="af-xdp"}"""]);
        Assert.Equal(1000, series["""sidestep_service_packets_total{service="www",pool="web",encap="l2"}"""]);
        Assert.Equal(0, series["""sidestep_service_available{service="dns",pool="names",encap="gue:6081"}"""]);
        Assert.Equal(1020, series["""sidestep_dropped_bytes_total{reason="no-service"}"""]);
        Assert.Equal(3, series["""sidestep_answered_packets_total{decision="arp-reply"}"""]);
        Assert.Equal(9, series["""sidestep_server_flows{pool="web",encap="l2",service="",server="web2"}"""]);
        Assert.Equal(0, series["""sidestep_server_serving{pool="web",encap="l2",service="",server="web2"}"""]);
        Assert.Equal(1, series["""sidestep_server_healthy{pool="web",encap="l2",service="",server="web1"}"""]);
        Assert.Equal(14, series["sidestep_tracked_flows"]);
        Assert.Equal(8, series["""sidestep_worker_lost_frames_total{worker="sidestep-rx0",direction="receive"}"""]);
        Assert.Equal(1, series["""sidestep_agent_connected{server="web1"}"""]);
        Assert.Equal(2, series["sidestep_address_conflicts"]);
        Assert.Equal(2, series["sidestep_probes_skipped_total"]);
        Assert.Equal(1772366400, series["sidestep_applied_timestamp_seconds"]);
    }

    [Fact]
    public async Task Server_whose_agent_never_reported_has_no_series_of_an_agent() =>
        Assert.DoesNotContain("""sidestep_agent_connected{server="web2"}""",
            (await Exposition.OfAsync(Cli.TestDirector.Full)).Series.Keys);

    [Fact]
    public async Task Without_series_per_server_their_number_depends_on_services_alone()
    {
        var families = (await Exposition.OfAsync(Cli.TestDirector.Full, perServer: false)).Families;
        Assert.DoesNotContain(families.Keys, static n => n.StartsWith("sidestep_server_", StringComparison.Ordinal)
            || n.StartsWith("sidestep_agent_", StringComparison.Ordinal));
        Assert.Contains("sidestep_service_packets_total", families.Keys);
    }

    [Fact]
    public async Task Names_follow_the_conventions_of_Prometheus()
    {
        foreach (var (name, (type, help, _)) in (await Exposition.OfAsync(Cli.TestDirector.Full)).Families)
        {
            Assert.StartsWith("sidestep_", name, StringComparison.Ordinal);
            Assert.Equal(type == "counter", name.EndsWith("_total", StringComparison.Ordinal));
            Assert.NotEmpty(help);
        }
    }

    [Fact]
    public async Task Value_of_a_label_is_escaped()
    {
        var status = Cli.TestDirector.Full with
        {
            Drops = new Dictionary<string, PacketCounter> { ["a \"b\" \\ c\nd"] = new(1, 2) },
        };
        Assert.Contains("sidestep_dropped_packets_total{reason=\"a \\\"b\\\" \\\\ c\\nd\"}",
            (await Exposition.OfAsync(status)).Series.Keys);
    }

    [Fact]
    public async Task Every_metric_has_its_row_in_the_documentation()
    {
        var rows = Repository.Read("docs/metrics.md").Split('\n')
            .Where(static l => l.StartsWith("| `sidestep_", StringComparison.Ordinal))
            .Select(static l => l.Trim('|', ' ')).Order(StringComparer.Ordinal);
        var families = (await Exposition.OfAsync(Cli.TestDirector.Full)).Families.Select(static f =>
            $"`{f.Key}` | {f.Value.Type} | {string.Join(", ", f.Value.Labels.Select(static l => $"`{l}`"))} | "
            + f.Value.Help);
        Assert.Equal(families.Order(StringComparer.Ordinal), rows);
    }
}
