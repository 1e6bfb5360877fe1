using System.Text.Json;
using Sidestep.SystemTests.EngineXdp;

namespace Sidestep.SystemTests.EngineManaged;

/// <summary>The managed engine on real interfaces behaves like the XDP engine.</summary>
public sealed class ManagedEngineTests
{
    [Theory]
    [InlineData("af-packet")]
    [InlineData("af-xdp")]
    public void Packets_are_forwarded_and_status_names_engine_and_driver(string driver)
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", driver)] };
        var daemon = segment.Start();
        Assert.Equal(driver, ActiveDriver.NameOf(segment.Director, "eth0"));
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        traffic.WaitForSent(200);

        var status = segment.Status();
        Assert.Equal("managed", status.GetProperty("engine").GetString());
        Assert.Equal(driver, status.GetProperty("interfaces")[0].GetProperty("driver").GetString());
        Assert.True(status.GetProperty("services")[0].GetProperty("packets").GetInt64() > 100);
        // A change takes effect and breaks no flow.
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(1)] });
        traffic.WaitForSent(100);
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2)] });
        traffic.WaitForSent(100);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);

        Assert.Equal(0, daemon.Terminate());
        Assert.Equal("none", ActiveDriver.NameOf(segment.Director, "eth0"));
        Assert.DoesNotContain("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);
    }

    /// <summary>The kernel gets a copy of each frame; a machine with IP forwarding would forward it a second
    /// time.</summary>
    [Fact]
    public void A_director_that_routes_sends_every_packet_once()
    {
        using var segment = new Segment();
        Lan.SetSysctl(segment.Director, "ipv4/ip_forward", 1);
        segment.Director.Ip($"route add {Segment.Vip}/32 via {Segment.AddressOf(1)}");
        var (traffic, first) = StartWithTraffic(segment, [("eth0", "af-packet")]);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        // Each of two servers answers its own clients: frames that the kernel forwards would all reach the first
        // server.
        Assert.Equal(new byte[] { 1, 2 }, ExchangeAssert.ServerByClient(exchanges).Values.Distinct().Order());
        var forwarded = segment.Director.Run("sh", "-c", "grep -m2 '^Ip:' /proc/net/snmp | tail -1 | cut -d' ' -f7");
        Assert.Equal("0", forwarded.Trim());
    }

    /// <summary>A sender on the same machine leaves checksums and segmentation to a virtual device, which does
    /// neither.</summary>
    [Fact]
    public void Offloaded_checksums_and_segmentation_are_completed()
    {
        using var segment = new Segment();
        segment.Client.Run("ethtool", "-K", "eth0", "tx", "on");
        var (traffic, first) = StartWithTraffic(segment, [("eth0", "af-packet")]);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    [Theory]
    [InlineData("af-packet")]
    [LongInlineData("af-xdp")]
    public void Packets_cross_from_one_interface_to_another(string driver)
    {
        using var segment = new Segment(servers: 0);
        TwoArmTests.AddFarSide(segment);
        var (traffic, first) = StartWithTraffic(segment, [("eth0", driver), ("eth1", driver)]);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.Equal(new byte[] { 1, 2 }, ExchangeAssert.ServerByClient(exchanges).Values.Distinct().Order());
    }

    /// <summary>Edits of the configuration add a second interface and remove it again; also one with another
    /// driver.</summary>
    [Theory]
    [LongInlineData("af-packet", "af-packet")]
    [LongInlineData("af-xdp", "af-xdp")]
    [InlineData("af-xdp", "af-packet")]
    [LongInlineData("af-packet", "af-xdp")]
    public void Adding_and_removing_an_interface_loses_no_packet_on_the_others(string driver, string other)
    {
        using var segment = new Segment(servers: 1);
        TwoArmTests.AddFarSide(segment);
        var (original, others) = (Segment.ServerEntry(1), segment.File.Servers.Skip(1).ToArray());
        // Clients move to added servers, and back when these are removed.
        segment.File = segment.File with { Servers = [original], ProfileLines = "dsrType: l2, udpOnRebalance: move" };
        var (traffic, first) = StartWithTraffic(segment, [("eth0", driver)]);
        for (var round = 0; round < 2; round++)
        {
            segment.Apply(segment.File with { Interfaces = [("eth0", driver), ("eth1", other)] });
            Assert.Equal(
                (driver, other),
                (ActiveDriver.NameOf(segment.Director, "eth0"), ActiveDriver.NameOf(segment.Director, "eth1")));
            traffic.WaitForSent(100);
            // To servers behind the added interface, and back.
            segment.Apply(segment.File with { Servers = [original, .. others] });
            traffic.WaitForSent(200);
            segment.Apply(segment.File with { Servers = [original] });
            segment.Apply(segment.File with { Interfaces = [("eth0", driver)] });
            Eventually.True(() => ActiveDriver.NameOf(segment.Director, "eth1") == "none",
                () => "eth1 is still attached");
            traffic.WaitForSent(100);
        }
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.True(exchanges.Select(static e => e.Server).Distinct().Count() > 1,
            "no frame was sent out of the added interface");
    }

    [Fact]
    public void Plan_flows_trace_and_capture_query_the_daemon()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", "af-packet")], NodeLines = ["engine: managed"] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();

        using (var plan = RunCli(segment, "plan", segment.FilePath, "--json", "--offline"))
            Assert.False(plan.RootElement.GetProperty("changes").GetBoolean());
        using (var flows = RunCli(segment, "flows", "--config", segment.FilePath, "--json"))
            Assert.Equal(JsonValueKind.Object, flows.RootElement.ValueKind);
        using (var trace =
            RunCli(segment, "trace", "udp", $"{Segment.ClientAddress}:999", $"{Segment.Vip}:7", "--config",
            segment.FilePath, "--json"))
            Assert.Equal("forward", trace.RootElement.GetProperty("decision").GetString());
        var captured =
            Shell.Run(segment.Director.Enter(
            Repository.Executable("Sidestep.Cli", "sidestep"), "capture", "udp", "--config", segment.FilePath,
            "--count", "3", "--duration", "20"));
        Assert.Contains("forward", captured, StringComparison.Ordinal);
    }

    [Fact]
    public void A_driver_of_the_other_engine_is_rejected_by_name()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { Interfaces = [("eth0", "af-packet")], NodeLines = ["engine: xdp"] };
        using var rejected = segment.Launch();
        Assert.Equal(1, rejected.WaitForExit());
        Assert.Contains("af-packet is a driver of the managed engine, and node.engine is xdp",
            rejected.CombinedOutput, StringComparison.Ordinal);
    }

    /// <summary>Starts a director with these interfaces and waits until traffic passes; returns the number of the first
    /// datagram that must not be lost.</summary>
    private static (
        Traffic Traffic, int First) StartWithTraffic(Segment segment, params (string Name, string Driver)[] interfaces)
    {
        segment.File = segment.File with { Interfaces = interfaces };
        segment.Start();
        var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        traffic.WaitForSent(200);
        return (traffic, first);
    }

    private static JsonDocument RunCli(Segment segment, params string[] arguments) =>
        JsonDocument.Parse(
            Shell.Run(segment.Director.Enter([Repository.Executable("Sidestep.Cli", "sidestep"), .. arguments])));
}
