using System.Text.Json;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Managed;

/// <summary>The managed engine on real interfaces: the same director, by other drivers.</summary>
public sealed class ManagedDirectorTests
{
    [Theory]
    [InlineData("af-packet")]
    [InlineData("af-xdp")]
    public void Packets_are_forwarded_and_the_director_says_how(string driver)
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", driver)] };
        var daemon = segment.Start();
        Assert.Equal(driver, PacketSockets.Driver(segment.Director, "eth0"));
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        traffic.Pass(200);

        var status = segment.Status();
        Assert.Equal("managed", status.GetProperty("engine").GetString());
        Assert.Equal(driver, status.GetProperty("interfaces")[0].GetProperty("driver").GetString());
        Assert.True(status.GetProperty("services")[0].GetProperty("packets").GetInt64() > 100);
        // A change breaks nothing, and is in force.
        segment.Apply(segment.File with { Servers = [Segment.Line(1)] });
        traffic.Pass(100);
        segment.Apply(segment.File with { Servers = [Segment.Line(1), Segment.Line(2)] });
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().Skip(first)]);

        Assert.Equal(0, daemon.End());
        Assert.Equal("none", PacketSockets.Driver(segment.Director, "eth0"));
        Assert.DoesNotContain("5151", segment.Director.Run("ip", "rule", "show"), StringComparison.Ordinal);
    }

    /// <summary>The kernel gets the same frames; on a machine that routes it would forward them, too.</summary>
    [Fact]
    public void A_director_that_routes_sends_every_packet_once()
    {
        using var segment = new Segment();
        Lan.SetSysctl(segment.Director, "ipv4/ip_forward", 1);
        segment.Director.Ip($"route add {Segment.Vip}/32 via {Segment.AddressOf(1)}");
        var (traffic, first) = Begin(segment, [("eth0", "af-packet")]);
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        // Two servers answer, each its own clients: what the kernel sent beside it would reach the first with all of them.
        Assert.Equal(new byte[] { 1, 2 }, NoLoss.ServerOf(exchanges).Values.Distinct().Order());
        var forwarded = segment.Director.Run("sh", "-c", "grep -m2 '^Ip:' /proc/net/snmp | tail -1 | cut -d' ' -f7");
        Assert.Equal("0", forwarded.Trim());
    }

    /// <summary>A sender on the same machine leaves checksums, and the cutting of large writes, to a device that does not exist.</summary>
    [Fact]
    public void What_a_sender_left_to_its_device_is_done()
    {
        using var segment = new Segment();
        segment.Client.Run("ethtool", "-K", "eth0", "tx", "on");
        var (traffic, first) = Begin(segment, [("eth0", "af-packet")]);
        NoLoss.Among([.. traffic.Stop().Skip(first)]);
    }

    [Theory]
    [InlineData("af-packet")]
    [InlineData("af-xdp")]
    public void Packets_cross_from_one_interface_to_another(string driver)
    {
        using var segment = new Segment(servers: 0);
        TwoArmsTests.AddFarSide(segment);
        var (traffic, first) = Begin(segment, [("eth0", driver), ("eth1", driver)]);
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        Assert.Equal(new byte[] { 1, 2 }, NoLoss.ServerOf(exchanges).Values.Distinct().Order());
    }

    /// <summary>One arm becomes two and one again, by edits; the other arm of another driver, too.</summary>
    [Theory]
    [InlineData("af-packet", "af-packet")]
    [InlineData("af-xdp", "af-xdp")]
    [InlineData("af-xdp", "af-packet")]
    [InlineData("af-packet", "af-xdp")]
    public void An_interface_comes_and_goes_and_the_others_lose_nothing(string driver, string other)
    {
        using var segment = new Segment(servers: 1);
        TwoArmsTests.AddFarSide(segment);
        var (near, far) = (Segment.Line(1), segment.File.Servers.Skip(1).ToArray());
        // Clients move to servers that come, and back.
        segment.File = segment.File with { Servers = [near], Dsr = "dsrType: l2, udpInTransition: move" };
        var (traffic, first) = Begin(segment, [("eth0", driver)]);
        for (var round = 0; round < 2; round++)
        {
            segment.Apply(segment.File with { Interfaces = [("eth0", driver), ("eth1", other)] });
            Assert.Equal((driver, other), (PacketSockets.Driver(segment.Director, "eth0"), PacketSockets.Driver(segment.Director, "eth1")));
            traffic.Pass(100);
            // To servers behind the interface that came, and back.
            segment.Apply(segment.File with { Servers = [near, .. far] });
            traffic.Pass(200);
            segment.Apply(segment.File with { Servers = [near] });
            segment.Apply(segment.File with { Interfaces = [("eth0", driver)] });
            Eventually.True(() => PacketSockets.Driver(segment.Director, "eth1") == "none", () => "frames are still taken from eth1");
            traffic.Pass(100);
        }
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(first)]);
        Assert.True(exchanges.Select(static e => e.By).Distinct().Count() > 1, "nothing went by the interface that came");
    }

    [Fact]
    public void The_command_line_asks_the_daemon()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", "af-packet")], More = ["engine: managed"] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();

        using (var plan = Cli(segment, "plan", segment.FilePath, "--json", "--offline"))
            Assert.False(plan.RootElement.GetProperty("changes").GetBoolean());
        using (var flows = Cli(segment, "flows", "--config", segment.FilePath, "--json"))
            Assert.Equal(JsonValueKind.Object, flows.RootElement.ValueKind);
        using (var trace = Cli(segment, "trace", "udp", $"{Segment.ClientAddress}:999", $"{Segment.Vip}:7", "--config", segment.FilePath, "--json"))
            Assert.Equal("forward", trace.RootElement.GetProperty("decision").GetString());
        var captured = Shell.Run(segment.Director.Enter(Repository.Executable("Sidestep.Cli", "sidestep"), "capture", "udp", "--config", segment.FilePath, "--count", "3", "--duration", "20"));
        Assert.Contains("forward", captured, StringComparison.Ordinal);
    }

    [Fact]
    public void A_driver_of_the_other_engine_is_refused_with_its_name()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { Interfaces = [("eth0", "af-packet")], More = ["engine: xdp"] };
        using var refused = segment.Launch();
        Assert.Equal(1, refused.Exit());
        Assert.Contains("af-packet is a driver of the managed engine, and director.engine is xdp", refused.Said, StringComparison.Ordinal);
    }

    /// <summary>A director with these interfaces, and traffic that has begun to pass; the number of the first datagram that nothing excuses.</summary>
    private static (Traffic Traffic, int First) Begin(Segment segment, params (string Name, string Driver)[] interfaces)
    {
        segment.File = segment.File with { Interfaces = interfaces };
        segment.Start();
        var traffic = segment.Send();
        traffic.UntilAllAnswered();
        var first = traffic.Count;
        traffic.Pass(200);
        return (traffic, first);
    }

    private static JsonDocument Cli(Segment segment, params string[] arguments) =>
        JsonDocument.Parse(Shell.Run(segment.Director.Enter([Repository.Executable("Sidestep.Cli", "sidestep"), .. arguments])));
}
