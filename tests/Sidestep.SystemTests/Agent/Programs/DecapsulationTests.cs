namespace Sidestep.SystemTests.Agent.Programs;

/// <summary>What happens to encapsulated packets, judged by the replies on the wire.</summary>
public sealed class DecapsulationTests
{
    [Fact]
    public void Only_packets_from_a_director_get_a_reply_from_the_VIP()
    {
        using var setup = new RealServer();
        setup.ApplyLayer3();
        using var echo = new UdpEchoServer(setup.Server, RealServer.Vip);
        using var wire = RawSocket.Open(setup.Outside, "eth0");

        wire.Send(setup.Encapsulated(RealServer.UnknownHost, Inner(1)));
        wire.Send(Vlan(setup, id: 5, Inner(2)));
        wire.Send(Vlan(setup, id: 0, Inner(3)));
        wire.Send(setup.Encapsulated(RealServer.Director, Inner(4, RealServer.OtherVip)));
        wire.Send(setup.Encapsulated(RealServer.Director, Inner(5)));

        Assert.Equal([3, 5], Replies(wire, last: 5));
        var counters = setup.Counters();
        Assert.Equal(2, counters["decapsulated"]);
        Assert.Equal(1, counters["rejectedSource"]);
        Assert.Equal(1, counters["rejectedVip"]);
        Assert.Equal(4, counters.Values.Sum());
    }

    [Fact]
    public void A_second_apply_changes_VIPs_and_directors_without_losing_a_packet()
    {
        using var setup = new RealServer();
        setup.ApplyLayer3();
        using var echo = new UdpEchoServer(setup.Server, RealServer.Vip);
        using var wire = RawSocket.Open(setup.Outside, "eth0");
        var program = ProgramId(setup);

        var apply = Task.Run(() =>
        {
            setup.ApplyLayer3($"--vip {RealServer.OtherVip} --director {RealServer.UnknownHost}");
            setup.ApplyLayer3();
        }, TestContext.Current.CancellationToken);
        byte sent = 0;
        while (!apply.IsCompleted)
        {
            wire.Send(setup.Encapsulated(RealServer.Director, Inner(++sent)));
            Assert.Equal([sent], Replies(wire, last: sent));
            if (sent == byte.MaxValue)
                sent = 0;
        }

        Assert.True(apply.IsCompletedSuccessfully, apply.Exception?.ToString());
        Assert.Equal(program, ProgramId(setup));
        wire.Send(setup.Encapsulated(RealServer.UnknownHost, Inner(1)));
        wire.Send(setup.Encapsulated(RealServer.Director, Inner(2)));
        Assert.Equal([2], Replies(wire, last: 2));
        Assert.DoesNotContain(RealServer.OtherVip, setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_apply_without_decapsulation_removes_the_earlier_filter()
    {
        using var setup = new RealServer();
        setup.ApplyLayer3();
        setup.RunAgent($"apply --vip {RealServer.Vip} --interface eth0");
        Assert.DoesNotContain("clsact", setup.Server.Run("tc", "qdisc", "show", "dev", "eth0"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Filters_of_other_programs_still_see_every_packet()
    {
        using var setup = new RealServer();
        setup.Server.Run("tc", "qdisc", "add", "dev", "eth0", "clsact");
        setup.Server.Run("tc", "filter", "add", "dev", "eth0", "ingress", "pref", "500", "bpf", "direct-action",
            "object-file", setup.ExtractTestPrograms(), "section", "tc/drop");
        setup.ApplyLayer3();
        using var echo = new UdpEchoServer(setup.Server, RealServer.Vip);
        using var wire = RawSocket.Open(setup.Outside, "eth0");

        wire.Send(setup.Encapsulated(RealServer.Director, Inner(1)));
        setup.Server.Run("tc", "filter", "del", "dev", "eth0", "ingress", "pref", "500");
        wire.Send(setup.Encapsulated(RealServer.Director, Inner(2)));

        Assert.Equal([2], Replies(wire, last: 2));
        Assert.Equal(2, setup.Counters()["decapsulated"]);
    }

    private static byte[] Inner(byte content, string vip = RealServer.Vip) =>
        Frame.IPv4(RealServer.Client, vip, Frame.Udp, Frame.Datagram(40000, UdpEchoServer.Port, [content]));

    private static byte[] Vlan(RealServer setup, ushort id, byte[] inner) =>
        Frame.Tagged(setup.ServerMac, setup.OutsideMac, id, Frame.Ip,
        Frame.IPv4(RealServer.Director, RealServer.Address, Frame.IpInIp, inner));

    /// <summary>The contents of the datagrams that go from the VIP to the client, up to the last; packets are handled
    /// in order.</summary>
    private static List<byte> Replies(RawSocket wire, byte last)
    {
        static bool IsReply(byte[] f) => Frame.Type(f) == Frame.Ip
            && Frame.ReadIPv4(f) == (Frame.Udp, RealServer.Vip, RealServer.Client);
        return [.. wire.ReceiveUntil(f => IsReply(f) && f[^1] == last).Where(IsReply).Select(static f => f[^1])];
    }

    private static string ProgramId(RealServer setup) =>
        setup.Server.Run("tc", "filter", "show", "dev", "eth0", "ingress").Split(" id ")[1].Split(' ')[0];
}
