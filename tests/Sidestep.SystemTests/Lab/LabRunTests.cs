using System.Text.Json;

namespace Sidestep.SystemTests.Lab;

/// <summary>`lab run`: real traffic through a real director, checked again from the JSON report.</summary>
[Collection(SerialTests.Name)]
public sealed class LabRunTests
{
    private static readonly string[] StepsOfL2OneArm = ["kill-daemon", "start-daemon", "add-server web3",
        "drain-server web1", "remove-server web1"];

    [Fact]
    public async Task Layer_2_replies_bypass_the_director_while_daemon_and_servers_come_and_go()
    {
        using var run = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "l2-one-arm", "--json");

        using var report = CheckReport(run);
        var events = report.RootElement.GetProperty("events").EnumerateArray().ToArray();
        Assert.Equal(StepsOfL2OneArm, events.Select(e => e.GetProperty("step").GetString()));
        Assert.All(events, e => Assert.True(e.GetProperty("ok").GetBoolean(), e.GetRawText()));
        Assert.Equal(0, Number(report, "encapsulatedFramesFromDirector"));
    }

    [Fact]
    public async Task Layer_3_replies_of_servers_behind_a_router_bypass_the_director()
    {
        using var run = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "l3-routed", "--json");

        using var report = CheckReport(run);
        Assert.Equal(Number(report, "framesForwardedByDirector"), Number(report, "encapsulatedFramesFromDirector"));
    }

    /// <summary>The same with the managed engine. The counts are from captures. The short form is
    /// ManagedEngineTests.</summary>
    [Theory]
    [LongInlineData("af-packet")]
    [LongInlineData("af-xdp")]
    public async Task Layer_3_replies_bypass_the_director_with_the_managed_engine(string driver)
    {
        using var run = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "l3-routed", "--engine",
            "managed", "--driver", driver, "--json");

        using var report = CheckReport(run, "managed", driver);
        Assert.Equal(Number(report, "framesForwardedByDirector"), Number(report, "encapsulatedFramesFromDirector"));
    }

    /// <summary>Not every kernel has the devices. The lab must report missing ones quickly, and not as a
    /// failure.</summary>
    [Fact]
    public async Task Both_families_reach_servers_that_decapsulate_with_kernel_devices()
    {
        using var run = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "l3-dual", "--json");
        if (run.ExitCode == 3)
        {
            Assert.Contains("needs devices that this kernel", run.Errors, StringComparison.Ordinal);
            Assert.Contains("eng/other-kernel", run.Errors, StringComparison.Ordinal);
            Assert.Null(run.RunId);
            return;
        }
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}\n{run.Output}\n{run.Errors}");
    }

    /// <summary>The first steps: each kind of change, a kill, and panic mode. `./test --long` does all.</summary>
    [Fact]
    public async Task Two_thousand_connections_survive_changes_kills_and_restarts()
    {
        using var run = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "churn", "--steps",
            "12", "--json");

        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}\n{run.Output}\n{run.Errors}");
        using var report = JsonDocument.Parse(run.Output);
        Assert.Equal(2000, Number(report, "connections"));
        Assert.Equal(0, Number(report, "connectionsBroken"));
        Assert.Equal(0, Number(report, "shortConnectionsFailed"));
        Assert.True(Number(report, "changes") >= 7);
        Assert.True(Number(report, "daemonKills") >= 1);
        Assert.True(Number(report, "packetsSent") > 10_000);
        Assert.Equal(0, Number(report, "packetsLost"));
        Assert.Equal(0, Number(report, "packetsDuplicated"));
        Assert.Equal(0, Number(report, "framesWithVipSourceAtDirector"));
        // The lab detected the connections that it broke on purpose, and no others.
        var broken = report.RootElement.GetProperty("brokenOnPurpose");
        Assert.True(broken.GetProperty("sessions").GetInt32() > 0);
        Assert.Equal(broken.GetProperty("sessions").GetInt32(), broken.GetProperty("broken").GetInt32());
        AssertNothingLeft(run.RunId);
    }

    /// <summary>The first steps: an upgrade and its reversal, changes, and a kill. `./test --long` does all.</summary>
    [Fact]
    public async Task Changes_of_a_thousand_services_and_table_upgrades_lose_no_packet()
    {
        using var run = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "upgrade", "--steps",
            "6", "--json");

        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}\n{run.Output}\n{run.Errors}");
        using var report = JsonDocument.Parse(run.Output);
        Assert.Equal(0, Number(report, "packetsLost"));
        Assert.Equal(0, Number(report, "packetsDuplicated"));
        Assert.Equal(0, Number(report, "connectionsBroken"));
        Assert.True(Number(report, "packetsSent") > 10_000);
        Assert.True(Number(report, "services") >= 1000);
        Assert.True(Number(report, "changes") >= 6);
        Assert.Equal(2, Number(report, "upgrades"));
        // The lab detected the datagrams that it lost on purpose, and no others.
        var lost = report.RootElement.GetProperty("lostOnPurpose");
        Assert.True(lost.GetProperty("lost").GetInt64() > 0);
        Assert.Equal(lost.GetProperty("notForwarded").GetInt64(), lost.GetProperty("lost").GetInt64());
        AssertNothingLeft(run.RunId);
    }

    /// <summary>One round, of about fifty disturbances. `./test --long` does them for ten minutes.</summary>
    [Fact]
    public async Task Links_and_kernel_state_come_back_under_traffic_and_no_server_is_marked_down()
    {
        using var run = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "bounce", "--steps",
            "1", "--json");

        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}\n{run.Output}\n{run.Errors}");
        using var report = JsonDocument.Parse(run.Output);
        Assert.Equal(1, Number(report, "rounds"));
        Assert.Equal(0, report.RootElement.GetProperty("notRestored").GetArrayLength());
        Assert.Equal(0, Number(report, "serversJudgedDown"));
        Assert.Equal(0, Number(report, "datagramsLostOutsideOutages"));
        Assert.Equal(0, Number(report, "connectionsBroken"));
        Assert.True(Number(report, "datagramsSent") > 5_000);
        Assert.True(report.RootElement.GetProperty("longestRestoreSeconds").GetDouble() < 15);
        // Of each kind of part that Sidestep makes, the lab has found at least one.
        var events = report.RootElement.GetProperty("events").EnumerateArray()
            .Select(static e => $"{e.GetProperty("node").GetString()}: {e.GetProperty("what").GetString()}").ToArray();
        Assert.All((string[])["director: removed: rule4 5150", "director: removed: rule4 5152",
            "director: removed: rule6 5150", "director: removed: route4 default", "director: removed: route6 default",
            "director: removed: neighbour 169.254.51.50", "director: removed: multicast eth0",
            "director: removed: qdisc qdisc clsact", "director: removed: filter eth0 egress",
            "director: removed: link eth0",
            "director: restart of the network manager", "director: link eth0", "web1: removed: address lo",
            "web1: removed: setting", "app1: removed: filter eth0 ingress", "app1: link eth0"],
            what => Assert.Contains(events, e => e.StartsWith(what, StringComparison.Ordinal)));
        AssertNothingLeft(run.RunId);
    }

    /// <summary>One on the director, one on the path to the server, one on the server, one on the path back, and two at
    /// once. `lab run faults` injects all.</summary>
    [Fact]
    public async Task The_doctor_names_each_fault_first_and_raises_no_false_alarm()
    {
        string[] faults = ["vip-missing", "next-hop-stale", "mtu-too-small", "reply-dropped-by-urpf"];
        using var run = await LabProcess.RunAsync(("SIDESTEP_LAB_FAULTS", string.Join(',', faults)
            + ",vip-missing+decapsulation-missing"),
            TestContext.Current.CancellationToken, "run", "faults", "--json");

        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}\n{run.Output}\n{run.Errors}");
        using var report = JsonDocument.Parse(run.Output);
        Assert.Equal(faults.Length, Number(report, "injected"));
        Assert.Equal(faults.Length, Number(report, "named"));
        Assert.Equal(0, Number(report, "falseAlarms"));
        Assert.True(report.RootElement.GetProperty("longestSeconds").GetDouble() < 30);
        Assert.True(Assert.Single(report.RootElement.GetProperty("pairs").EnumerateArray()).GetProperty("bothNamed")
            .GetBoolean());
        AssertNothingLeft(run.RunId);
    }

    private static JsonDocument CheckReport(LabProcess run, string engine = "xdp", string driver = "native")
    {
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}\n{run.Output}\n{run.Errors}");
        var report = JsonDocument.Parse(run.Output);
        Assert.Equal(2000, Number(report, "requestsOk"));
        Assert.Equal(0, Number(report, "requestsFailed"));
        Assert.Equal(1000, Number(report, "udpOk"));
        Assert.Equal(20, Number(report, "uploadsOk"));
        Assert.InRange(Number(report, "clientAddresses"), 200, 254);

        Assert.Equal(0, Number(report, "framesWithVipSourceAtDirector"));
        Assert.True(Number(report, "framesToVipAtDirector") > 0);
        Assert.Equal(Number(report, "framesToVipAtDirector"), Number(report, "framesForwardedByDirector"));
        Assert.Equal(Number(report, "framesToVipAtDirector"), Number(report, "framesCountedBySidestep"));
        // 2,000 replies of 64 KiB reached the clients, and did not pass the director.
        Assert.True(Number(report, "bytesToClient") > 2000L * 64 * 1024);
        Assert.True(Number(report, "bytesThroughDirector") < Number(report, "bytesToClient") / 5);

        var servers = report.RootElement.GetProperty("perServer").EnumerateObject().ToArray();
        Assert.Equal(["web1", "web2", "web3"], servers.Select(s => s.Name).Order());
        Assert.Equal(2000, servers.Sum(s => s.Value.GetInt32()));
        Assert.Equal(engine, report.RootElement.GetProperty("engine").GetString());
        Assert.Equal(driver, report.RootElement.GetProperty("driver").GetString());
        AssertNothingLeft(run.RunId);
        return report;
    }

    private static void AssertNothingLeft(string? runId)
    {
        Assert.NotNull(runId);
        Assert.Empty(LabLeftovers.Of(runId));
    }

    private static long Number(JsonDocument report, string name) => report.RootElement.GetProperty(name).GetInt64();
}
