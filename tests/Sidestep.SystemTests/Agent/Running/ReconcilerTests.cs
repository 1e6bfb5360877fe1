using System.Text.Json;

namespace Sidestep.SystemTests.Agent.Running;

/// <summary>The agent as a service: it backs off, follows its spec, reports, and survives restarts.</summary>
public sealed class ReconcilerTests : IDisposable
{
    private readonly RealServer _setup = new();

    private string FilePath => RealServerSpec.PathIn(_setup);

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
        var last = report.GetProperty("sequence").GetInt64()
            + (long)(2 * DriftRepairTests.RepairLimit / RealServerSpec.ReportInterval);
        report = agent.WaitForReport(r => r.GetProperty("sequence").GetInt64() >= last);
        Assert.True(Has(report, "rp-filter", "eth0", "wrong"), report.ToString());
        Assert.Empty(report.GetProperty("drifts").EnumerateArray());
        Write(RealServerSpec.Text(8, RealServer.OtherVip));
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
        Write(RealServerSpec.Text(9, RealServer.OtherVip));
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

    private AgentProcess Start(string more = "") => RealServerSpec.Start(_setup, more);

    private void Write(string spec) => RealServerSpec.Write(_setup, spec);

    private static bool Has(JsonElement report, string name, string subject, string status) =>
        report.GetProperty("conditions").EnumerateArray()
        .Any(c => c.GetProperty("name").GetString() == name && c.GetProperty("subject").GetString() == subject
            && c.GetProperty("status").GetString() == status);
}
