using System.Diagnostics;
using System.Text.Json;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Agent;

/// <summary>The agent as a service: it keeps what it applied, tells what somebody changed, and goes on without a director.</summary>
public sealed class RunTests : IDisposable
{
    /// <summary>Issue and promise: back within a second.</summary>
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(1), ReportInterval = TimeSpan.FromMilliseconds(200);

    private readonly RealServer _setup = new();

    private string FilePath => Path.Combine(_setup.StateDirectory, "wanted.json");

    /// <summary>What somebody does to a kept server, how to see that it is as before, and the condition of the drift.</summary>
    public static TheoryData<string, string, string> Drifts => new()
    {
        { $"ip address del {RealServer.Vip}/32 dev lo", $"ip address show dev lo | grep -q {RealServer.Vip}/32", $"vip {RealServer.Vip}" },
        { $"ip address del {RealServer.Vip6}/128 dev lo", $"ip address show dev lo | grep -q {RealServer.Vip6}/128", $"vip {RealServer.Vip6}" },
        { "echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore", "grep -q 1 /proc/sys/net/ipv4/conf/all/arp_ignore", "arp-ignore all" },
        { "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore", "grep -q 1 /proc/sys/net/ipv4/conf/eth0/arp_ignore", "arp-ignore eth0" },
        { "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_announce", "grep -q 2 /proc/sys/net/ipv4/conf/eth0/arp_announce", "arp-announce eth0" },
        { "echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter", "grep -q 2 /proc/sys/net/ipv4/conf/eth0/rp_filter", "rp-filter eth0" },
        { "tc filter del dev eth0 ingress", "tc filter show dev eth0 ingress | grep -q decapsulate", "decapsulation eth0" },
        { "tc qdisc del dev eth0 clsact", "tc filter show dev eth0 ingress | grep -q decapsulate && tc filter show dev eth0 egress | grep -q reply", "decapsulation eth0" },
    };

    [Theory]
    [MemberData(nameof(Drifts))]
    public void WhatSomebodyChangesIsBackWithinASecondAndTold(string damage, string asBefore, string drift)
    {
        using var agent = Start();
        _setup.Server.Run("sh", "-c", damage);
        var clock = Stopwatch.StartNew();
        while (_setup.Server.Try("sh", "-c", asBefore).ExitCode != 0)
            Assert.True(clock.Elapsed < Promise + Promise, $"not back after {clock.Elapsed.TotalSeconds:0.00} s; the agent said:\n{agent.Said}");
        var report = agent.Report(r => Told(r).Contains(drift));
        var told = report.GetProperty("drifts").EnumerateArray().First(d => Told(d, drift));
        // By the agent's own clock from noticing, and by the notice itself: the damage was done before this test's clock began.
        Assert.InRange(told.GetProperty("repaired").GetDateTimeOffset() - told.GetProperty("noticed").GetDateTimeOffset(), TimeSpan.Zero, Promise);
        Assert.Empty(_setup.Wrong());
    }

    [Fact]
    public void AFightIsToldAndNotFoughtForEver()
    {
        using var agent = Start();
        // Another manager that is as stubborn as the agent.
        using var other = Shell.Start(_setup.Server.Enter(["sh", "-c", $"while :; do ip address del {RealServer.Vip}/32 dev lo 2>/dev/null; sleep 0.02; done"]));
        try
        {
            agent.Until($"vip {RealServer.Vip}: somebody has set it back 10 times within 60 s");
        }
        finally
        {
            other.Kill();
            other.WaitForExit();
        }
        var report = agent.Report(static r => Has(r, "contested", $"vip {RealServer.Vip}", "note") && Has(r, "vip", RealServer.Vip, "wrong"));
        Assert.Contains(report.GetProperty("drifts").EnumerateArray(), static d => d.GetProperty("name").GetString() == "vip" && d.GetProperty("times").GetInt32() >= 10);
    }

    [Fact]
    public void WhatIsNotToBeKeptIsReportedAndOnlyOtherDutiesAreCarriedOut()
    {
        using var agent = Start("--no-keep");
        _setup.SetSysctl("eth0/rp_filter", 1);
        var report = agent.Report(static r => Has(r, "rp-filter", "eth0", "wrong"));
        Assert.False(report.GetProperty("keeps").GetBoolean());
        // For longer than repairing takes.
        var last = report.GetProperty("sequence").GetInt64() + (long)(2 * Promise / ReportInterval);
        report = agent.Report(r => r.GetProperty("sequence").GetInt64() >= last);
        Assert.True(Has(report, "rp-filter", "eth0", "wrong"), report.ToString());
        Assert.Empty(Told(report));
        Write(Duties(8, RealServer.OtherVip));
        agent.Until("duties of revision 8 are applied");
        Assert.Empty(_setup.Wrong());
    }

    [Fact]
    public void AnotherFileIsCarriedOutAndABadOneChangesNothing()
    {
        using var agent = Start();
        File.WriteAllText(FilePath, "{ \"services\": [ { \"vips\": [\"nonsense\"] } ] }");
        agent.Until("--duties").Until("The last duties that could be used stay.");
        Assert.Contains(RealServer.Vip, _setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
        Write(Duties(9, RealServer.OtherVip));
        agent.Until("duties of revision 9 are applied");
        var addresses = _setup.Server.Ip("address show dev lo");
        Assert.Contains(RealServer.OtherVip, addresses, StringComparison.Ordinal);
        Assert.DoesNotContain(RealServer.Vip + "/", addresses, StringComparison.Ordinal);
        Assert.Equal(9, agent.Report(static r => r.GetProperty("dutiesRevision").GetInt64() == 9).GetProperty("dutiesRevision").GetInt64());
    }

    [Fact]
    public void WhenItEndsEverythingStaysAndTheNextOneGoesOnWithTheLastDuties()
    {
        var before = _setup.Dump();
        using (var agent = Start())
        {
            var during = _setup.Dump();
            Assert.Equal(0, agent.End());
            Assert.Equal(during, _setup.Dump());
        }
        // As after a restart of the host: nothing is left but what is stored.
        _setup.Server.Run("tc", "qdisc", "del", "dev", "eth0", "clsact");
        _setup.Server.Ip($"address del {RealServer.Vip}/32 dev lo");
        File.Delete(FilePath);
        using (var agent = new RunningAgent(_setup, $"--duties {FilePath} --interface eth0"))
        {
            agent.Until("goes on with the last duties, of revision 7").Until("duties of revision 7 are applied");
            Assert.Empty(_setup.Wrong());
            agent.Kill();
        }
        _setup.Succeed("remove");
        Assert.Equal(before, _setup.Dump());
    }

    [Fact]
    public void TheOperatorDrainsAndWhatTheAgentKeepsNobodyElseRemoves()
    {
        using var agent = Start();
        Assert.Equal("enabled", agent.Report(static _ => true).GetProperty("wish").GetString());
        _setup.Succeed("drain");
        agent.Report(static r => r.GetProperty("wish").GetString() == "draining");
        var refused = _setup.Agent("remove");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("an agent is running", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, agent.End());
        // Also without a running agent, and over its restart.
        using (var next = Start())
            next.Report(static r => r.GetProperty("wish").GetString() == "draining");
        _setup.Succeed("undrain");
        using var last = Start();
        last.Report(static r => r.GetProperty("wish").GetString() == "enabled");
    }

    [Fact]
    public void AReportHasWhatADoctorAsksFor()
    {
        using var echo = new UdpEcho(_setup.Server, "0.0.0.0");
        using var agent = Start();
        _setup.Server.Try("ping", "-c", "1", "-W", "2", RealServer.Router);
        var report = agent.Report(static r => r.GetProperty("defaultRoutes").EnumerateArray().Any(static d => d.TryGetProperty("gatewayMac", out _)));
        Assert.Equal("linux", report.GetProperty("operatingSystem").GetString());
        var route = report.GetProperty("defaultRoutes").EnumerateArray().First();
        Assert.Equal((RealServer.Router, Lan.MacOf(_setup.Outside, "eth0")), (route.GetProperty("gateway").GetString(), route.GetProperty("gatewayMac").GetString()));
        Assert.Contains(report.GetProperty("listeners").EnumerateArray(), static l => l.GetProperty("protocol").GetString() == "udp" && l.GetProperty("port").GetInt32() == UdpEcho.Port);
        Assert.Contains(report.GetProperty("devices").EnumerateArray(), static d => d.GetProperty("name").GetString() == "eth0" && d.GetProperty("mtu").GetInt32() == 1500
            && d.GetProperty("addresses").EnumerateArray().Any(static a => a.GetString() == RealServer.Address + "/24"));
        foreach (var counter in new[] { "decapsulated", "refusedSource", "kernel.IPReversePathFilter", "kernel.ListenDrops", "kernel.TcpOutRsts", "kernel.UdpNoPorts" })
            Assert.True(report.GetProperty("counters").TryGetProperty(counter, out _), $"{counter} is missing in {report}");
    }

    [Fact]
    public void WithoutDutiesOrDirectorItSaysWhatItNeeds()
    {
        var result = _setup.Agent("run");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--duties: is missing, and so is --director", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _setup.Dispose();

    private RunningAgent Start(string more = "")
    {
        Write(Duties(7, RealServer.Vip));
        return new RunningAgent(_setup, $"--duties {FilePath} --interface eth0 {more}").Until("duties of revision 7 are applied");
    }

    private void Write(string duties)
    {
        File.WriteAllText(FilePath + ".new", duties);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    private static string Duties(int revision, string vip) => $$"""
        { "revision": {{revision}}, "directors": ["{{RealServer.Director}}"], "reportIntervalMilliseconds": {{ReportInterval.TotalMilliseconds}},
          "services": [ { "name": "dns", "vips": ["{{vip}}", "{{RealServer.Vip6}}"], "protocol": "udp", "ports": ["53"], "dsr": "l3", "encapsulation": "ipip" } ] }
        """;

    private static List<string> Told(JsonElement report) =>
        [.. report.GetProperty("drifts").EnumerateArray().Select(static d => $"{d.GetProperty("name").GetString()} {d.GetProperty("subject").GetString()}")];

    private static bool Told(JsonElement drift, string expected) => $"{drift.GetProperty("name").GetString()} {drift.GetProperty("subject").GetString()}" == expected;

    private static bool Has(JsonElement report, string name, string subject, string verdict) => report.GetProperty("conditions").EnumerateArray()
        .Any(c => c.GetProperty("name").GetString() == name && c.GetProperty("subject").GetString() == subject && c.GetProperty("verdict").GetString() == verdict);
}
