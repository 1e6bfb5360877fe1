namespace Sidestep.SystemTests.Agent;

/// <summary>Who answers ARP for the VIP, judged by the frames on the wire.</summary>
public sealed class ArpTests
{
    [Fact]
    public void AServerWithTheVipAnswersArpForItUntilTheAgentIsApplied()
    {
        using var setup = new RealServer();
        using var wire = Wire.Open(setup.Outside, "eth0");
        setup.Server.Ip($"address add {RealServer.Vip}/32 dev lo");
        Assert.Contains(RealServer.Vip, Answered(setup, wire));

        setup.Succeed($"apply --vip {RealServer.Vip} --vip {RealServer.OtherVip} --interface eth0");

        Assert.Equal([RealServer.Address], Answered(setup, wire));
    }

    [Fact]
    public void RequestsOfTheServerItselfNeverNameTheVip()
    {
        using var setup = new RealServer();
        using var wire = Wire.Open(setup.Outside, "eth0");
        setup.Server.Ip($"address add {RealServer.Vip}/32 dev lo");
        Assert.Equal(RealServer.Vip, NamedInRequestFor(setup, wire, "10.0.1.77"));

        setup.Succeed($"apply --vip {RealServer.Vip} --interface eth0");

        Assert.Equal(RealServer.Address, NamedInRequestFor(setup, wire, "10.0.1.78"));
    }

    [Fact]
    public void ConnectionsOfTheServerItselfNeverBeginWithTheVip()
    {
        using var setup = new RealServer();
        // Nothing but lo has an address that would do: an address of scope global would be chosen.
        setup.ApplyLayer3();
        setup.Server.Ip($"address del {RealServer.Address}/24 dev eth0");
        setup.Server.Ip($"route add {RealServer.Client} dev eth0");
        Assert.DoesNotContain(RealServer.Vip, setup.Server.Ip($"route get {RealServer.Client}"), StringComparison.Ordinal);
    }

    /// <summary>Which of the VIPs and the server's own address are answered for. The own address is asked last: once its
    /// answer is here, an answer to what was asked before it would be here, too.</summary>
    private static List<string> Answered(RealServer setup, Wire wire)
    {
        foreach (var target in new[] { RealServer.Vip, RealServer.OtherVip, RealServer.Address })
            wire.Send(Frame.ArpRequest(setup.OutsideMac, RealServer.Router, target));
        static bool IsReply(byte[] f) => Frame.Type(f) == Frame.Arp && Frame.ReadArp(f).Operation == 2;
        return [.. wire.Until(static f => IsReply(f) && Frame.ReadArp(f).Sender == RealServer.Address)
            .Where(IsReply).Select(static f => Frame.ReadArp(f).Sender)];
    }

    /// <summary>The server sends from the VIP to a neighbour that it does not know, as a reply to a client on the same network.</summary>
    private static string NamedInRequestFor(RealServer setup, Wire wire, string neighbour)
    {
        setup.Server.Try("ping", "-c", "1", "-W", "1", "-I", RealServer.Vip, neighbour);
        var frames = wire.Until(f => Frame.Type(f) == Frame.Arp && Frame.ReadArp(f) is { Operation: 1 } arp && arp.Target == neighbour);
        return Frame.ReadArp(frames[^1]).Sender;
    }
}
