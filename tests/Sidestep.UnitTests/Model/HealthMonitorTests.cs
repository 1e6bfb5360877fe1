using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

public sealed class HealthMonitorTests
{
    private const string UnverifiedPathRemedy =
        "Add a monitor with probe: dsr-path or probe: both, or remove the key monitors to get the default ones; if "
        + "the path cannot be verified, write allowUnverifiedDsrPath: true.";

    [Fact]
    public void Every_key_of_every_monitor_type_is_read()
    {
        var result = ConfigurationReader.Read(Document("""
              - { name: t, type: tcp, probe: both, interval: 0.5, timeout: 0.25, rise: 3, fall: 4, jitter: 20,
                  port: 81, send: "PING\r\n", expect: "\xff" }
              - { name: u, type: udp, send: x }
              - { name: h, type: http, path: /up, host: example.org, statusCodes: [200, 300-399], expectedText: ok }
              - { name: s, type: https, tls: name, caFile: /etc/ca.pem, serverName: example.org }
              - { name: d, type: dns, query: example.org, recordType: aaaa, expectedCode: nxdomain,
                  expectedAddress: "2001:db8::1" }
              - { name: i, type: icmp }
              - { name: c, type: command, command: /bin/true, arguments: [a, b c] }
            """, "[t, h, s, i, c]"), null);

        Assert.Empty(result.Errors);
        var monitors = result.Configuration!.HealthMonitors.ToDictionary(static m => m.Name);
        var tcp = monitors["t"];
        Assert.Equal((ProbePath.Both, 0.5, 0.25, 3, 4, 20, 81),
            (tcp.Probe, tcp.Interval.TotalSeconds, tcp.Timeout.TotalSeconds, tcp.Rise, tcp.Fall, tcp.JitterPercent,
                tcp.Port));
        Assert.Equal(("PING\r\n", "\u00ff"), (tcp.Send, tcp.Expect));
        Assert.Equal([new PortRange(200, 200), new PortRange(300, 399)], monitors["h"].Http!.StatusCodes);
        Assert.Equal(new TlsExpectation(TlsCheck.Name, "/etc/ca.pem", "example.org"), monitors["s"].Tls);
        Assert.Equal(new DnsExpectation("example.org", DnsRecordType.Aaaa, 3,
            System.Net.IPAddress.Parse("2001:db8::1")), monitors["d"].Dns);
        Assert.Equal(["/bin/true", "a", "b c"], monitors["c"].Command);
        Assert.Equal(["t", "h", "s", "i", "c"], result.Configuration.Pools[0].Monitors!.Value);
    }

    [Theory]
    [InlineData("[own]", "",
        "these monitors probe the server's own address only: it responds even if the VIP is missing or packets are "
        + "not decapsulated, and its clients would be blackholed. " + UnverifiedPathRemedy)]
    [InlineData("[]", "",
        "no monitor probes the servers, so a server that is down, or has no VIP, still gets clients. "
            + UnverifiedPathRemedy)]
    [InlineData("[own, own2]", "minHealthyMonitors: 3, allowUnverifiedDsrPath: true",
        "3 monitors must be up, and the pool has 2, so no server would ever be healthy. Write a smaller number, or "
        + "name more monitors.")]
    [InlineData("[ask]", "",
        "this monitor (type: udp) has no port to probe: no service of this pool has UDP with a port of its own. Give "
        + "the monitor a port, or name one of another type.")]
    [InlineData("[path, path]", "", "this monitor is already in the list. Keep one of the two.")]
    public void Invalid_pool_monitoring_is_rejected(string monitors, string more, string error)
    {
        var result = ConfigurationReader.Read(Document("""
              - { name: own, type: tcp, probe: server }
              - { name: own2, type: tcp, probe: server }
              - { name: ask, type: udp, send: x }
              - { name: path, type: tcp }
            """, monitors, more), null);

        Assert.Contains(error, Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("type: tcp, query: x", "a monitor of type tcp has no such key. Remove it, or write type: dns.")]
    [InlineData("type: udp",
        "a monitor of type udp must have the key send: UDP has no connection, so only a response to a datagram shows "
        + "that the server works. Add it to this mapping.")]
    [InlineData("type: tcp, interval: 1, timeout: 1.5",
        "the timeout of 1.5 s exceeds the interval of 1 s. Write a timeout that is at most the interval.")]
    [InlineData("type: https, tls: name",
        "the certificate must be valid for a name, but there is no name. Add serverName or host.")]
    [InlineData("type: tcp, interval: 0.01", "out of range. Write seconds from 0.1 to 3600, such as 2 or 0.5.")]
    [InlineData("type: http, statusCodes: 700",
        "not a status code. Write a status code from 100 to 599, or a range such as 200-399.")]
    public void Invalid_monitor_is_rejected(string monitor, string error)
    {
        var result = ConfigurationReader.Read(Document($"  - {{ name: m, {monitor} }}", "[m]"), null);

        Assert.Contains(result.Errors, e => e.ToString().Contains(error, StringComparison.Ordinal));
    }

    [Fact]
    public void Pool_without_monitors_is_accepted_when_allowUnverifiedDsrPath_is_set()
    {
        var result = ConfigurationReader.Read(Document("", "[]", "allowUnverifiedDsrPath: true"), null);

        Assert.Empty(result.Errors);
        Assert.False(result.Configuration!.Pools[0].IsMonitored);
    }

    [Fact]
    public void Windows_server_is_rejected_at_layer_3()
    {
        var result = ConfigurationReader.Read(Document("", null)
            .Replace("10.0.0.11 }", "10.0.0.11, os: windows }", StringComparison.Ordinal), null);

        Assert.Contains("Windows cannot decapsulate", Assert.Single(result.Errors).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Default_monitors_are_a_TCP_connect_or_else_an_ICMP_echo()
    {
        var configuration = ConfigurationReader.Read(Document("", null).Replace("virtualServices:", """
            virtualServices:
              - { name: dns, vip: 203.0.113.53, protocol: udp, port: 53, pool: web }
            """, StringComparison.Ordinal), null).Configuration!;

        var targets = ProbeTargets.Of(configuration.Pools[0], configuration.VirtualServices, static _ =>
            throw new InvalidOperationException());

        Assert.Equal(["tcp 203.0.113.10:80", "icmp 203.0.113.53:0"],
            targets.SelectMany(static m => m.Targets.Select(t => $"{m.Monitor.Name} {t.Address}:{t.Port}")));
    }

    private static string Document(string monitors, string? names, string more = "")
    {
        string keys = (names is null ? "" : $", monitors: {names}") + (more.Length == 0 ? "" : ", " + more);
        return $$"""
            node: { interfaces: [{ name: eth0 }] }
            group: { hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f" }
            healthMonitors:{{(monitors.Length == 0 ? " []" : "\n" + monitors)}}
            pools:
              - { name: web{{keys}}, servers: [{ name: w, address: 10.0.0.11 }] }
            virtualServices:
              - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web }
            """;
    }
}
