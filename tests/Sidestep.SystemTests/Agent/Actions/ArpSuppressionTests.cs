namespace Sidestep.SystemTests.Agent.Actions;

/// <summary>ARP suppression for the VIP, judged by the frames on the wire.</summary>
public sealed class ArpSuppressionTests
{
    [Fact]
    public void A_server_stops_replying_to_ARP_for_the_VIP_once_the_agent_is_applied()
    {
        using var setup = new RealServer();
        using var wire = RawSocket.Open(setup.Outside, "eth0");
        setup.Server.Ip($"address add {RealServer.Vip}/32 dev lo");
        Assert.Contains(RealServer.Vip, RepliedAddresses(setup, wire));

        setup.RunAgent($"apply --vip {RealServer.Vip} --vip {RealServer.OtherVip} --interface eth0");

        Assert.Equal([RealServer.Address], RepliedAddresses(setup, wire));
    }

    [Fact]
    public void ARP_requests_sent_by_the_server_never_carry_the_VIP()
    {
        using var setup = new RealServer();
        using var wire = RawSocket.Open(setup.Outside, "eth0");
        setup.Server.Ip($"address add {RealServer.Vip}/32 dev lo");
        Assert.Equal(RealServer.Vip, SenderInRequestFor(setup, wire, "10.0.1.77"));

        setup.RunAgent($"apply --vip {RealServer.Vip} --interface eth0");

        Assert.Equal(RealServer.Address, SenderInRequestFor(setup, wire, "10.0.1.78"));
    }

    [Fact]
    public void Connections_opened_by_the_server_never_use_the_VIP_as_source()
    {
        using var setup = new RealServer();
        // Only lo has an IPv4 address: with scope global, the kernel would choose it.
        setup.ApplyLayer3();
        setup.Server.Ip($"address del {RealServer.Address}/24 dev eth0");
        setup.Server.Ip($"route add {RealServer.Client} dev eth0");
        Assert.DoesNotContain(RealServer.Vip, setup.Server.Ip($"route get {RealServer.Client}"),
            StringComparison.Ordinal);
    }

    /// <summary>The addresses for which the server replies: VIPs and its own. The request for its own address comes
    /// last: once its reply has arrived, a reply to an earlier request would have arrived too.</summary>
    private static List<string> RepliedAddresses(RealServer setup, RawSocket wire)
    {
        foreach (var target in new[] { RealServer.Vip, RealServer.OtherVip, RealServer.Address })
            wire.Send(Frame.ArpRequest(setup.OutsideMac, RealServer.Router, target));
        static bool IsReply(byte[] f) => Frame.Type(f) == Frame.Arp && Frame.ReadArp(f).Operation == 2;
        return [.. wire.ReceiveUntil(static f => IsReply(f) && Frame.ReadArp(f).Sender == RealServer.Address)
            .Where(IsReply).Select(static f => Frame.ReadArp(f).Sender)];
    }

    /// <summary>Sends from the VIP to an unknown neighbour, as a reply to a client on the same network does, and
    /// returns the sender of the ARP request.</summary>
    private static string SenderInRequestFor(RealServer setup, RawSocket wire, string neighbour)
    {
        setup.Server.Try("ping", "-c", "1", "-W", "1", "-I", RealServer.Vip, neighbour);
        var frames = wire.ReceiveUntil(f => Frame.Type(f) == Frame.Arp
            && Frame.ReadArp(f) is { Operation: 1 } arp && arp.Target == neighbour);
        return Frame.ReadArp(frames[^1]).Sender;
    }
}
