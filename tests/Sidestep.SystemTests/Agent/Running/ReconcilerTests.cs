using System.Text.Json;

namespace Sidestep.SystemTests.Agent.Running;

/// <summary>The agent as a service: it repairs and reports what other programs change, and survives restarts.</summary>
public sealed class ReconcilerTests : IDisposable
{
    /// <summary>The documented limit: the agent repairs drift within a second.</summary>
    private static readonly TimeSpan RepairLimit = TimeSpan.FromSeconds(1),
        ReportInterval = TimeSpan.FromMilliseconds(200);

    private readonly RealServer _setup = new();

    private string FilePath => Path.Combine(_setup.StateDirectory, "wanted.json");

    /// <summary>The damage, a command that succeeds once it is repaired, and condition and subject of the
    /// drift.</summary>
    public static TheoryData<string, string, string> Drifts => new()
    {
        { $"ip address del {RealServer.Vip}/32 dev lo", $"ip address show dev lo | grep -q {RealServer.Vip}/32",
            $"vip {RealServer.Vip}" },
        { $"ip address del {RealServer.Vip6}/128 dev lo", $"ip address show dev lo | grep -q {RealServer.Vip6}/128",
            $"vip {RealServer.Vip6}" },
        { "echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore", "grep -q 1 /proc/sys/net/ipv4/conf/all/arp_ignore",
            "arp-ignore all" },
        { "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_ignore", "grep -q 1 /proc/sys/net/ipv4/conf/eth0/arp_ignore",
            "arp-ignore eth0" },
        { "echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_announce", "grep -q 2 /proc/sys/net/ipv4/conf/eth0/arp_announce",
            "arp-announce eth0" },
        { "echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter", "grep -q 2 /proc/sys/net/ipv4/conf/eth0/rp_filter",
            "rp-filter eth0" },
        { "tc filter del dev eth0 ingress", "tc filter show dev eth0 ingress | grep -q decapsulate",
            "decapsulation eth0" },
        { "tc qdisc del dev eth0 clsact",
            "tc filter show dev eth0 ingress | grep -q decapsulate && tc filter show dev eth0 egress | grep -q reply",
            "decapsulation eth0" },
    };

    [Theory]
    [MemberData(nameof(Drifts))]
    public void Drift_is_repaired_within_a_second_and_reported(string damage, string isRepaired, string drift)
    {
        using var agent = Start();
        _setup.Server.Run("sh", "-c", damage);
        Eventually.True(() => _setup.Server.Try("sh", "-c", isRepaired).ExitCode == 0,
            () => $"not repaired; log of the agent:\n{agent.CombinedOutput}");
        var report = agent.WaitForReport(r => DriftNames(r).Contains(drift));
        var reported = report.GetProperty("drifts").EnumerateArray().First(d => IsDrift(d, drift));
        // By the agent's own clock: this test's clock would also measure the programs that it starts.
        var (noticed, repaired) = (reported.GetProperty("noticed"), reported.GetProperty("repaired"));
        Assert.InRange(repaired.GetDateTimeOffset() - noticed.GetDateTimeOffset(), TimeSpan.Zero, RepairLimit);
        Assert.Empty(_setup.WrongConditions());
    }

    [Fact]
    public void The_agent_backs_off_from_a_setting_that_another_manager_keeps_reverting()
    {
        using var agent = Start();
        // Another manager that reverts every repair.
        using var other =
            Shell.Start(
            _setup.Server.Enter(
            ["sh", "-c", $"while :; do ip address del {RealServer.Vip}/32 dev lo 2>/dev/null; sleep 0.02; done"]));
        try
        {
            agent.Until($"vip {RealServer.Vip}: another program changed it 10 times within 60 s");
        }
        finally
        {
            other.Kill();
            other.WaitForExit();
        }
        var report = agent.WaitForReport(static r => Has(r, "backing-off", $"vip {RealServer.Vip}", "note")
            && Has(r, "vip", RealServer.Vip, "wrong"));
        Assert.Contains(report.GetProperty("drifts").EnumerateArray(),
            static d => d.GetProperty("name").GetString() == "vip" && d.GetProperty("times").GetInt32() >= 10);
    }

    [Fact]
    public void In_report_only_mode_drift_is_only_reported_and_a_new_spec_is_still_applied()
    {
        using var agent = Start("--report-only");
        _setup.SetSysctl("eth0/rp_filter", 1);
        var report = agent.WaitForReport(static r => Has(r, "rp-filter", "eth0", "wrong"));
        Assert.False(report.GetProperty("reconciles").GetBoolean());
        // Wait longer than a repair takes.
        var last = report.GetProperty("sequence").GetInt64() + (long)(2 * RepairLimit / ReportInterval);
        report = agent.WaitForReport(r => r.GetProperty("sequence").GetInt64() >= last);
        Assert.True(Has(report, "rp-filter", "eth0", "wrong"), report.ToString());
        Assert.Empty(DriftNames(report));
        Write(Spec(8, RealServer.OtherVip));
        agent.Until("spec revision 8 applied");
        Assert.Empty(_setup.WrongConditions());
    }

    [Fact]
    public void A_changed_spec_file_is_applied_and_an_invalid_one_changes_nothing()
    {
        using var agent = Start();
        File.WriteAllText(FilePath, "{ \"services\": [ { \"vips\": [\"nonsense\"] } ] }");
        agent.Until("--spec").Until("The agent keeps the last valid spec.");
        Assert.Contains(RealServer.Vip, _setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
        Write(Spec(9, RealServer.OtherVip));
        agent.Until("spec revision 9 applied");
        var addresses = _setup.Server.Ip("address show dev lo");
        Assert.Contains(RealServer.OtherVip, addresses, StringComparison.Ordinal);
        Assert.DoesNotContain(RealServer.Vip + "/", addresses, StringComparison.Ordinal);
        Assert.Equal(9, agent.WaitForReport(static r => r.GetProperty("specRevision").GetInt64() == 9)
            .GetProperty("specRevision").GetInt64());
    }

    [Fact]
    public void The_configuration_outlives_the_agent_and_the_next_agent_starts_from_the_last_spec()
    {
        var before = _setup.DumpState();
        using (var agent = Start())
        {
            var during = _setup.DumpState();
            Assert.Equal(0, agent.Terminate());
            Assert.Equal(during, _setup.DumpState());
        }
        // As after a restart of the host: only the stored files are left.
        _setup.Server.Run("tc", "qdisc", "del", "dev", "eth0", "clsact");
        _setup.Server.Ip($"address del {RealServer.Vip}/32 dev lo");
        File.Delete(FilePath);
        using (var agent = new AgentProcess(_setup, $"--spec {FilePath} --interface eth0"))
        {
            agent.Until("continuing with the last spec, revision 7").Until("spec revision 7 applied");
            Assert.Empty(_setup.WrongConditions());
            agent.Kill();
        }
        _setup.RunAgent("remove");
        Assert.Equal(before, _setup.DumpState());
    }

    [Fact]
    public void Drain_survives_an_agent_restart_and_remove_fails_while_an_agent_runs()
    {
        using var agent = Start();
        Assert.Equal("enabled", agent.WaitForReport(static _ => true).GetProperty("adminState").GetString());
        _setup.RunAgent("drain");
        agent.WaitForReport(static r => r.GetProperty("adminState").GetString() == "draining");
        var rejected = _setup.TryAgent("remove");
        Assert.Equal(1, rejected.ExitCode);
        Assert.Contains("an agent is running", rejected.Error, StringComparison.Ordinal);
        Assert.Equal(0, agent.Terminate());
        // It survives a restart of the agent, and can be reset without a running agent.
        using (var next = Start())
            next.WaitForReport(static r => r.GetProperty("adminState").GetString() == "draining");
        _setup.RunAgent("undrain");
        using var last = Start();
        last.WaitForReport(static r => r.GetProperty("adminState").GetString() == "enabled");
    }

    [Fact]
    public void A_report_contains_everything_the_doctor_needs()
    {
        using var echo = new UdpEchoServer(_setup.Server, "0.0.0.0");
        using var agent = Start();
        _setup.Server.Try("ping", "-c", "1", "-W", "2", RealServer.Router);
        var report = agent.WaitForReport(static r => r.GetProperty("defaultRoutes").EnumerateArray()
            .Any(static d => d.TryGetProperty("gatewayMac", out _)));
        Assert.Equal("linux", report.GetProperty("operatingSystem").GetString());
        var route = report.GetProperty("defaultRoutes").EnumerateArray().First();
        Assert.Equal((RealServer.Router, Lan.MacOf(_setup.Outside, "eth0")),
            (route.GetProperty("gateway").GetString(), route.GetProperty("gatewayMac").GetString()));
        Assert.Contains(report.GetProperty("listeners").EnumerateArray(),
            static l => l.GetProperty("protocol").GetString() == "udp"
            && l.GetProperty("port").GetInt32() == UdpEchoServer.Port);
        Assert.Contains(report.GetProperty("devices").EnumerateArray(),
            static d => d.GetProperty("name").GetString() == "eth0" && d.GetProperty("mtu").GetInt32() == 1500
            && d.GetProperty("addresses").EnumerateArray()
                .Any(static a => a.GetString() == RealServer.Address + "/24"));
        foreach (var counter in new[] { "decapsulated", "rejectedSource", "kernel.IPReversePathFilter",
            "kernel.ListenDrops", "kernel.TcpOutRsts", "kernel.UdpNoPorts" })
            Assert.True(report.GetProperty("counters").TryGetProperty(counter, out _),
                $"{counter} is missing in {report}");
    }

    [Fact]
    public void Run_without_a_spec_or_a_director_names_both_options()
    {
        var result = _setup.TryAgent("run");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--spec: is missing, and so is --director", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _setup.Dispose();

    private AgentProcess Start(string more = "")
    {
        Write(Spec(7, RealServer.Vip));
        return new AgentProcess(_setup, $"--spec {FilePath} --interface eth0 {more}").Until("spec revision 7 applied");
    }

    private void Write(string spec)
    {
        File.WriteAllText(FilePath + ".new", spec);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    private static string Spec(int revision, string vip) => $$"""
        { "revision": {{revision}}, "directors": ["{{RealServer.Director}}"],
          "reportIntervalMilliseconds": {{ReportInterval.TotalMilliseconds}},
          "services": [ { "name": "dns", "vips": ["{{vip}}", "{{RealServer.Vip6}}"], "protocol": "udp",
                          "ports": ["53"], "dsr": "l3", "encapsulation": "ipip" } ] }
        """;

    private static List<string> DriftNames(JsonElement report) =>
        [.. report.GetProperty("drifts").EnumerateArray()
            .Select(static d => $"{d.GetProperty("name").GetString()} {d.GetProperty("subject").GetString()}")];

    private static bool IsDrift(JsonElement drift, string expected) =>
        $"{drift.GetProperty("name").GetString()} {drift.GetProperty("subject").GetString()}" == expected;

    private static bool Has(JsonElement report, string name, string subject, string status) =>
        report.GetProperty("conditions").EnumerateArray()
        .Any(c => c.GetProperty("name").GetString() == name && c.GetProperty("subject").GetString() == subject
            && c.GetProperty("status").GetString() == status);
}
