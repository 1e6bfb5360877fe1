using Sidestep.SystemTests.Agent;

namespace Sidestep.SystemTests.Director;

/// <summary>IP-in-IP to servers behind a router.</summary>
public sealed class Layer3Tests
{
    [Fact]
    public void ServersBehindARouterAnswerTheClientDirectly()
    {
        using var routed = new RoutedSegment();
        using var atDirector = Wire.Open(routed.Segment.Director, "eth0");
        using var atRouter = Wire.Open(routed.First, "eth0");
        routed.Segment.Start();
        using var traffic = routed.Segment.Send();
        traffic.UntilAllAnswered();
        traffic.Pass(200);
        var exchanges = traffic.Stop();
        NoLoss.Among([.. exchanges.Skip(100)]);
        Assert.Equal(new byte[] { 1, 2 }, NoLoss.ServerOf(exchanges).Values.Distinct().Order());

        var outer = atRouter.Until(static f => Frame.Type(f) == Frame.Ip && Frame.ReadIPv4(f).Protocol == Frame.IpInIp)[^1];
        Assert.Equal(Segment.DirectorAddress, Frame.ReadIPv4(outer).Source);
        Assert.StartsWith("10.9.1.", Frame.ReadIPv4(outer).Destination, StringComparison.Ordinal);
        // The inner datagram is the client's own.
        Assert.Equal((Frame.Udp, Segment.Vip), (outer[14 + 20 + 9], new System.Net.IPAddress(outer.AsSpan(14 + 20 + 16, 4)).ToString()));
        Assert.Equal(0, Frame.Checksum(outer.AsSpan(14, 20)));

        // Everything that reached the director, up to a frame sent last; an AF_PACKET socket sees what XDP let pass.
        routed.Segment.Client.Run("ping", "-c", "1", "-W", "2", Segment.DirectorAddress);
        var seen = atDirector.Until(static f => Frame.Type(f) == Frame.Ip && Frame.ReadIPv4(f) is { Protocol: 1, Destination: Segment.ClientAddress });
        Assert.DoesNotContain(seen, static f => Frame.Type(f) == Frame.Ip && Frame.ReadIPv4(f).Source == Segment.Vip);
    }

    [Fact]
    public void AtLayer2AServerBehindARouterTakesNoTraffic()
    {
        using var routed = new RoutedSegment(servers: 1);
        var daemon = routed.Segment.Start();
        Assert.Equal(0, daemon.End());
        routed.Segment.Write(routed.Segment.File with { Dsr = "dsrType: l2" });
        using var refused = routed.Segment.Launch();
        Assert.Equal(1, refused.Exit());
        Assert.Contains("10.9.1.11", refused.Said, StringComparison.Ordinal);
    }
}
