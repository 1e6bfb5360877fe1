using Sidestep.Cli.Replay;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Cli;

/// <summary>Which MAC address of a capture is the director's.</summary>
public sealed class DirectorMacFinderTests : IDisposable
{
    private static readonly Configuration Configuration = ConfigurationReader.Read("""
        node:
          interfaces: [{ name: eth0 }]
        group:
          hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873
        pools:
          - { name: web, servers: [{ name: web1, address: 10.0.0.11 }] }
        virtualServices:
          - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web }
        """, null).Configuration!;

    private static readonly MacAddress Director = new(0x0200_0000_0001), Router = new(0x0200_0000_0002),
        Web1 = new(0x0200_0000_0011), Web2 = new(0x0200_0000_0012), Broadcast = new(0xffff_ffff_ffff);

    private readonly DirectorMacFinder _finder = new(
        TableCompiler.Compile(Configuration, SyntheticTopology.For(Configuration, null, 1500),
            now: DateTimeOffset.UnixEpoch));

    public void Dispose() => _finder.Dispose();

    [Fact]
    public void Nothing_is_found_without_a_frame_for_a_VIP()
    {
        Assert.Null(_finder.Found);
        Observe(Director, Router, "203.0.113.11");
        Observe(Broadcast, Router);
        Assert.Null(_finder.Found);
    }

    [Fact]
    public void Receiver_of_a_single_frame_is_the_director()
    {
        Observe(Director, Router);
        Assert.Equal(Director, _finder.Found);
    }

    [Fact]
    public void Router_that_only_sends_is_never_the_director()
    {
        foreach (var server in new[] { Director, Web1, Web2 })
            Observe(server, Router);
        Observe(Director, Router);
        Assert.Equal(Director, _finder.Found);
    }

    [Fact]
    public void Director_that_forwards_at_layer_2_has_more_frames_than_each_server()
    {
        for (var i = 0; i < 3; i++)
        {
            Observe(Web1, Director);
            Observe(Web2, Director);
        }
        Assert.NotEqual(Director, _finder.Found);
        Observe(Director, Router);
        Assert.Equal(Director, _finder.Found);
    }

    [Theory]
    [InlineData(999, false)]
    [InlineData(1000, true)]
    public void A_thousand_frames_for_VIPs_are_enough(int frames, bool hasEnough)
    {
        for (var i = 0; i < frames; i++)
            Observe(Director, Router);
        Observe(Director, Router, "203.0.113.11");
        Assert.Equal(hasEnough, _finder.HasEnough);
    }

    private void Observe(MacAddress to, MacAddress from, string vip = "203.0.113.10")
    {
        var frame = PacketSpec.ToFrame(["tcp", "198.51.100.7:40000", $"{vip}:80"], to);
        from.Write(frame.AsSpan(6));
        _finder.Observe(frame, 1);
    }
}
