namespace Sidestep.SystemTests.EngineXdp;

/// <summary>Clients on one interface of the director, servers on another: XDP_REDIRECT. Replies go through a
/// router.</summary>
public sealed class TwoArmTests
{
    [Theory]
    [InlineData("native")]
    [LongInlineData("generic")]
    public void Packets_cross_between_two_interfaces_even_across_a_daemon_restart(string mode)
    {
        using var segment = new Segment(servers: 0);
        AddFarSide(segment);
        segment.File = segment.File with { Interfaces = [("eth0", mode), ("eth1", mode)] };
        var daemon = segment.Start();
        Assert.Equal(
            (mode, mode), (KernelXdp.Mode(segment.Director, "eth0"), KernelXdp.Mode(segment.Director, "eth1")));
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        traffic.WaitForSent(100);
        daemon.Kill();
        traffic.WaitForSent(100);
        daemon = segment.Start();
        traffic.WaitForSent(100);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.Equal(new byte[] { 1, 2 }, ExchangeAssert.ServerByClient(exchanges).Values.Distinct().Order());

        Assert.Equal(0, daemon.Terminate());
        Assert.Equal(
            ("none", "none"), (KernelXdp.Mode(segment.Director, "eth0"), KernelXdp.Mode(segment.Director, "eth1")));
    }

    /// <summary>A director with one interface gets a second one and loses it again, by edits of the
    /// configuration.</summary>
    [Fact]
    public void Edits_add_and_remove_an_interface_without_loss()
    {
        using var segment = new Segment(servers: 1);
        AddFarSide(segment);
        var (local, far) = (Segment.ServerEntry(1), segment.File.Servers.Skip(1).ToArray());
        segment.File = segment.File with { Servers = [local] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        segment.Apply(segment.File with { Interfaces = [("eth0", "auto"), ("eth1", "auto")] });
        Assert.Equal("native", KernelXdp.Mode(segment.Director, "eth1"));
        traffic.WaitForSent(100);
        segment.Apply(segment.File with { Servers = [local, .. far] });
        traffic.WaitForSent(100);
        segment.Apply(segment.File with { Servers = [local] });
        segment.Apply(segment.File with { Interfaces = [("eth0", "auto")] });
        Eventually.True(() => KernelXdp.Mode(segment.Director, "eth1") == "none", () => "still attached");
        traffic.WaitForSent(100);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    /// <summary>Adds servers on 10.9.1.0/24, the network of the director's second interface, and a router for their
    /// replies.</summary>
    internal static void AddFarSide(Segment segment)
    {
        const string Far = "br1";
        segment.Lan.Bridge(Far);
        segment.Lan.Plug(segment.Director, "eth1", Far, "10.9.1.2/24");
        segment.Lan.EnableXdpTransmit(segment.Director, "eth1");
        var router = segment.Lan.Node("router");
        Lan.SetSysctl(router, "ipv4/ip_forward", 1);
        segment.Lan.Plug(router, "eth0", Segment.Bridge, "10.9.0.1/24");
        segment.Lan.Plug(router, "eth1", Far, "10.9.1.1/24");
        for (byte number = 1; number <= 2; number++)
        {
            var netns = segment.Lan.Node($"far{number}");
            segment.Lan.Plug(netns, "eth0", Far, $"10.9.1.{10 + number}/24");
            netns.Ip("route add default via 10.9.1.1");
            segment.Serve(netns, number);
            segment.File =
                segment.File with
                {
                    Servers = [.. segment.File.Servers,
                    new PoolServer($"far{number}", $"10.9.1.{10 + number}")]
                };
        }
    }
}
