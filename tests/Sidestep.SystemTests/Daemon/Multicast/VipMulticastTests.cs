namespace Sidestep.SystemTests.Daemon.Multicast;

/// <summary>A director receives neighbour solicitations for an IPv6 VIP, also while the daemon does not run.</summary>
[Collection(SerialTests.Name)]
public sealed class VipMulticastTests
{
    private const string MulticastMac = "33:33:ff:00:00:10";

    [Fact]
    public void The_multicast_MAC_outlives_the_daemon_and_is_removed_with_the_VIP()
    {
        using var segment = new Segment();
        var original = segment.File;
        segment.File =
            original with
            {
                Services = [.. original.Services,
            new UdpService("six", "\"2001:db8::10\"", EchoServer.Port)]
            };
        var daemon = segment.Start();
        Eventually.True(() => HasStaticEntry(segment), () => segment.Director.Ip("maddress show dev eth0"));
        Assert.Contains("eth0 " + MulticastMac, MulticastMacs(segment));

        daemon.Kill();
        Assert.True(HasStaticEntry(segment));

        // The VIP is removed while no daemon runs: the next daemon finds the obsolete address in the report.
        segment.Write(original);
        daemon = segment.Start();
        Assert.False(HasStaticEntry(segment));
        Assert.Empty(MulticastMacs(segment));

        segment.Apply(
            original with
            {
                Services = [.. original.Services,
            new UdpService("six", "\"2001:db8::10\"", EchoServer.Port)]
            });
        Eventually.True(() => HasStaticEntry(segment), () => daemon.CombinedOutput);
        Assert.Equal(0, daemon.Terminate());
        Assert.False(HasStaticEntry(segment));
    }

    [Fact]
    public void A_VIP_out_of_service_has_no_multicast_MAC()
    {
        using var segment = new Segment();
        segment.File =
            segment.File with
            {
                Services =
            [new UdpService("six", "\"2001:db8::10\"", EchoServer.Port, TrafficEnabled: false)]
            };
        segment.Start();
        Assert.False(HasStaticEntry(segment));
    }

    private static bool HasStaticEntry(Segment segment) => segment.Director.Ip("maddress show dev eth0").Split('\n')
        .Any(static l => l.Contains(MulticastMac, StringComparison.Ordinal)
        && l.Contains("static", StringComparison.Ordinal));

    private static string[] MulticastMacs(Segment segment) =>
        [.. segment.Status().GetProperty("daemon").GetProperty("multicastMacs").EnumerateArray()
        .Select(static e => e.GetString()!)];
}
